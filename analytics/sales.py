"""What was booked, day by day and week by week, this year beside last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from analytics.people import ask, data_as_of
from iaros.lib import clock

# The same weekdays a year ago: 52 weeks.
YEAR = timedelta(days=364)
HISTORY = timedelta(days=364 * 2)
WEEKS = 12


@dataclass(frozen=True)
class SalesDay:
    day: date
    bookings: int
    revenue_minor: int


@dataclass(frozen=True)
class SalesWeek:
    """Money booked in a week and in the same week a year ago; None where that lies before the data."""

    week: date
    this_year_minor: int
    last_year_minor: int | None


@dataclass(frozen=True)
class Sales:
    as_of: datetime
    currency: str
    days: list[SalesDay]
    weeks: list[SalesWeek]

    def total(self, days: int, *, back: timedelta = timedelta(0)) -> SalesDay:
        """Bookings and money of the `days` that ended `back` before the last day of the data."""
        last = clock.airline_day(self.as_of) - back
        chosen = [each for each in self.days if last - timedelta(days=days) < each.day <= last]
        return SalesDay(last, sum(d.bookings for d in chosen), sum(d.revenue_minor for d in chosen))

    def change(self, days: int, of: str) -> float | None:
        """How `of` (bookings or revenue_minor) changed against the same days last year; None without one."""
        before = getattr(self.total(days, back=YEAR), of)
        return round(getattr(self.total(days), of) / before - 1, 4) if before else None


def sales(as_of: datetime | None = None) -> Sales:
    """Two years of days and twelve weeks."""
    moment = as_of or data_as_of()
    zone = settings.AIRLINE_TIME_ZONE
    days = ask("sales_days.sql", since=moment - HISTORY, as_of=moment, zone=zone)
    weeks = ask("revenue_weeks.sql", weeks=WEEKS, as_of=moment, zone=zone)
    return Sales(
        as_of=moment,
        currency=settings.BASE_CURRENCY,
        days=[SalesDay(**row) for row in days],
        weeks=[SalesWeek(**row) for row in weeks],
    )
