"""The overview's figures in words and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from analytics.dashboards import PipelineStage, Tile
from analytics.health import FAILING, Check
from analytics.sales import SalesWeek
from iaros.web.formats import NONE, day, money, number, share, short, short_money, signed, symbol, words

# Where an alert's button leads.
_OPENS = {
    "sources": ("Open sources", "web:sources"),
    "models": ("Open models", "web:models"),
    "privacy": ("Open requests", "admin:index"),
    "enrichment": ("Open sources", "web:sources"),
}


@dataclass(frozen=True)
class AlertLine:
    check: Check
    tone: str
    icon: str
    action: str
    route: str


def alert_line(check: Check) -> AlertLine:
    bad = check.state == FAILING
    action, route = _OPENS.get(check.name, ("", ""))
    return AlertLine(check, "bad" if bad else "warn", "plug-off" if bad else "alert-triangle", action, route)


@dataclass(frozen=True)
class TileLine:
    """A tile as it is written: short, with the full value in the title."""

    title: str
    value: str
    full: str
    delta: str
    tone: str
    as_of: datetime
    series: list[float]
    spark: str


# Where growth is bad news, and so drawn and written in red.
_BAD_WHEN_UP = ("value_at_risk", "jobs_failing")


def tile_line(tile: Tile) -> TileLine:
    value, full = _value(tile)
    worse = tile.name in _BAD_WHEN_UP
    tone = ""
    if tile.delta:
        tone = "wrong" if (tile.delta > 0) == worse else "good"
    if tile.name == "jobs_failing" and tile.value:
        tone = "wrong"
    return TileLine(
        title=tile.title,
        value=value,
        full=full,
        delta=f"{_delta(tile)} {tile.delta_text}".strip(),
        tone=tone,
        as_of=tile.as_of,
        series=[point for _, point in tile.series],
        spark="bad" if worse else "",
    )


def _value(tile: Tile) -> tuple[str, str]:
    if tile.value is None:
        return NONE, "not measured"
    if tile.unit == "share":
        return share(tile.value), share(tile.value, 2)
    if tile.unit in ("money", "money_minor"):
        minor = tile.value * (100 if tile.unit == "money" else 1)
        return short_money(minor), money(round(minor))
    return number(tile.value), number(tile.value)


def _delta(tile: Tile) -> str:
    if tile.delta is None:
        return ""
    if tile.series and tile.unit == "count" and "last year" not in tile.delta_text:
        return signed(tile.delta)
    if tile.unit == "share":
        return f"{signed(tile.delta * 100, 1)} pp"
    if tile.unit == "money":
        sign = "+" if tile.delta > 0 else ""
        return f"{sign}{short_money(tile.delta * 100)}"
    return f"{signed(tile.delta * 100, 1)}%"


@dataclass(frozen=True)
class StageLine:
    title: str
    profiles: int
    share: float
    told: str
    tone: str


def stage_lines(stages: Sequence[PipelineStage]) -> list[StageLine]:
    """Rows by stage against the largest; the rejected say their share of what landed."""
    top = max((stage.profiles for stage in stages), default=0) or 1
    landed = next((stage.profiles for stage in stages if stage.stage == "Landed"), 0)
    lines = []
    for stage in stages:
        rejected = stage.stage == "Rejected"
        rate = share(stage.profiles / landed) if rejected and landed else ""
        told = rate if rejected else f"{short(stage.per_second)}/s" if stage.per_second else ""
        tone = "bad" if rejected else ""
        lines.append(StageLine(words(stage.stage), stage.profiles, stage.profiles / top, told, tone))
    return lines


def revenue_chart(weeks: Sequence[SalesWeek]) -> dict[str, Any]:
    """What the chart draws; the same numbers stand in the table beside it."""
    return {
        "labels": [day(week.week) for week in weeks],
        "unit": symbol(),
        "series": [
            {"name": "This year", "colour": "c1", "dash": False, "values": [w.this_year_minor / 100 for w in weeks]},
            {
                "name": "Last year",
                "colour": "reference",
                "dash": True,
                "values": [None if w.last_year_minor is None else w.last_year_minor / 100 for w in weeks],
            },
        ],
    }


def year_to_date(weeks: Sequence[SalesWeek]) -> str:
    """One sentence that reads the chart aloud."""
    if not weeks:
        return "Nothing was booked in these weeks."
    this = sum(week.this_year_minor for week in weeks)
    compared = [week for week in weeks if week.last_year_minor]
    text = f"{len(weeks)} weeks, {short_money(this)} booked"
    last = sum(week.last_year_minor or 0 for week in compared)
    if not last:
        return f"{text}. Last year lies before the data."
    change = sum(week.this_year_minor for week in compared) / last - 1
    return f"{text}, {signed(change * 100, 1)}% on last year. The last week may not be over."
