"""Scans of boarding passes: the bar code of IATA Resolution 792 a line, as it is, or in CSV with a time and a gate.

A scan boards one leg: the one of its day, else the first.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib import clock
from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import agents, codes
from profiles.sources.bcbp_code import Leg, Pass, understood
from profiles.sources.columns import read_instant
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
_SEPARATORS, _LONGEST_GATE = ",;\t|", 8
_EVENT = ("mention", "kind", "occurred_at", "item", "cabin", "haul", "properties")
_CODE_NAMES = (b"barcode", b"bar_code", b"bar code", b"bcbp", b"code", b"scan", b"boarding_pass", b"data")
_NAMES_A_CODE = re.compile(rb"code|bcbp|scan|boarding_pass|data", re.IGNORECASE)
_TIMED, _IS_DATE = re.compile(r"[,;\t]\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Scan:
    """A line of the file: the code, and what the gate adds."""

    code: str
    at: datetime | None = None
    gate: str | None = None


def scanned_line(raw: bytes) -> Scan:
    """The code of a line, which may stand in CSV beside a time and a gate in any order. Raises Unreadable."""
    text = raw.decode()
    if _CODE.match(text) and not _TIMED.search(text):
        return Scan(text)
    parts = _parts(text)
    code = next((part for part in parts if _CODE.match(part)), None)
    if code is None:
        raise Unreadable("code", text[:2], "a bar code that begins with M1, at least 60 characters")
    at, gate = None, None
    for part in dict.fromkeys(part.strip() for part in parts if part is not code):
        moment = read_instant(part) if part[:1].isdigit() else None
        if moment is not None:
            at = at or moment
        elif _IS_DATE.match(part):
            raise Unreadable("scanned_at", part, "a moment as 2026-10-30T06:02:11Z")
        elif part and gate is None and len(part) <= _LONGEST_GATE:
            gate = part
    return Scan(code, at, gate)


def _parts(text: str) -> list[str]:
    """What stands between the separators of a line of CSV. Raises Unreadable."""
    separator = max(_SEPARATORS, key=text.count)
    if '"' not in text and "\r" not in text:
        return text.split(separator)
    try:
        return next(csv.reader([text], delimiter=separator), [])
    except csv.Error as error:
        raise Unreadable("line", f"not CSV: {error}", "a bar code, or CSV with one") from None


@dataclass(frozen=True, slots=True)
class Boarding:
    """What a line tells: the scan, the pass, and which of its legs is boarded on which day."""

    scan: Scan
    boarding: Pass
    leg: Leg
    day: date

    @property
    def native_key(self) -> str:
        leg = self.leg
        of = leg.locator or leg.sequence
        return f"{of}/{self.boarding.name}/{leg.carrier}{leg.flight_number}/{self.day.isoformat()}/{leg.origin}"


def boarded(raw: bytes, today: date) -> Boarding:
    """Read a line. Raises Unreadable."""
    scan = scanned_line(raw)
    boarding = understood(scan.code.upper())
    return Boarding(scan, boarding, *_boarded(boarding, scan.at, today))


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read scans: boarded, once a pass and leg."""
    at_line: list[int] = []
    native: list[str] = []
    people: list[tuple[str | None, ...]] = []
    events: list[tuple[Any, ...]] = []
    today = clock.now().date()
    cabin = lru_cache(maxsize=10_000)(codes.cabin)

    def take(line: int, raw: bytes) -> None:
        told = boarded(raw, today)
        leg, (surname, _, given) = told.leg, told.boarding.name.partition("/")
        given_name = given.strip() or None
        number = (
            agents.programme(leg.member_carrier or leg.carrier, leg.member).get("loyalty_number")
            if leg.member
            else None
        )
        ticket = f"ticket:{leg.ticket}" if leg.ticket else None
        people.append(
            (surname.strip() or None, given_name, number, traveller(leg.locator or None, surname, given_name), ticket)
        )
        day = told.day
        events.append(
            (len(native), EventKind.BOARDED.value, told.scan.at or datetime(day.year, day.month, day.day),
             f"{leg.origin}-{leg.destination}", cabin(leg.carrier, leg.compartment, day),
             haul(leg.origin, leg.destination), _properties(told))
        )  # fmt: skip
        at_line.append(line)
        native.append(told.native_key)

    rejects = each(lines, take)
    surnames, given_names, numbers, travellers, tickets = _turned(people, 5)
    every, none = np.ones(len(native), dtype=bool), np.zeros(len(native), dtype=bool)
    held = [
        Keys(IdentifierKind.LOYALTY_NUMBER, numbers, every),
        Keys(IdentifierKind.TRAVELLER, travellers, every),
        Keys(IdentifierKind.ACCOUNT, tickets, none),
    ]
    person = {"surname": surnames, "given_name": given_names, "loyalty_number": numbers}
    facts = {"events": dict(zip(_EVENT, _turned(events, len(_EVENT)), strict=True))} if events else {}
    return Batch(lines, np.array(at_line, dtype=np.int64), native, person, held, facts, rejects)


def _turned(rows: list[tuple[Any, ...]], columns: int) -> list[list[Any]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(columns)]


def _boarded(boarding: Pass, at: datetime | None, today: date) -> tuple[Leg, date]:
    """The leg that a scan boards, and its day."""
    near = at.date() if at else today
    if not at and len(boarding.issued) == 4:
        near = julian(boarding.issued[1:], today, boarding.issued[0]) or today
    days = [(leg, julian(leg.day_of_year, near) or near) for leg in boarding.legs]
    return min(days, key=lambda one: abs((one[1] - near).days)) if at and len(days) > 1 else days[0]


def _properties(told: Boarding) -> dict[str, Any] | None:
    found: dict[str, Any] = {"seat": told.leg.seat} if told.leg.seat else {}
    if told.scan.gate:
        found["gate"] = told.scan.gate
    if told.leg.fast_track == "Y":
        found["fast_track"] = True
    return found or None


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Booking, name and flight of each scan."""
    found: list[int] = []
    native: list[str] = []
    today = clock.now().date()

    def take(line: int, raw: bytes) -> None:
        native.append(boarded(raw, today).native_key)
        found.append(line)

    each(lines, take)
    return np.array(found, dtype=np.int64), native


def is_header(raw: bytes) -> bool:
    """Whether a line names the columns of the CSV: words, one of which is the bar code's."""
    if not _NAMES_A_CODE.search(raw):
        return False
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
