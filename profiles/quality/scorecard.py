"""The scorecard of a source: its rules measured and kept, one number over all, and what is broken now.

Goes out: rows of `QualityMeasure`. The number over all weighs rules alike by dimension, so that five rules about
references do not outvote one about time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from iaros.lib import clock
from profiles.models import Dimension, QualityMeasure, Source
from profiles.quality.rules import RULES, Rule
from profiles.sources.catalogue import CONNECTORS

OVERALL = "overall"
KEPT_DAYS = 400
# Volume and time say how the feed arrives, not how true it is.
_TRUTH = (Dimension.VALIDITY, Dimension.COMPLETENESS, Dimension.DUPLICATES, Dimension.REFERENCES)


@dataclass(frozen=True)
class Broken:
    """A rule that a source does not keep."""

    source: str
    rule: str
    title: str
    value: float
    said: str


def measure(
    *, sources: Iterable[str] = (), nightly: bool = True, at: datetime | None = None, run_id: UUID | None = None
) -> int:
    """Measure the rules of these sources (all, without a name) and keep what was found; returns the measures.

    What was measured after a run goes with it when it is taken back.
    """
    now = at or clock.now()
    named = set(sources)
    known = {s.id: s.name for s in Source.objects.all() if s.name in CONNECTORS and (not named or s.name in named)}
    rows = [row for rule in RULES if nightly or not rule.nightly for row in _measured(rule, known, now)]
    for row in rows:
        row.run_id = run_id
    QualityMeasure.objects.bulk_create(rows)
    if nightly:
        rows += _overall(known, now)
    return len(rows)


def _measured(rule: Rule, known: Mapping[int, str], now: datetime) -> list[QualityMeasure]:
    return [
        QualityMeasure(
            source_id=found.source_id,
            rule=rule.name,
            dimension=rule.dimension,
            checked=found.checked,
            failed=found.failed,
            value=found.value,
            kept=found.failed <= rule.may_fail * found.checked,
            said=found.said,
            measured_at=now,
        )
        for found in rule.measure(known, now)
    ]


def _overall(known: Mapping[int, str], now: datetime) -> list[QualityMeasure]:
    """One number a source: the mean of its dimensions, each the mean of its rules as last measured."""
    by_source: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in latest():
        if row.source_id in known and row.dimension in _TRUTH:
            by_source[row.source_id][row.dimension].append(row.value)
    rows = [
        QualityMeasure(
            source_id=source_id,
            rule=OVERALL,
            dimension=Dimension.OVERALL,
            checked=len(dimensions),
            failed=0,
            value=sum(sum(v) / len(v) for v in dimensions.values()) / len(dimensions),
            kept=True,
            measured_at=now,
        )
        for source_id, dimensions in by_source.items()
    ]
    return QualityMeasure.objects.bulk_create(rows)


def latest(source: str = "") -> list[QualityMeasure]:
    """The last measure of each rule, of one source or of all."""
    rows = QualityMeasure.objects.order_by("source_id", "rule", "-measured_at", "-id").distinct("source_id", "rule")
    if source:
        rows = rows.filter(source_id__in=list(Source.objects.filter(name=source).values_list("id", flat=True)))
    return list(rows)


def broken() -> list[Broken]:
    """What is not as it should be, worst first: for alerts."""
    names, titles = dict(Source.objects.values_list("id", "name")), {rule.name: rule.title for rule in RULES}
    found = [
        Broken(names.get(row.source_id, ""), row.rule, titles.get(row.rule, row.rule), row.value, row.said)
        for row in latest()
        if not row.kept
    ]
    return sorted(found, key=lambda each: (each.value, each.source, each.rule))


def reliability() -> dict[str, float]:
    """How far each source is to be believed, 0 to 1: the number over all, as last measured."""
    names = dict(Source.objects.values_list("id", "name"))
    return {names[row.source_id]: row.value for row in latest() if row.rule == OVERALL and row.source_id in names}


def trend(source: str, days: int = 30) -> dict[str, list[tuple[datetime, float]]]:
    """Each rule's values over the last days, oldest first."""
    ids = list(Source.objects.filter(name=source).values_list("id", flat=True))
    rows = QualityMeasure.objects.filter(source_id__in=ids, measured_at__gte=clock.now() - timedelta(days=days))
    found: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for rule, at, value in rows.order_by("measured_at", "id").values_list("rule", "measured_at", "value"):
        found[rule].append((at, value))
    return dict(found)


def forget_old() -> int:
    return QualityMeasure.objects.filter(measured_at__lt=clock.now() - timedelta(days=KEPT_DAYS)).delete()[0]
