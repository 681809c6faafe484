"""The home page in one answer: what needs a look, the figures, and what moved.

Reads what `analytics.pipeline.refresh` measured; what was never measured is asked now. Every part carries its as-of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings

from analytics import churn, health, measured, pricing, sales, segment_moves
from analytics.churn import ChurnRisk
from analytics.health import Agreement, Check
from analytics.people import ask, data_as_of
from analytics.pricing import FareGap
from analytics.sales import Sales, SalesWeek
from analytics.segment_moves import SegmentMove
from iaros.lib import clock, sql
from iaros.lib.models import Job, JobState
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from profiles.selectors import overtaken

# Jobs that run the whole refresh; their result holds the report of each stage.
REFRESH_JOBS = ("refresh", "load_demo")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Reach:
    as_of: datetime
    profiles: int
    by_email: int

    @property
    def email_share(self) -> float:
        return self.by_email / self.profiles if self.profiles else 0.0


@dataclass(frozen=True)
class FareGaps:
    as_of: datetime
    gaps: list[FareGap]


@dataclass(frozen=True)
class Tile:
    """One figure. `value` None is "not measured"; `delta` is a share unless `unit` is "count"; `series` ascends."""

    name: str
    title: str
    value: float | None
    unit: str
    delta: float | None
    delta_text: str
    as_of: datetime
    series: list[tuple[date, float]] = field(default_factory=list)


@dataclass(frozen=True)
class PipelineStage:
    stage: str
    profiles: int
    per_second: float
    seconds: float


@dataclass(frozen=True)
class HomeDashboard:
    """`as_of` is the data's last moment: windows end there, not at the clock."""

    as_of: datetime
    window_days: int
    currency: str
    checks: list[Check]
    tiles: list[Tile]
    revenue_weeks: list[SalesWeek]
    segments: list[SegmentMove]
    pipeline: list[PipelineStage]
    pipeline_at: datetime | None
    fare_gaps: list[FareGap]
    fare_gaps_as_of: datetime

    @property
    def alerts(self) -> list[Check]:
        """The checks that want somebody to act, the failing ones first."""
        order = {health.FAILING: 0, health.WARNING: 1}
        return sorted((c for c in self.checks if c.state in order), key=lambda check: order[check.state])


class PurposeNotServed(Exception):
    """The home page shows analytics; it is not given for another purpose."""


def home(purpose: Purpose | str = Purpose.ANALYTICS, window_days: int = 30) -> HomeDashboard:
    """The home page over the last `window_days` of the data. Raises PurposeNotServed for any purpose but analytics."""
    if Purpose(purpose) != Purpose.ANALYTICS:
        raise PurposeNotServed(f"The home page is for {Purpose.ANALYTICS.label.lower()}.")
    moment = data_as_of()
    booked = measured.newest("sales", Sales) or sales.sales(moment)
    gaps = measured.newest("fare_gaps", FareGaps) or FareGaps(moment, pricing.fare_gaps(moment))
    stages, pipeline_at = pipeline_today()
    return HomeDashboard(
        as_of=moment,
        window_days=window_days,
        currency=settings.BASE_CURRENCY,
        checks=health.checks(measured.newest("agreement", Agreement)),
        tiles=_tiles(booked, window_days, moment),
        revenue_weeks=booked.weeks,
        segments=sorted(segment_moves.segment_moves(moment), key=lambda s: (-abs(s.moved), s.name))[:5],
        pipeline=stages,
        pipeline_at=pipeline_at,
        fare_gaps=gaps.gaps,
        fare_gaps_as_of=gaps.as_of,
    )


def _tiles(booked: Sales, days: int, moment: datetime) -> list[Tile]:
    reached = measured.newest("reach", Reach) or reach(moment)
    risk = measured.newest("churn_risk", ChurnRisk) or churn.churn_risk(moment)
    return [
        _counted("profiles", "Unified profiles", reached.profiles, "count", reached.as_of),
        _counted("email_share", "E-mail marketing consent", reached.email_share, "share", reached.as_of),
        _sold("revenue", f"Revenue, {days} days", "revenue_minor", "money_minor", booked, days),
        _counted("value_at_risk", "Revenue at churn risk", risk.value_at_risk, "money", risk.as_of),
        _sold("bookings", f"Bookings, {days} days", "bookings", "count", booked, days),
        _jobs_failing(),
    ]


def _counted(name: str, title: str, value: float | None, unit: str, as_of: datetime) -> Tile:
    """A figure that is only known on the days it was measured; the change is against the oldest of thirty."""
    series = measured.line(name)
    delta = None if value is None or len(series) < 2 else value - series[0][1]
    text = f"since {series[0][0]:%-d %b}" if delta is not None else "first measurement"
    if value is None:
        text = "no champion"
    return Tile(name, title, value, unit, delta, text, as_of, series)


def _sold(name: str, title: str, of: str, unit: str, booked: Sales, days: int) -> Tile:
    change = booked.change(days, of)
    text = "on last year" if change is not None else "no last year to compare with"
    first = clock.airline_day(booked.as_of) - timedelta(days=days)
    series = [(each.day, float(getattr(each, of))) for each in booked.days if each.day > first]
    return Tile(name, title, float(getattr(booked.total(days), of)), unit, change, text, booked.as_of, series)


def _jobs_failing() -> Tile:
    """Jobs of the last day by the clock: operations do not wait for the data."""
    now = clock.now()
    recent = Job.objects.filter(created_at__gt=now - DAY)
    failing = recent.filter(state__in=[JobState.FAILED, JobState.LOST]).count()
    text = f"of {recent.count()} in 24 hours"
    return Tile("jobs_failing", "Jobs failing", float(failing), "count", None, text, now, measured.line("jobs_failing"))


def reach(as_of: datetime) -> Reach:
    """How many people we know, and how many of them may be sent marketing e-mails."""
    gate, params = consent.gate(Purpose.MARKETING, Channel.EMAIL, customer="e.id")
    row = ask("reach.sql", person="e.id", email_gate=gate, **params)[0]
    return Reach(as_of, row["profiles"], row["by_email"])


_INGEST_SQL = """
SELECT coalesce(sum(read), 0)::bigint AS read, coalesce(sum(quarantined), 0)::bigint AS quarantined,
    coalesce(sum(seconds), 0)::float8 AS seconds, max(finished_at) AS finished_at, array_agg(id) AS runs
FROM profiles_ingestrun
WHERE started_at > (SELECT max(started_at) FROM profiles_ingestrun) - INTERVAL '1 day'
"""


def pipeline_today() -> tuple[list[PipelineStage], datetime | None]:
    """What the last day of runs took in, and each stage of the last refresh that ended well."""
    row = sql.query(_INGEST_SQL)[0]
    landed = PipelineStage("Landed", row["read"], _rate(row["read"], row["seconds"]), row["seconds"])
    too_late = sum(overtaken(row["runs"] or []).values())
    rejected = PipelineStage("Rejected", row["quarantined"] - too_late, 0.0, 0.0)
    job = Job.objects.filter(kind__in=REFRESH_JOBS, state=JobState.SUCCEEDED).order_by("-finished_at").first()
    reports = (job.result or {}).get("stages", []) if job else []
    stages = [PipelineStage(r["stage"], r["profiles"], r["per_second"], r["seconds"]) for r in reports]
    return [landed, rejected, *stages], job.finished_at if job else row["finished_at"]


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds else 0.0
