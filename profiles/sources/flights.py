"""Flights as reservation systems write them: local times without a zone, cabins by class, airports by code."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from profiles.sources import codes
from profiles.sources.json_lines import Unreadable
from profiles.sources.places import zone
from profiles.sources.reservation import Segment

# Status codes of the reservation procedures of IATA (AIRIMP): the seat is not, or no longer, held.
CANCELLED = frozenset({"HX", "NO", "UC", "UN", "US", "XK", "XL", "XR", "XX"})
_EARLIEST, _LATEST = 1990, 2100
_STATION = re.compile(r"[XZ][A-Z]{2}")


def flight(
    number: int,
    *,
    carrier: str,
    flight_number: str,
    origin: str,
    destination: str,
    departs: datetime,
    arrives: datetime | None,
    booking_class: str,
    cabin: str | None = None,
    fare_basis: str | None = None,
    status: str = "HK",
    operating: tuple[str, str] = ("", ""),
    path: str,
) -> Segment:
    """A segment from local times. One whose arrival is not told arrives, as far as we know, when it departs.

    `cabin` is the designator of the cabin, where the source tells it beside the booking class; `operating` who flies it
    and under which number, where that is not the carrier that sold it. Raises Unreadable,
    naming the field under `path`.
    """
    if not carrier or len(carrier) > 3:
        raise Unreadable(path + "carrier", carrier or None, "an airline code of two or three characters")
    bare = flight_number.strip().lstrip("0") or flight_number.strip()
    if not bare or len(bare) > 6:
        raise Unreadable(path + "flight_number", flight_number or None, "at most six characters")
    clocks = _clocks(origin, destination, path)
    leaves = on_clock_of(clocks[0], departs)
    lands = on_clock_of(clocks[1], arrives) if arrives else leaves
    if lands < leaves and lands + timedelta(days=1) > leaves:
        lands += timedelta(days=1)  # the day of arrival was not told: it is the next one
    return {
        "number": number,
        "carrier": carrier,
        "flight_number": bare,
        "origin": origin,
        "destination": destination,
        "departs_at": leaves,
        "arrives_at": lands,
        "cabin": cabin_of(carrier, booking_class, departs.date(), cabin),
        "booking_class": booking_class[:2],
        "fare_basis": (fare_basis or "")[:15],
        "status": status[:6] or "HK",
        "operating_carrier": operating[0][:3] if operating[0] != carrier else "",
        "operating_number": operating[1][:6] if operating[0] != carrier else "",
    }


def _clocks(origin: str, destination: str, path: str) -> tuple[str, str]:
    """The airports whose clocks tell the times of a segment.

    IATA gives codes in X and Z to railway and bus stations, which no list of airports has: a train to or from one is
    told by the clock of its other end, which is never far.
    """
    known = [airport if zone(airport) else "" for airport in (origin, destination)]
    for at, (name, airport) in enumerate((("origin", origin), ("destination", destination))):
        if not known[at] and not (_STATION.fullmatch(airport) and known[1 - at]):
            raise Unreadable(path + name, airport or None, "an IATA airport code")
    return known[0] or known[1], known[1] or known[0]


@lru_cache(maxsize=100_000)
def on_clock_of(airport: str, local: datetime) -> datetime:
    """A local time with the offset of the airport's clock at that moment."""
    offset = local.replace(tzinfo=zone(airport)).utcoffset() or timedelta(0)
    return local.replace(tzinfo=timezone(timedelta(minutes=round(offset.total_seconds() / 60))))


@lru_cache(maxsize=10_000)
def cabin_of(carrier: str, booking_class: str, on: date, designator: str | None = None) -> str:
    """F, C, W or Y: by the designator of the cabin where one is told, by the booking class otherwise; else economy."""
    return codes.cabin(None, designator, on) or codes.cabin(carrier, booking_class, on) or "Y"


def status_of(segments: list[Segment]) -> str:
    """A booking is cancelled when none of its flights is held any more."""
    return "cancelled" if segments and all(s["status"] in CANCELLED for s in segments) else "active"


@lru_cache(maxsize=20_000)
def day_of(text: str) -> date | None:
    """`121210` or `01012010` as a day, or None. Two figures are a year of this century."""
    if len(text) not in (6, 8) or not text.isascii() or not text.isdigit():
        return None
    year = int(text[4:]) + (2000 if len(text) == 6 else 0)
    try:
        return date(year, int(text[2:4]), int(text[:2])) if _EARLIEST <= year < _LATEST else None
    except ValueError:
        return None


@lru_cache(maxsize=50_000)
def moment_of(day: str, time: str) -> datetime | None:
    """A day as `day_of` reads it and a time as `0915` or `091500`, without a zone; midnight where the time is blank."""
    on = day_of(day)
    if on is None:
        return None
    time = time.ljust(4, "0")[:6] if time.isascii() and time.isdigit() else "0000"
    hour, minute = int(time[:2]), int(time[2:4])
    if hour == 24 and minute == 0:
        return datetime(on.year, on.month, on.day) + timedelta(days=1)
    return datetime(on.year, on.month, on.day, hour, minute) if hour < 24 and minute < 60 else None


@lru_cache(maxsize=20_000)
def iso_moment(text: str) -> datetime | None:
    """An ISO moment without its zone, or None."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except (ValueError, TypeError):
        return None


_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {name: at for at, name in enumerate(_NAMES, start=1)}


def telex_day(text: str, *, not_after: date) -> str | None:
    """`10AUG11` as an ISO date; the latest such day that is not after the given one."""
    if len(text) != 7 or text[2:5].upper() not in _MONTHS or not (text[:2] + text[5:]).isdecimal():
        return None
    year = not_after.year // 100 * 100 + int(text[5:])
    try:
        found = date(year, _MONTHS[text[2:5].upper()], int(text[:2]))
        return (found if found <= not_after else found.replace(year=year - 100)).isoformat()
    except ValueError:
        return None


def place(text: Any) -> str:
    """An airport code as it is compared."""
    return str(text or "").strip().upper()
