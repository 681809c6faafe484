"""A file's run: begun, advanced with every batch, finished; a run whose process died is called interrupted."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min
from django.utils import timezone

from iaros.lib import clock
from profiles.models import IngestRun, RunState, Source
from profiles.shapes import Counts, Feed
from profiles.sources.contract import Connector

WAITING = "waiting"  # the name under which mentions that waited are linked
PROBABLE = "probable"  # the name under which customers are joined whom no certain key joins
SILENT_FOR = timedelta(minutes=10)


def begin(connector: Connector, file_name: str, job_id: UUID | None = None) -> Feed:
    """Open a run for the file; earlier runs that went silent are marked as interrupted.

    The run's beginning is when all it brings counts as received: by that moment it is told from other runs.
    """
    silent = IngestRun.objects.filter(state=RunState.RUNNING, heartbeat_at__lt=timezone.now() - SILENT_FOR)
    silent.update(state=RunState.INTERRUPTED, problem="Its process went silent; run it again, nothing is taken twice.")
    run = IngestRun.objects.create(
        source_id=source_id(connector), file_name=file_name[:255], started_at=clock.now(), job_id=job_id
    )
    return Feed(connector, run.source_id, run.id, run.started_at)


def source_id(connector: Connector) -> int:
    """The number of the connector's source, given at its first file."""
    source, _ = Source.objects.get_or_create(name=connector.name)
    return int(source.id)


def begin_act(name: str, said: str) -> IngestRun:
    """Open a run for what is no file: an act of the platform that can be taken back like one."""
    source, _ = Source.objects.get_or_create(name=name)
    return IngestRun.objects.create(source_id=source.id, file_name=said[:255], started_at=clock.now())


def finish_act(run: IngestRun, updated: int) -> None:
    now = timezone.now()
    run.state, run.read, run.updated, run.finished_at = RunState.DONE, updated, updated, now
    run.seconds = (now - run.started_at).total_seconds()
    run.save(update_fields=["state", "read", "updated", "finished_at", "seconds"])


def forget_act(run: IngestRun) -> None:
    """Take back that an act was begun: nothing came of it."""
    run.delete()


def interrupted_since(name: str) -> datetime | None:
    """When the oldest of an act's runs that never ended began, None where all did; they count as ended now.

    The caller knows that none of them is alive.
    """
    unfinished = IngestRun.objects.filter(source_id__in=Source.objects.filter(name=name).values("id"), finished_at=None)
    oldest: datetime | None = unfinished.aggregate(began=Min("started_at"))["began"]
    unfinished.update(
        state=RunState.INTERRUPTED, finished_at=timezone.now(), problem="Its process ended; the next one goes on."
    )
    return oldest


def advance(feed: Feed, counts: Counts, seconds: float) -> None:
    _update(feed, counts, seconds, heartbeat_at=timezone.now())


def note_header(feed: Feed, header: bytes | None) -> None:
    """Keep the line that names the columns: without it a row that waits could not be read again."""
    if header is not None:
        IngestRun.objects.filter(id=feed.run_id).update(header=header.decode("utf-8", "replace")[:20_000])


def finish(feed: Feed, counts: Counts, seconds: float) -> None:
    _update(feed, counts, seconds, state=RunState.DONE, finished_at=timezone.now())


def refuse(feed: Feed, counts: Counts, seconds: float, problem: str) -> None:
    _update(feed, counts, seconds, state=RunState.REFUSED, finished_at=timezone.now(), problem=problem[:2000])


def cancel(feed: Feed, counts: Counts, seconds: float) -> None:
    _update(
        feed,
        counts,
        seconds,
        state=RunState.CANCELLED,
        finished_at=timezone.now(),
        problem="Somebody asked it to stop; run it again, nothing is taken twice.",
    )


def fail(feed: Feed, counts: Counts, seconds: float, problem: str) -> None:
    _update(feed, counts, seconds, state=RunState.FAILED, finished_at=timezone.now(), problem=problem[:2000])


def _update(feed: Feed, counts: Counts, seconds: float, **fields: object) -> None:
    IngestRun.objects.filter(id=feed.run_id).update(
        read=counts.read,
        new=counts.new,
        updated=counts.updated,
        unchanged=counts.unchanged,
        quarantined=counts.quarantined,
        seconds=seconds,
        **fields,
    )
