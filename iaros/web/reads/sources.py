"""Feeds and their runs as the pages show them: when each last came, how much, and what was rejected."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Min, Sum, TextField
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from iaros.web.formats import words
from profiles import difference
from profiles.ingest import mending
from profiles.models import Delivery, DeliveryState, IngestRun, QuarantinedRow, RunState, Source
from profiles.quality import scorecard
from profiles.quality.rules import RULES
from profiles.selectors import overtaken
from profiles.sources.catalogue import CONNECTORS

DAYS = 14
WATCH_REJECTED = 0.03
TONES = {
    RunState.RUNNING: "accent",
    RunState.DONE: "ok",
    RunState.REFUSED: "warn",
    RunState.FAILED: "bad",
    RunState.INTERRUPTED: "warn",
    RunState.CANCELLED: "warn",
    RunState.ROLLED_BACK: "outline",
}
PAGE = 50


@dataclass(frozen=True)
class SourceLine:
    """One feed: its last run, its last two weeks, and in one word how it is."""

    name: str
    title: str
    family: str
    format: str
    expected: timedelta
    last: IngestRun | None
    daily: list[int]
    rows: int
    rejected: int
    waiting: int
    trust: float | None = None
    broken: int = 0

    @property
    def rejected_rate(self) -> float | None:
        return self.rejected / self.rows if self.rows else None

    @property
    def state(self) -> tuple[str, str]:
        """Word and tone: "Not loaded" is not an error, a failed last run is."""
        if self.last is None:
            return "Not loaded", "outline"
        if self.last.state in (RunState.FAILED, RunState.REFUSED, RunState.INTERRUPTED):
            return self.last.get_state_display(), "bad"
        if self.last.state == RunState.RUNNING:
            return "Loading", "accent"
        if timezone.now() - self.last.started_at > self.expected:
            return "Late", "warn"
        if self.rejected_rate is not None and self.rejected_rate > WATCH_REJECTED:
            return "Watch", "warn"
        return "Loaded", "ok"


_ORDER = {"bad": 0, "warn": 1, "accent": 2, "ok": 3, "outline": 4}


def source_lines(today: date | None = None) -> list[SourceLine]:
    """Every feed of the catalogue, worst first, in six queries."""
    today = today or timezone.localdate()
    ids = dict(Source.objects.values_list("name", "id"))
    newest = {
        run.source_id: run
        for run in IngestRun.objects.order_by("source_id", "-started_at", "-id").distinct("source_id")
    }
    daily = _daily(today)
    measured = scorecard.latest()
    trust = {row.source_id: row.value for row in measured if row.rule == scorecard.OVERALL}
    broken = Counter(row.source_id for row in measured if not row.kept)
    waiting = dict(QuarantinedRow.objects.values_list("source_id").annotate(n=Count("id")).order_by())
    too_late = overtaken([run.id for run in newest.values()])
    lines = []
    for name, connector in CONNECTORS.items():
        source_id = ids.get(name, 0)
        last, per_day = newest.get(source_id), daily.get(source_id, {})
        lines.append(
            SourceLine(
                name=name,
                title=connector.title,
                family=connector.family.value,
                format=connector.format,
                expected=timedelta(hours=connector.freshness_hours),
                last=last,
                daily=[per_day.get(today - timedelta(days=DAYS - 1 - i), 0) for i in range(DAYS)],
                rows=last.read if last else 0,
                rejected=last.quarantined - too_late.get(last.id, 0) if last else 0,
                waiting=waiting.get(source_id, 0),
                trust=trust.get(source_id),
                broken=broken[source_id],
            )
        )
    return sorted(lines, key=lambda line: (_ORDER[line.state[1]], line.title))


def _daily(today: date) -> dict[int, dict[date, int]]:
    since = today - timedelta(days=DAYS)
    rows = (
        IngestRun.objects.filter(started_at__date__gte=since)
        .annotate(on=TruncDate("started_at"))
        .values_list("source_id", "on")
        .annotate(n=Sum("read"))
        .order_by()
    )
    found: dict[int, dict[date, int]] = defaultdict(dict)
    for source_id, on, count in rows:
        found[source_id][on] = count
    return found


@dataclass(frozen=True)
class RunLine:
    run: IngestRun
    source: str
    title: str
    tone: str

    @property
    def per_second(self) -> float | None:
        return self.run.read / self.run.seconds if self.run.seconds else None


def _run_line(run: IngestRun, names: dict[int, str]) -> RunLine:
    name = names.get(run.source_id, "")
    title = CONNECTORS[name].title if name in CONNECTORS else words(name)
    return RunLine(run, name, title, TONES[RunState(run.state)])


def _names() -> dict[int, str]:
    return dict(Source.objects.values_list("id", "name"))


def runs(source: str = "", limit: int | None = PAGE) -> list[RunLine]:
    """Newest first."""
    names = _names()
    found = IngestRun.objects.order_by("-started_at", "-id")
    if source:
        found = found.filter(source_id__in=[key for key, name in names.items() if name == source])
    return [_run_line(run, names) for run in found[:limit]]


def get_run(run_id: UUID) -> RunLine | None:
    run = IngestRun.objects.filter(id=run_id).first()
    return _run_line(run, _names()) if run else None


def quarantined(run_id: UUID, limit: int | None = PAGE, after: int = 0) -> list[QuarantinedRow]:
    """Rows of the run that wait to be repaired, without their sealed content."""
    return list(
        QuarantinedRow.objects.filter(last_seen_run_id=run_id, row__gt=after)
        .defer("cipher")
        .order_by("row", "id")[:limit]
    )


def reasons(run_id: UUID) -> list[tuple[str, str, int]]:
    """Why rows were held, the most frequent first."""
    return list(
        QuarantinedRow.objects.filter(last_seen_run_id=run_id)
        .values_list("field", "reason")
        .annotate(n=Count("id"))
        .order_by("-n", "field")[:8]
    )


def as_of() -> datetime | None:
    return IngestRun.objects.order_by("-started_at").values_list("started_at", flat=True).first()


@dataclass(frozen=True)
class RuleLine:
    """A rule of a source as last measured, and its values of a month."""

    title: str
    dimension: str
    value: float
    kept: bool
    checked: int
    failed: int
    said: str
    measured_at: datetime
    trend: list[float]


def rule_lines(source: str) -> list[RuleLine]:
    """Broken ones first, then by dimension."""
    titles, trends = {rule.name: rule.title for rule in RULES}, scorecard.trend(source)
    lines = [
        RuleLine(
            titles.get(row.rule, "Over all rules"),
            row.get_dimension_display(),
            row.value,
            row.kept,
            row.checked,
            row.failed,
            row.said,
            row.measured_at,
            [value for _, value in trends.get(row.rule, [])],
        )
        for row in scorecard.latest(source)
    ]
    return sorted(lines, key=lambda line: (line.kept, line.dimension != "Overall", line.dimension, line.title))


@dataclass(frozen=True)
class WaitingGroup:
    """Rows of a source that wait for the same reason."""

    field: str
    reason: str
    expected: str
    rows: int
    example: UUID


def waiting_groups(source: str) -> list[WaitingGroup]:
    """The most frequent reasons for which rows of the source wait, each with a row to look at."""
    found = (
        QuarantinedRow.objects.filter(source_id__in=[key for key, name in _names().items() if name == source])
        .values_list("field", "reason")
        .annotate(n=Count("id"), one=Min(Cast("id", TextField())), wanted=Min("expected"))
        .order_by("-n", "field", "reason")[:PAGE]
    )
    return [WaitingGroup(field, reason, wanted, count, UUID(one)) for field, reason, count, one, wanted in found]


@dataclass(frozen=True)
class OpenedRow:
    """A waiting row with its raw text, and what is wrong with that."""

    row: QuarantinedRow
    source: str
    title: str
    text: str
    header: str


def opened_row(row_id: UUID) -> OpenedRow | None:
    row = QuarantinedRow.objects.filter(id=row_id).first()
    opened = mending.open_rows([row]) if row else []
    if row is None or not opened:
        return None
    [waiting] = opened
    header = waiting.header.decode("utf-8", "replace") if waiting.header else ""
    return OpenedRow(
        row, waiting.connector.name, waiting.connector.title, waiting.raw.decode("utf-8", "replace"), header
    )


def get_row(row_id: UUID) -> QuarantinedRow | None:
    return QuarantinedRow.objects.filter(id=row_id).defer("cipher").first()


def name_of(source_id: int) -> str:
    return _names().get(source_id, "")


def difference_of(run: IngestRun) -> dict[str, Any] | None:
    """What the run changed, masked; None where nothing of it is kept any more."""
    if run.state == RunState.ROLLED_BACK or not difference.is_kept(run.id):
        return None
    return difference.of_run(run.id)


def tried(job_id: UUID) -> Delivery | None:
    """The file that a job tried and that may still be taken in."""
    return Delivery.objects.filter(job_id=job_id, state=DeliveryState.TRIED).first()
