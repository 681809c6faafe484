"""Features of a market: an origin and destination in a window of departures. `market:fare_index` is the first.

Comes in: published fares, ours and others'. Goes out: the index with our own fare as 100. Refuses: pairs that are not
alike in departure date, cabin and class of brand, and prices seen too long ago to be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from iaros.lib import clock, sql

FARE_INDEX = "market:fare_index"
SEEN_WITHIN = timedelta(days=14)


@dataclass(frozen=True)
class MarketFare:
    """A market's fares in euro-like base currency. Under 100, the others are cheaper than we are.

    `gap_rate` is how much dearer we are than the cheapest: .20 is twenty per cent, negative is cheaper.
    `observed_at` is the oldest price that went in; `pairs` how many like-for-like comparisons.
    """

    origin: str
    destination: str
    cabin: str
    departs_from: date
    departs_to: date
    own_fare: float
    median_fare: float
    lowest_fare: float
    fare_index: float
    lowest_index: float
    gap_rate: float
    cheapest_carrier: str
    pairs: int
    departures: int
    observed_at: datetime

    @property
    def market(self) -> str:
        return f"{self.origin}-{self.destination}"


def fare_index(
    *,
    as_of: datetime,
    departs_from: date | None = None,
    departs_to: date | None = None,
    origin: str | None = None,
    destination: str | None = None,
    cabin: str | None = None,
) -> list[MarketFare]:
    """The fare index of every market that matches, or of all; departures of the next 60 days unless said otherwise."""
    first = departs_from or clock.airline_day(as_of)
    last = departs_to or first + timedelta(days=60)
    rows = sql.fetch(
        __package__,
        "fare_index.sql",
        own=settings.AIRLINE_CARRIER,
        as_of=as_of,
        seen_since=as_of - SEEN_WITHIN,
        departs_from=first,
        departs_to=last,
        origin=origin,
        destination=destination,
        cabin=cabin,
    )
    return [_market(row, first, last) for row in rows]


def _market(row: dict[str, object], first: date, last: date) -> MarketFare:
    median, lowest = float(row.pop("median_index")), float(row["lowest_index"])  # type: ignore[arg-type]
    return MarketFare(
        **row,  # type: ignore[arg-type]
        departs_from=first,
        departs_to=last,
        fare_index=median,
        gap_rate=100.0 / lowest - 1.0,
    )
