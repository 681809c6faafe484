"""Scans of boarding passes: the bar code of IATA Resolution 792 a line, as it is, or in CSV with a time and a gate.

The code has fixed columns, then for each leg items whose lengths it tells itself, in hexadecimal. A scan boards one
leg: the one of its day, else the first.
"""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from iaros.lib import clock
from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import agents, codes
from profiles.sources.columns import read_moment
from profiles.sources.contract import Batch, Connector, Family, Field, Keys, Lines, Sample
from profiles.sources.flight_days import julian
from profiles.sources.json_lines import Unreadable
from profiles.sources.name_lists import each
from profiles.sources.places import haul
from profiles.sources.travellers import traveller

FIELDS = (
    Field("Passenger name", "columns 3-22", "SOLHEIM/INGRIDMRS", Sensitivity.IDENTITY, required=True),
    Field("Record locator", "columns 24-30", "7KQX2M", Sensitivity.PSEUDONYM),
    Field("From, to, carrier, flight", "columns 31-44", "CPHLISNV 0781", required=True),
    Field("Day of the year", "columns 45-47", "303", required=True),
    Field("Compartment", "column 48", "M"),
    Field("Seat", "columns 49-52", "012A"),
    Field("Sequence number", "columns 53-57", "0045"),
    Field("Passenger status", "column 58", "1"),
    Field("Date of issue", "conditional", "6302"),
    Field("Bag tags", "conditional", "0889123456001", Sensitivity.PSEUDONYM),
    Field("Ticket number", "conditional", "8891234567890", Sensitivity.PSEUDONYM),
    Field("Member number", "conditional", "NV 480934", Sensitivity.PSEUDONYM),
    Field("scanned_at", "moment, in CSV", "2026-10-30T06:02:11Z"),
    Field("gate", "text, in CSV", "B12"),
)
_CODE = re.compile(r"M[1-4][A-Z0-9 ./'-]{20}[A-Z ].{36}", re.DOTALL | re.IGNORECASE)
_FIRST, _LEG, _UNIQUE = 23, 37, ">"  # columns before the first leg, of a leg, and what begins the conditional part
_CODE_NAMES = (b"barcode", b"bar_code", b"bar code", b"bcbp", b"code", b"scan", b"boarding_pass", b"data")
_VERSIONS = "12345678"


@dataclass
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


@dataclass
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
    if len(code) >= 2 and code[1:2].isdigit() and len(code) < _FIRST + _LEG:
        code = code.ljust(_FIRST + _LEG - 2) + "00" if len(code) <= _FIRST + _LEG - 2 else code
    if not re.fullmatch(r"M[1-4]", code[:2]) or len(code) < _FIRST + _LEG:
        raise Unreadable("code", code[:2] + "...", "M and the number of legs, and at least 60 characters")
    boarding, at = Pass(code[2:22].strip(), []), _FIRST
    for number in range(int(code[1])):
        if len(code) < at + _LEG:
            raise Unreadable("legs", f"{number}", f"{code[1]} legs, as the code begins")
        leg, size = _leg(code[at : at + _LEG])
        items = code[at + _LEG : at + _LEG + size]
        if len(items.rstrip()) and len(items) < size and number + 1 < int(code[1]):
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
    for name, value in (("from", leg.origin), ("to", leg.destination)):
        if not re.fullmatch(r"[A-Z]{3}", value):
            raise Unreadable(name, value, "an IATA airport code")
    if not re.fullmatch(r"\d{1,4}[A-Z]?", leg.flight_number) or not leg.carrier:
        raise Unreadable("flight", text[13:21], "carrier and flight number")
    if not leg.day_of_year.isdigit() or not 1 <= int(leg.day_of_year) <= 366:
        raise Unreadable("day of the year", leg.day_of_year, "001 to 366")
    if not re.fullmatch(r"[0-9A-F]{2}", text[35:37]):
        raise Unreadable("length of conditional items", text[35:37], "two hexadecimal figures")
    return leg, int(text[35:37], 16)


def _unique(boarding: Pass, items: str) -> str:
    """Read what is said once a pass; returns what remains for the first leg."""
    boarding.version, size = items[1:2], items[2:4]
    if boarding.version not in _VERSIONS or not re.fullmatch(r"[0-9A-F]{2}", size):
        raise Unreadable("version", items[:4], ">, a version from 1 to 8, two hexadecimal figures")
    told = items[4 : 4 + int(size, 16)].ljust(64)
    boarding.source, boarding.issued = told[2].strip(), told[3:7].strip()
    boarding.bags = [tag.strip() for tag in (told[11:24], told[24:37], told[37:50]) if tag.strip().isdigit()]
    return items[4 + int(size, 16) :]


def _repeated(leg: Leg, items: str) -> None:
    """Read what is said of each leg, as far as it goes."""
    if not re.fullmatch(r"[0-9A-F]{2}", items[:2]):
        return
    told = items[2 : 2 + int(items[:2], 16)].ljust(48)
    numeric, serial = told[0:3], told[3:13]
    leg.ticket = numeric + serial if (numeric + serial).isdigit() else None
    leg.marketing_carrier = told[15:18].strip()
    leg.member_carrier, leg.member = told[18:21].strip(), told[21:37].strip() or None
    leg.fast_track = told[41].strip()


@dataclass(frozen=True)
class Scan:
    """A line of the file: the code, and what the gate adds."""

    code: str
    at: datetime | None = None
    gate: str | None = None


