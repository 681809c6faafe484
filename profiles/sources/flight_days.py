"""Days as airports write them: 16DEC without a year, or the 326th of a year whose last figure only is told."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_DAY = re.compile(rf"(?<![A-Z0-9])(\d{{1,2}})({'|'.join(_NAMES)})(\d{{4}}|\d{{2}})?(?![A-Z0-9])")
# Messages about a flight come in its last weeks, and files of them are read for most of a year.
_AHEAD = timedelta(days=60)


def day_in(text: str) -> str | None:
    """The first day that the text tells, as it stands there: 16DEC, 16DEC26."""
    found = _DAY.search(text)
    return found[0] if found else None


def nearest(told: str | None, near: date) -> date | None:
    """The day that is meant by 16DEC or 16DEC26; without a year the last one not more than two months after `near`."""
    found = _DAY.fullmatch(told or "")
    if not found:
        return None
    day, month, year = int(found[1]), _MONTHS[found[2]], found[3]
    if year:
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    days = (_date(near.year + step, month, day) for step in (1, 0, -1, -2, -3, -4))
    return next((one for one in days if one and one <= near + _AHEAD), None)


def closest(told: str | None, to: date) -> date | None:
    """The day that is meant by 17DEC in a message about a flight of another day: the closest to it."""
    found = _DAY.fullmatch(told or "")
    if not found or found[3]:
        return nearest(told, to)
    days = [_date(to.year + step, _MONTHS[found[2]], int(found[1])) for step in (-1, 0, 1)]
    return min((one for one in days if one), key=lambda one: abs(one - to), default=None)


@lru_cache(maxsize=10_000)
def julian(day_of_year: str, near: date, last_figure: str = "") -> date | None:
    """The day of a boarding pass: 326, with the year's last figure where it is told, the one closest to `near`."""
    if not day_of_year.strip().isdecimal() or not 1 <= int(day_of_year) <= 366:
        return None
    years = [near.year + step for step in (-1, 0, 1)]
    if last_figure.isdecimal():
        years = [year for year in range(near.year - 9, near.year + 3) if year % 10 == int(last_figure)]
    days = [date(year, 1, 1) + timedelta(days=int(day_of_year) - 1) for year in years]
    days = [one for one, year in zip(days, years, strict=True) if one.year == year]
    return min(days, key=lambda one: abs(one - near), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
