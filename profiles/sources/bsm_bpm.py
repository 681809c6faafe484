"""Baggage messages (BSM, BPM and their kin): which bags travel, whose they are, and what became of them.

A record is a whole message; its mention is the passenger it names, or nobody, who then waits to be known by the tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import agents, codes
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines
from profiles.sources.flight_days import closest, day_in
from profiles.sources.json_lines import Unreadable
from profiles.sources.name_lists import each, scanned
from profiles.sources.places import haul
from profiles.sources.teletype_units import ACTIONS, sure
from profiles.sources.travellers import traveller

KINDS = ("BSM", "BPM", "BUM", "BTM", "BCM", "BNS", "BMM", "BRQ", "BNH")
FIELDS = (
    Field("Message", "BSM BPM BUM ...", "BSM", required=True),
    Field("ADD CHG DEL", "text", "DEL"),
    Field(".V", "version, source, airport", "1LCPH", required=True),
    Field(".F", "flight out", "NV0781/16DEC/LIS/Y"),
    Field(".I", "flight in", "NV0302/16DEC/ARN/Y"),
    Field(".O", "flight onward", "TP0123/16DEC/FNC/Y"),
    Field(".N", "bag tags", "0889123456001", Sensitivity.PSEUDONYM, required=True),
    Field(".S", "authority to load, seat, status, sequence", "Y/12A/C/1"),
    Field(".W", "weights or pieces", "K/1/23"),
    Field(".P", "name", "1SOLHEIM/INGRIDMRS", Sensitivity.IDENTITY),
    Field(".L", "record locator", "7KQX2M", Sensitivity.PSEUDONYM),
    Field(".Y", "member number", "NV480934", Sensitivity.PSEUDONYM),
    Field(".E", "exception", "RUSH"),
    Field(".J", "what was done to the bag", "S/AGENT1/16DEC/0905L"),
    Field(".R", "text of the airline", "INTERNAL"),
    Field(".X", "security", "/CLR"),
)
_ELEMENT = re.compile(r"\.([A-Z])/(.*)")
_SOURCE = re.compile(r"\d?([LTRX])([A-Z]{3}).*")
_FLIGHT = re.compile(r"([A-Z]{2}[A-Z]?|[A-Z]\d|\d[A-Z])(\d{1,4}[A-Z]?)")
_TAGS = re.compile(r"(\d{10})(\d{3})?")
_NAME = re.compile(r"(\d{1,3})?([A-Z][A-Z' -]*?)((?:/[A-Z' -]*)*)")
_LOCATOR = re.compile(r"[A-Z0-9]{5,8}")
_MEMBER = re.compile(r"([A-Z0-9]{2})?([A-Z0-9]{4,20})")
_DONE_AT = re.compile(r"/(\d{1,2}[A-Z]{3}(?:\d{2})?)/(\d{2})(\d{2})[LZ]?\b")
_MOST_TAGS = 999


@dataclass
class Bags:
    """One message. `tags` are (first tag, how many follow on from it); `parts` all elements by their letter."""

    kind: str
    action: str
    parts: dict[str, list[str]]
    day: date | None
    source: str = ""
    airport: str = ""
    tags: tuple[tuple[str, int], ...] = ()

    @property
    def pieces(self) -> int:
        return sum(count for _, count in self.tags)

    def first(self, letter: str) -> str:
        return self.parts.get(letter, [""])[0]

    @property
    def flight(self) -> str:
        """The flight on which the bag leaves, or on which it came."""
        return (self.first("F") or self.first("I") or self.first("O")).split("/")[0]

    @property
    def destination(self) -> str:
        parts = self.first("F").split("/")
        return parts[2][:3] if len(parts) > 2 else ""

    @property
    def booking_class(self) -> str:
        parts = self.first("F").split("/")
        return parts[3][:1] if len(parts) > 3 else ""

    @property
    def name(self) -> tuple[str | None, str | None]:
        """The surname and given name of the first passenger named."""
        told = _NAME.fullmatch(self.first("P"))
        if not told:
            return None, None
        given = next((one.strip() for one in told[3].split("/") if one.strip()), None)
        return told[2].strip(), given

    @property
    def locator(self) -> str | None:
        found = _LOCATOR.match(self.first("L"))
        return found[0] if found else None

    @property
    def member(self) -> str | None:
        """The number of a member of our own programme."""
        found = _MEMBER.match(self.first("Y").split("/")[0])
        return agents.programme(found[1] or "", found[2]).get("loyalty_number") if found else None

    @property
    def at(self) -> datetime | None:
        """When something was done to the bag, or the day of its flight."""
        done = _DONE_AT.search(self.first("J"))
        if not self.day:
            return None
        if done and (day := closest(done[1], self.day)) and done[2] < "24" and done[3] < "60":
            return datetime.combine(day, time(int(done[2]), int(done[3])))
        return datetime.combine(self.day, time())


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read baggage messages; a bag is checked in where its journey begins, whatever hubs tell of it afterwards."""
    at_line: list[int] = []
    native: list[str] = []
    person: dict[str, list[str | None]] = {"surname": [], "given_name": []}
    keys: dict[IdentifierKind, list[str | None]] = {
        kind: [] for kind in (IdentifierKind.LOYALTY_NUMBER, IdentifierKind.TRAVELLER, IdentifierKind.ACCOUNT)
    }
    events: dict[str, list[Any]] = defaultdict(list)

    def take(line: int, raw: bytes) -> None:
        bags = understood(raw)
        surname, given = bags.name
        tag = bags.tags[0][0]
        native.append(f"{bags.kind}/{tag}/{_bare(bags.flight)}/{bags.day or ''}")
        at_line.append(line)
        person["surname"].append(surname)
        person["given_name"].append(given)
        keys[IdentifierKind.LOYALTY_NUMBER].append(bags.member)
        keys[IdentifierKind.TRAVELLER].append(traveller(bags.locator, surname, given))
        # The same tag comes back after some weeks, on another bag.
        keys[IdentifierKind.ACCOUNT].append(f"bag:{tag}/{bags.day}" if bags.day else None)
        if bags.kind == "BSM" and bags.action != "DEL" and bags.source == "L" and bags.at:
            _checked(events, len(native) - 1, bags)

    rejects = each(lines, take)
    every, none = np.ones(len(native), dtype=bool), np.zeros(len(native), dtype=bool)
    held = [Keys(kind, of, none if kind == IdentifierKind.ACCOUNT else every) for kind, of in keys.items()]
    facts = {"events": dict(events)} if events else {}
    return Batch(lines, np.array(at_line, dtype=np.int64), native, person, held, facts, rejects)


