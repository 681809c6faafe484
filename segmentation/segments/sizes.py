"""How segments grew: the size at the end of each day, reckoned back from the last count by who entered and left.

Moves after the count are left out, for the size does not know of them yet. So what a count gives never changes, and of
all segments together it is kept until the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

import orjson
from django.core.cache import cache
from django.utils import timezone

from segmentation.models import MembershipRun, Segment
from segmentation.segments import moves, reach
from segmentation.segments.moves import Days

_KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class DayCount:
    """The size of a segment at the end of a day, and who came and went on it."""

    day: date
    size: int
    entered: int
    left: int


def over_time(segment: Segment, days: int = 90) -> list[DayCount]:
    """Of one segment; the oldest day first."""
    counted_at = segment.counted_at or reach.moment()
    found = moves.by_day(_since(counted_at, days), counted_at, segment.id)
    return reckoned(segment, found.get(segment.id, {}), days)


def moves_of_all(days: int = 30) -> Mapping[UUID, Days]:
    """By segment: who entered and left on each of the days up to the last count."""
    run = MembershipRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    if run is None:
        return {}
    key = f"segments:moves:{run.id}:{days}"
    kept = cache.get(key)
    if kept is None:
        found = moves.by_day(_since(run.as_of, days), run.as_of)
        kept = orjson.dumps([[str(of), day, *counts] for of, by in found.items() for day, counts in by.items()])
        cache.set(key, kept.decode(), _KEPT_SECONDS)
    told: dict[UUID, dict[date, tuple[int, int]]] = {}
    for of, day, entered, left in orjson.loads(kept):
        told.setdefault(UUID(of), {})[date.fromisoformat(day)] = (entered, left)
    return told


def reckoned(segment: Segment, by_day: Days, days: int) -> list[DayCount]:
    """From the size as counted, back over `days` days by these moves; the oldest first."""
    until = timezone.localtime(segment.counted_at or reach.moment()).date()
    found, size = [], int(segment.size)
    for day in (until - timedelta(days=n) for n in range(days)):
        entered, left = by_day.get(day, (0, 0))
        found.append(DayCount(day, size, entered, left))
        size -= entered - left
    return found[::-1]


def _since(until: datetime, days: int) -> datetime:
    first = timezone.localtime(until).date() - timedelta(days=days - 1)
    return timezone.make_aware(datetime.combine(first, time.min))
