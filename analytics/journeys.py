"""From a search to a flight: how many come through each stage, and how long it takes them.

An extra is a side step: its share, like that of flying, is of those who booked.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics.people import ask, data_as_of, one

WINDOW = timedelta(days=180)
STAGES = (("searched", ""), ("booked", "searched"), ("added an extra", "booked"), ("flew", "booked"))


@dataclass(frozen=True)
class Stage:
    """`conversion_rate` is the share of the travellers of stage `of`; `median_days` the time since that stage."""

    name: str
    of: str
    travellers: int
    conversion_rate: float | None
    median_days: float | None


@dataclass(frozen=True)
class Trip:
    """One booking as its traveller lived it."""

    route: str
    stage: str
    channel: str | None
    searched_at: datetime | None
    booked_at: datetime
    extras: list[str]
    flown_at: datetime | None
    fare_minor: int | None


@dataclass(frozen=True)
class Journey:
    as_of: datetime
    since: datetime | None
    stages: list[Stage]
    trips: list[Trip]


def journey(customer_id: uuid.UUID | None = None, as_of: datetime | None = None, limit: int = 20) -> Journey:
    """The stages of everybody who searched in 180 days, or the trips of one customer, newest first."""
    moment = as_of or data_as_of()
    if customer_id is not None:
        rows = ask("own_trips.sql", as_of=moment, limit=limit, **one(customer_id))
        return Journey(moment, None, [], [_trip(row) for row in rows])
    since = moment - WINDOW
    return Journey(moment, since, stages(ask("journey_stages.sql", since=since, as_of=moment)), [])


def stages(rows: list[dict[str, Any]]) -> list[Stage]:
    """All four stages in order; one nobody reached has zero travellers."""
    found = {row["stage"]: row for row in rows}
    counts = {name: found.get(name, {}).get("travellers", 0) for name, _ in STAGES}
    return [
        Stage(
            name=name,
            of=of,
            travellers=counts[name],
            conversion_rate=round(counts[name] / counts[of], 4) if of and counts[of] else None,
            median_days=_rounded(found.get(name, {}).get("median_days")),
        )
        for name, of in STAGES
    ]


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 2)


def _trip(row: dict[str, Any]) -> Trip:
    stage = "cancelled" if row.pop("cancelled") else "flew" if row["flown_at"] else "booked"
    return Trip(stage=stage, **row)
