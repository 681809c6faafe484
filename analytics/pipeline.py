"""Measure what pages and routes show, one topic after the other; each topic is its own small commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from analytics import behaviour, churn, dashboards, health, journeys, lifetime_value, measured, pricing, sales
from analytics.dashboards import FareGaps, Reach
from iaros.lib import clock
from iaros.lib.reports import Progress, StageReport, silent, timed

TOPICS: tuple[tuple[str, Callable[[datetime], Any]], ...] = (
    ("reach", dashboards.reach),
    ("sales", sales.sales),
    ("behaviour", lambda as_of: behaviour.behaviour(as_of=as_of)),
    ("journey", lambda as_of: journeys.journey(as_of=as_of)),
    ("lifetime_value", lifetime_value.lifetime_value),
    ("churn_risk", churn.churn_risk),
    ("agreement", health.agreement),
    ("fare_gaps", lambda as_of: FareGaps(as_of, pricing.fare_gaps(as_of))),
)


def refresh(as_of: datetime | None = None, progress: Progress = silent) -> list[StageReport]:
    """Measure every topic as of the moment and keep the answers. Running twice is harmless."""
    moment = as_of or clock.now()
    reports: list[StageReport] = []
    with timed("analytics", reports) as watch:
        answers = {}
        for at, (topic, measure) in enumerate(TOPICS):
            progress(phase=f"measure {topic}", done=at, total=len(TOPICS))
            answers[topic] = measure(moment)
            measured.keep(topic, answers[topic])
        watch.profiles = _noted(answers, moment)
        progress(phase="measured", done=len(TOPICS), total=len(TOPICS))
    return reports


def _noted(answers: dict[str, Any], moment: datetime) -> int:
    """Add the day's point to the lines of the home page; returns how many profiles there were."""
    day, reached = clock.airline_day(moment), answers["reach"]
    assert isinstance(reached, Reach)
    measured.note("profiles", day, reached.profiles)
    measured.note("email_share", day, reached.email_share)
    if answers["churn_risk"].value_at_risk is not None:
        measured.note("value_at_risk", day, answers["churn_risk"].value_at_risk)
    return reached.profiles
