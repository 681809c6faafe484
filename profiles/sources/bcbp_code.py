"""The bar code of a boarding pass (IATA Resolution 792): what it says of the passenger and of each leg.

The code has fixed columns, then for each leg items whose lengths it tells itself, in hexadecimal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from profiles.sources.json_lines import Unreadable

_FIRST, _LEG, _UNIQUE = 23, 37, ">"  # columns before the first leg, of a leg, and what begins the conditional part
_VERSIONS = "12345678"
_BEGINS = frozenset(("M1", "M2", "M3", "M4"))
_AIRPORTS, _FLIGHT = re.compile(r"[A-Z]{6}"), re.compile(r"\d{1,4}[A-Z]?")
_SIZES = {f"{size:02X}": size for size in range(256)}


@dataclass(slots=True)
class Leg:
    locator: str
    origin: str
    destination: str
    carrier: str
    flight_number: str
    day_of_year: str
    compartment: str
    seat: str
    sequence: str
    status: str
    ticket: str | None = None
    member: str | None = None
    member_carrier: str = ""
    marketing_carrier: str = ""
    fast_track: str = ""


@dataclass(slots=True)
class Pass:
    """A boarding pass. `issued` is the year's last figure and the day of the year, where it is told."""

    name: str
    legs: list[Leg]
    version: str = ""
    issued: str = ""
    source: str = ""
    bags: list[str] = field(default_factory=list)


def understood(code: str) -> Pass:
    """What the code says. Raises Unreadable naming the part that is none."""
    code = code.rstrip("\r\n")
    if len(code) >= 2 and code[1:2].isdecimal() and len(code) < _FIRST + _LEG:
        code = code.ljust(_FIRST + _LEG - 2) + "00" if len(code) <= _FIRST + _LEG - 2 else code
    if code[:2] not in _BEGINS or len(code) < _FIRST + _LEG:
        raise Unreadable("code", code[:2] + "...", "M and the number of legs, and at least 60 characters")
    boarding, at = Pass(code[2:22].strip(), []), _FIRST
    for number in range(int(code[1])):
        if len(code) < at + _LEG:
            raise Unreadable("legs", f"{number}", f"{code[1]} legs, as the code begins")
        leg, size = _leg(code[at : at + _LEG])
        items = code[at + _LEG : at + _LEG + size]
        if len(items) < size and number + 1 < int(code[1]) and items.rstrip():
            raise Unreadable("conditional items", f"{len(items)} characters", f"{size}, as their length says")
        if number == 0 and items.startswith(_UNIQUE):
            items = _unique(boarding, items)
        _repeated(leg, items)
        boarding.legs.append(leg)
        at += _LEG + size
    return boarding


def _leg(text: str) -> tuple[Leg, int]:
    """The mandatory items of a leg, and how many conditional characters follow."""
    leg = Leg(
        locator=text[0:7].strip(),
        origin=text[7:10],
        destination=text[10:13],
        carrier=text[13:16].strip(),
        flight_number=text[16:21].strip().lstrip("0"),
        day_of_year=text[21:24],
        compartment=text[24].strip(),
        seat=text[25:29].strip().lstrip("0"),
        sequence=text[29:34].strip().lstrip("0"),
        status=text[34].strip(),
    )
    size = _size(text[35:37])
    if size is None or not (
        _AIRPORTS.fullmatch(text, 7, 13)
        and leg.carrier
        and _FLIGHT.fullmatch(leg.flight_number)
        and _is_day_of_year(leg.day_of_year)
    ):
        raise _fault(leg, text)
    return leg, size


def _fault(leg: Leg, text: str) -> Unreadable:
    """What is wrong with the mandatory items of a leg."""
    for name, value in (("from", leg.origin), ("to", leg.destination)):
        if not re.fullmatch(r"[A-Z]{3}", value):
            return Unreadable(name, value, "an IATA airport code")
    if not _FLIGHT.fullmatch(leg.flight_number) or not leg.carrier:
        return Unreadable("flight", text[13:21], "carrier and flight number")
    if not _is_day_of_year(leg.day_of_year):
        return Unreadable("day of the year", leg.day_of_year, "001 to 366")
    return Unreadable("length of conditional items", text[35:37], "two hexadecimal figures")


def _is_day_of_year(text: str) -> bool:
    return text.isdecimal() and 1 <= int(text) <= 366


def _size(text: str) -> int | None:
    """Two hexadecimal figures as a number."""
    return _SIZES.get(text)


def _unique(boarding: Pass, items: str) -> str:
    """Read what is said once a pass; returns what remains for the first leg."""
    boarding.version, size = items[1:2], _size(items[2:4])
    if boarding.version not in _VERSIONS or size is None:
        raise Unreadable("version", items[:4], ">, a version from 1 to 8, two hexadecimal figures")
    told = items[4 : 4 + size].ljust(64)
    boarding.source, boarding.issued = told[2].strip(), told[3:7].strip()
    bags = (told[11:24].strip(), told[24:37].strip(), told[37:50].strip())
    boarding.bags = [tag for tag in bags if tag.isdigit()]
    return items[4 + size :]


def _repeated(leg: Leg, items: str) -> None:
    """Read what is said of each leg, as far as it goes."""
    size = _size(items[:2])
    if size is None:
        return
    told = items[2 : 2 + size].ljust(48)
    leg.ticket = told[0:13] if told[0:13].isdigit() else None
    leg.marketing_carrier = told[15:18].strip()
    leg.member_carrier, leg.member = told[18:21].strip(), told[21:37].strip() or None
    leg.fast_track = told[41].strip()