def _bare(flight: str) -> str:
    """A flight without the zeros before its number."""
    parts = _FLIGHT.match(flight)
    return f"{parts[1]}{parts[2].lstrip('0')}" if parts else flight


def _checked(events: dict[str, list[Any]], mention: int, bags: Bags) -> None:
    weight = bags.first("W").split("/")
    kilos = weight[2] if len(weight) > 2 and weight[0] == "K" and weight[2].isdecimal() else ""
    carrier = _FLIGHT.match(bags.flight)
    for name, value in {
        "mention": mention,
        "kind": EventKind.BAG_CHECKED.value,
        "occurred_at": bags.at,
        "item": f"{bags.airport}-{bags.destination}" if bags.destination else bags.airport,
        "quantity": bags.pieces,
        "cabin": codes.cabin(carrier[1] if carrier else None, bags.booking_class, bags.day),
        "haul": haul(bags.airport, bags.destination),
        "properties": {"kilos": int(kilos)} if kilos else None,
    }.items():
        events[name].append(value)


def understood(raw: bytes) -> Bags:
    """The message with its elements checked. Raises Unreadable naming what is wrong."""
    lines = raw.decode().upper().split("\n")
    stamped = lines.pop(0)[5:] if lines[0].startswith("=DAY ") else ""
    day = date.fromisoformat(stamped) if stamped else None
    kind = lines.pop(0) if lines else ""
    if kind not in KINDS:
        raise Unreadable("message", f"a {kind[:20]} message", "a baggage message: BSM, BPM, BUM ...")
    action = lines.pop(0) if lines and lines[0] in ACTIONS else ""
    parts: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        element = _ELEMENT.fullmatch(line)
        if not element:
            raise Unreadable("element", line, "elements as .F/BA0117/16DEC/JFK/Y")
        parts[element[1]].append(element[2].strip())
    bags = Bags(kind, action, dict(parts), day)
    source = _SOURCE.fullmatch(bags.first("V"))
    if not source:
        raise Unreadable(".V", bags.first("V") or None, "version, source and airport as 1LCPH")
    bags.source, bags.airport = source[1], source[2]
    bags.tags = _tags(parts.get("N", []))
    flown = next((part for letter in "FIO" for part in parts.get(letter, [])), "")
    if flown and (not _FLIGHT.match(flown.split("/")[0]) or not day_in(flown)):
        raise Unreadable(".F", flown, "a flight as BA0117/16DEC/JFK/Y")
    return bags


def _tags(told: list[str]) -> tuple[tuple[str, int], ...]:
    """Ten digits, and three that say how many tags follow one another from there."""
    if not told:
        raise Unreadable(".N", None, "a tag of ten digits and a count of three")
    found = []
    for one in told:
        tag = _TAGS.fullmatch(one)
        count = int(tag[2] or 1) if tag else 0
        if not tag or not 0 < count <= _MOST_TAGS:
            raise Unreadable(".N", one, "a tag of ten digits and a count of three")
        found.append((tag[1], count))
    return tuple(found)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The kind, first tag and flight of each message."""
    return scanned(read(header, lines))


CONNECTOR = Connector(
    name="bsm_bpm",
    title="Baggage messages (BSM, BPM)",
    family=Family.PSS,
    format="Type B",
    version="RP 1745",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    freshness_hours=2,
    framing=Framing.TELETYPE,
    introduces=False,
    recognises=lambda sample: sure(sample, frozenset(KINDS)),
    specification="IATA Recommended Practice 1745, as public descriptions and samples give it",
)
