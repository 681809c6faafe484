"""When a membership changes by the clock alone: a window of days runs out, a limit of days is passed.

Each rule is read for its edges: events of these kinds matter when they become so many days old. Of those edges follows
who is due between two moments, without a row for everybody's future.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max

from segmentation.features import catalogue
from segmentation.features.grammar import LIFETIME, Feature, Measure
from segmentation.models import BoundaryPass, SegmentStatus, SegmentVersion
from segmentation.segments import rules
from segmentation.segments.nodes import Condition, Group, Happened, HasBeen, Of, Sequence, leaves

LOOK_BACK = timedelta(days=1)
# What is measured in days since an event passes a limit when the event is that old.
_AGED = (Measure.RECENCY_DAYS, Measure.FIRST_DAYS)
_DUE_SQL = """
SELECT e.customer_id FROM profiles_event e
WHERE e.kind = ANY(%(kinds_{n})s::smallint[]) AND e.customer_id IS NOT NULL
  AND e.occurred_at >= %(after_{n})s AND e.occurred_at <= %(before_{n})s
"""
_STAYED_SQL = """
SELECT t.customer_id FROM segmentation_transition t
JOIN segmentation_segment s ON s.id = t.segment_id
WHERE s.slug = %(slug_{n})s AND t.at >= %(after_{n})s AND t.at <= %(before_{n})s
"""

Edges = dict[float, set[int]]


def edges(rule: Group) -> tuple[Edges, set[tuple[str, int]]]:
    """Ages in days at which events matter, with their kinds; and the stays (segment, days) that matter."""
    aged: Edges = defaultdict(set)
    stays: set[tuple[str, int]] = set()
    for leaf in leaves(rule):
        if isinstance(leaf, Condition) and leaf.of is Of.FEATURE:
            for days in _ages(leaf, catalogue.get(leaf.name)):
                aged[days] |= _kinds(catalogue.get(leaf.name))
        elif isinstance(leaf, Happened) and leaf.within_days:
            aged[leaf.within_days].add(int(leaf.step.kind))
        elif isinstance(leaf, Sequence) and leaf.within_days:
            aged[leaf.within_days] |= {int(step.kind) for step in leaf.steps}
        elif isinstance(leaf, HasBeen):
            stays.add((leaf.slug, leaf.for_days or leaf.within_days or 0))
    return aged, stays


def _ages(one: Condition, feature: Feature) -> set[float]:
    if feature.events is None:
        return set()
    if feature.measure in _AGED:
        limits = one.value if isinstance(one.value, tuple) else (one.value,)
        return {limit for limit in limits if isinstance(limit, float) and limit >= 0}
    return {float(feature.window)} if feature.window != LIFETIME else set()


def _kinds(feature: Feature) -> set[int]:
    parts = (feature.events, feature.part)
    return {int(kind) for part in parts if part is not None for kind in part.kinds}


def due(until: datetime) -> list[UUID]:
    """Customers for whom some published rule may answer otherwise at `until` than when boundaries were passed last."""
    since = BoundaryPass.objects.aggregate(last=Max("until"))["last"] or until - LOOK_BACK
    aged, stays = _all_edges(_published())
    parts, params = [], dict[str, Any]()
    for n, (days, kinds) in enumerate(sorted(aged.items())):
        parts.append(_DUE_SQL.format(n=n))
        age = timedelta(days=days)
        params |= {f"kinds_{n}": sorted(kinds), f"after_{n}": since - age, f"before_{n}": until - age}
    for n, (slug, days) in enumerate(sorted(stays), start=len(parts)):
        parts.append(_STAYED_SQL.format(n=n))
        age = timedelta(days=days)
        params |= {f"slug_{n}": slug, f"after_{n}": since - age, f"before_{n}": until - age}
    if not parts or until <= since:
        return []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT x.customer_id FROM ({' UNION ALL '.join(parts)}) x ORDER BY 1", params)
        return [row[0] for row in cursor.fetchall()]


def passed(until: datetime) -> None:
    """Remember that everybody due up to then was looked at."""
    BoundaryPass.objects.update_or_create(id=1, defaults={"until": until})


def _published() -> Iterable[Group]:
    newest = (
        SegmentVersion.objects.filter(segment__status=SegmentStatus.PUBLISHED)
        .order_by("segment_id", "-number")
        .distinct("segment_id")
    )
    told = (rules.readable(raw) for raw in newest.values_list("rule", flat=True))
    return [rule for rule in told if rule is not None]


def _all_edges(published: Iterable[Group]) -> tuple[Edges, set[tuple[str, int]]]:
    aged: Edges = defaultdict(set)
    stays: set[tuple[str, int]] = set()
    for rule in published:
        mine, named = edges(rule)
        stays |= named
        for days, kinds in mine.items():
            aged[days] |= kinds
    return aged, stays
