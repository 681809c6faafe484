"""What travellers do before they book: the weekly funnel, channels, look-to-book, how long ahead.

Reads events through the gate of analytics; web visits of nobody known are not in it.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from analytics.people import ask, data_as_of, one

WINDOW = timedelta(weeks=13)
OWN_WINDOW = timedelta(days=730)
LEAD_EDGES = (0, 4, 8, 15, 31, 61, 91)
LEAD_NAMES = ("0-3", "4-7", "8-14", "15-30", "31-60", "61-90", "91+")


@dataclass(frozen=True)
class Week:
    """`visitors`, `searchers`, `bookers`, `travellers` are persons; the rest are counts and money in minor units."""

    week: date
    visitors: int
    searchers: int
    bookers: int
    travellers: int
    visits: int
    searches: int
    bookings: int
    revenue_minor: int


@dataclass(frozen=True)
class Share:
    """One slice of the bookings: a channel, or a range of days before departure."""

    name: str
    bookings: int
    share: float
    revenue_minor: int


@dataclass(frozen=True)
class Behaviour:
    """`look_to_book` is searches per booking; None where nothing was booked."""

    as_of: datetime
    since: datetime
    searches: int
    bookings: int
    look_to_book: float | None
    weeks: list[Week]
    channels: list[Share]
    lead_times: list[Share]


def behaviour(customer_id: uuid.UUID | None = None, as_of: datetime | None = None) -> Behaviour:
    """The behaviour of everybody over 13 weeks, or of one customer over two years."""
    moment = as_of or data_as_of()
    since = moment - (OWN_WINDOW if customer_id else WINDOW)
    window = {"since": since, "as_of": moment, **one(customer_id)}
    weeks = [Week(**row) for row in ask("weekly_funnel.sql", zone=settings.AIRLINE_TIME_ZONE, **window)]
    mix = ask("booking_mix.sql", edges=list(LEAD_EDGES), **window)
    searches, bookings = sum(week.searches for week in weeks), sum(week.bookings for week in weeks)
    return Behaviour(
        as_of=moment,
        since=since,
        searches=searches,
        bookings=bookings,
        look_to_book=round(searches / bookings, 2) if bookings else None,
        weeks=weeks,
        channels=sorted(shares(mix, "channel"), key=lambda share: -share.bookings),
        lead_times=[
            Share(LEAD_NAMES[int(share.name) - 1], share.bookings, share.share, share.revenue_minor)
            for share in sorted(shares(mix, "lead_bucket"), key=lambda share: int(share.name))
            if int(share.name)
        ],
    )


def shares(rows: list[dict[str, Any]], by: str) -> list[Share]:
    """Bookings added up by one column, with the share each has of all."""
    total = sum(row["bookings"] for row in rows)
    sums: dict[str, list[int]] = {}
    for row in rows:
        slot = sums.setdefault(str(row[by]), [0, 0])
        slot[0] += row["bookings"]
        slot[1] += row["revenue_minor"]
    return [Share(name, count, round(count / total, 4), money) for name, (count, money) in sums.items()]