def scanned_line(raw: bytes) -> Scan:
    """The code of a line, which may stand in CSV beside a time and a gate in any order. Raises Unreadable."""
    text = raw.decode()
    if _CODE.match(text) and not re.search(r"[,;\t]\d{4}-\d\d-\d\d", text):
        return Scan(text)
    separator = max(",;\t|", key=text.count)
    try:
        parts = next(csv.reader([text], delimiter=separator), [])
    except csv.Error as error:
        raise Unreadable("line", f"not CSV: {error}", "a bar code, or CSV with one") from None
    code = next((part for part in parts if _CODE.match(part)), None)
    if code is None:
        raise Unreadable("code", text[:2], "a bar code that begins with M1, at least 60 characters")
    rest = [part.strip() for part in parts if part is not code and part.strip()]
    moments = {part: read_moment(part) for part in rest}
    at = next((moment for moment in moments.values() if moment is not None), None)
    gate = next((part for part, moment in moments.items() if moment is None and len(part) <= 8), None)
    unread = [part for part, moment in moments.items() if moment is None and re.match(r"\d{4}-\d\d-\d\d", part)]
    if unread:
        raise Unreadable("scanned_at", unread[0], "a moment as 2026-10-30T06:02:11Z")
    return Scan(code, cast(datetime, at.item()) if at is not None else None, gate)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read scans: boarded, once a pass and leg."""
    at_line: list[int] = []
    native: list[str] = []
    person: dict[str, list[str | None]] = {"surname": [], "given_name": [], "loyalty_number": []}
    keys: dict[IdentifierKind, list[str | None]] = {
        kind: [] for kind in (IdentifierKind.LOYALTY_NUMBER, IdentifierKind.TRAVELLER, IdentifierKind.ACCOUNT)
    }
    events: dict[str, list[Any]] = defaultdict(list)
    today = clock.now().date()

    def take(line: int, raw: bytes) -> None:
        scan = scanned_line(raw)
        boarding = understood(scan.code.upper())
        leg, day = _boarded(boarding, scan.at, today)
        surname, _, given = boarding.name.partition("/")
        own = agents.programme(leg.member_carrier or leg.carrier, leg.member or "")
        native.append("/".join((leg.locator or leg.sequence, boarding.name, leg.carrier + leg.flight_number,
                                day.isoformat(), leg.origin)))  # fmt: skip
        at_line.append(line)
        person["surname"].append(surname.strip() or None)
        person["given_name"].append(given.strip() or None)
        number = own.get("loyalty_number")
        person["loyalty_number"].append(number)
        keys[IdentifierKind.LOYALTY_NUMBER].append(number)
        keys[IdentifierKind.TRAVELLER].append(traveller(leg.locator or None, surname, given.strip() or None))
        keys[IdentifierKind.ACCOUNT].append(f"ticket:{leg.ticket}" if leg.ticket else None)
        _event(events, len(native) - 1, scan, leg, day)

    rejects = each(lines, take)
    every, none = np.ones(len(native), dtype=bool), np.zeros(len(native), dtype=bool)
    held = [Keys(kind, of, none if kind == IdentifierKind.ACCOUNT else every) for kind, of in keys.items()]
    facts = {"events": dict(events)} if events else {}
    return Batch(lines, np.array(at_line, dtype=np.int64), native, person, held, facts, rejects)


def _boarded(boarding: Pass, at: datetime | None, today: date) -> tuple[Leg, date]:
    """The leg that a scan boards, and its day."""
    near = at.date() if at else today
    if not at and len(boarding.issued) == 4:
        near = julian(boarding.issued[1:], today, boarding.issued[0]) or today
    days = [(leg, julian(leg.day_of_year, near) or near) for leg in boarding.legs]
    return min(days, key=lambda one: abs((one[1] - near).days)) if at else days[0]


def _event(events: dict[str, list[Any]], mention: int, scan: Scan, leg: Leg, day: date) -> None:
    told = {"seat": leg.seat, "gate": scan.gate, "fast_track": leg.fast_track == "Y" or None}
    for name, value in {
        "mention": mention,
        "kind": EventKind.BOARDED.value,
        "occurred_at": scan.at or datetime(day.year, day.month, day.day),
        "item": f"{leg.origin}-{leg.destination}",
        "cabin": codes.cabin(leg.carrier, leg.compartment, day),
        "haul": haul(leg.origin, leg.destination),
        "properties": {key: value for key, value in told.items() if value} or None,
    }.items():
        events[name].append(value)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Booking, name and flight of each scan."""
    batch = read(header, lines)
    return batch.line, batch.native_key


def is_header(raw: bytes) -> bool:
    """Whether a line names the columns of the CSV: words, one of which is the bar code's."""
    names = re.split(rb"[,;\t|]", raw.lower().replace(b'"', b"").strip())
    words = all(re.fullmatch(rb"[a-z][a-z_ ]{0,29}", name.strip()) for name in names)
    return words and any(name.strip() in _CODE_NAMES for name in names)


def recognises(sample: Sample) -> float:
    """Lines that hold a bar code, most of them."""
    lines = [line for line in sample.head.split(b"\n")[:20] if line.strip()]
    told = [line for line in lines if re.search(rb"(?:^|[,;\t|\"])M[1-4][A-Z][A-Z0-9 ./'-]{19}[A-Z ].{36}", line)]
    return 0.9 if told and len(told) * 2 > len(lines) and b"{" not in lines[0][:1] else 0.0


CONNECTOR = Connector(
    name="bcbp",
    title="Boarding-pass scans",
    family=Family.PSS,
    format="BCBP",
    version="1 to 8",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    freshness_hours=2,
    passes_over=is_header,
    introduces=False,
    recognises=recognises,
    specification="IATA Resolution 792, bar-coded boarding pass",
)
