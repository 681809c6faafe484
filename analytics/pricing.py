"""How our fares stand against others', and which gaps are worth acting on: a gap times what is in play there.

The index itself is a feature of the market (`segmentation.features.market`); here it meets revenue and customers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from analytics.people import ask, data_as_of
from segmentation.features import market
from segmentation.features.market import MarketFare

IN_PLAY = timedelta(days=30)
EXPOSED_WITHIN = timedelta(days=365)
# Within three per cent a fare is the same fare.
ALIKE = 0.03
FEWEST_PAIRS = 3


@dataclass(frozen=True)
class FareIndex:
    """One market and cabin. `found` is false where no competitor's like-for-like fare was seen."""

    as_of: datetime
    found: bool
    currency: str
    fare: MarketFare | None


@dataclass(frozen=True)
class FareGap:
    """A gap with what it touches: booked there in 30 days, and customers who searched or booked it in a year."""

    fare: MarketFare
    in_play_minor: int
    exposed: int
    advice: str

    @property
    def market(self) -> str:
        return self.fare.market

    @property
    def gap_rate(self) -> float:
        return self.fare.gap_rate


def fare_index(
    origin: str,
    destination: str,
    *,
    cabin: str = "Y",
    departs_from: date | None = None,
    departs_to: date | None = None,
    as_of: datetime | None = None,
) -> FareIndex:
    """Our fare as 100 and where the others stand, departures of 60 days unless said otherwise."""
    moment = as_of or data_as_of()
    rows = market.fare_index(
        as_of=moment,
        origin=origin,
        destination=destination,
        cabin=cabin,
        departs_from=departs_from,
        departs_to=departs_to,
    )
    return FareIndex(moment, bool(rows), settings.BASE_CURRENCY, rows[0] if rows else None)


def fare_gaps(as_of: datetime | None = None, limit: int = 8) -> list[FareGap]:
    """The gaps to act on: the size of the gap times the money in play, largest first."""
    moment = as_of or data_as_of()
    fares = [fare for fare in market.fare_index(as_of=moment) if fare.pairs >= FEWEST_PAIRS]
    rows = ask("in_play.sql", in_play_since=moment - IN_PLAY, since=moment - EXPOSED_WITHIN, as_of=moment)
    play = {row["route"]: row for row in rows}
    gaps = [
        FareGap(
            fare=fare,
            in_play_minor=play.get(fare.market, {}).get("in_play_minor", 0),
            exposed=play.get(fare.market, {}).get("exposed", 0),
            advice=advice(fare.gap_rate),
        )
        for fare in fares
        if abs(fare.gap_rate) > ALIKE
    ]
    return sorted(gaps, key=lambda gap: (-abs(gap.gap_rate) * gap.in_play_minor, gap.market))[:limit]


def advice(gap_rate: float) -> str:
    """What a gap means to the analyst."""
    if gap_rate > ALIKE:
        return "undercut"
    return "room to raise" if gap_rate < -ALIKE else "alike"
