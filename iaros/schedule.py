"""Every periodic task of the platform, one table. `sync` makes the scheduler's rows equal to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction


@dataclass(frozen=True)
class Every:
    """A task and when: every so many seconds, or at an hour and minute of the airline's day (of one `weekday` only)."""

    task: str
    why: str
    seconds: int = 0
    hour: int | None = None
    minute: int = 0
    weekday: str = "*"  # 0 is Sunday


SCHEDULE = (
    Every("iaros.sweep_outbox", "rings again for doorbells nobody answered", seconds=60),
    Every("iaros.reap_jobs", "marks jobs whose worker went silent as lost", seconds=60),
    Every("profiles.look_into_inbox", "takes in the files that lie in the inbox", seconds=60),
    Every("profiles.pull_due", "fetches the files that are due", seconds=60),
    Every("profiles.measure_quality", "measures the rules of every source", hour=1, minute=45),
    Every("iaros.nightly_refresh", "identity to analytics, once a night", hour=2, minute=30),
    Every("iaros.forget_idempotency_keys", "answers are repeated for a day", seconds=3600),
    Every("iaros.forget_answered_doorbells", "answered doorbells go after a week", hour=4),
    Every("segmentation.keep_tiles", "folds yesterday of the busiest customers", hour=4, minute=40),
    Every("segmentation.nightly_parity", "do stored features equal recomputed ones?", hour=5),
    Every("segmentation.weekly_clusters", "finds behavioural groups again", hour=1, minute=15, weekday="0"),
    Every("segmentation.pass_boundaries", "lets members go whose windows ran out", seconds=3600),
    Every("iaros.pack_indexes", "builds indexes anew whose pages stand half empty", hour=3, minute=45, weekday="0"),
    Every("profiles.enforce_retention", "events end with the retention ceiling", hour=4, minute=20),
)


@transaction.atomic
def sync() -> int:
    """Make django-celery-beat's rows equal to SCHEDULE; rows of ours that are gone from it are deleted."""
    from django_celery_beat.models import PeriodicTask

    wanted = {entry.task for entry in SCHEDULE}
    PeriodicTask.objects.exclude(name__in=wanted).exclude(name="celery.backend_cleanup").delete()
    for entry in SCHEDULE:
        fields: dict[str, Any] = {"task": entry.task, "description": entry.why, "enabled": True, **_when(entry)}
        PeriodicTask.objects.update_or_create(name=entry.task, defaults=fields)
    return len(SCHEDULE)


def _when(entry: Every) -> dict[str, Any]:
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    if entry.hour is None:
        interval, _ = IntervalSchedule.objects.get_or_create(every=entry.seconds, period=IntervalSchedule.SECONDS)
        return {"interval": interval, "crontab": None}
    crontab, _ = CrontabSchedule.objects.get_or_create(
        minute=str(entry.minute),
        hour=str(entry.hour),
        day_of_week=entry.weekday,
        timezone=settings.AIRLINE_TIME_ZONE,
    )
    return {"crontab": crontab, "interval": None}
