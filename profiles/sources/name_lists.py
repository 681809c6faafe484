"""What name lists share (PNL, ADL, PFS): whose flight it is, who is named, and what is remarked of them.

Comes in: a passenger element under its head, as `teletype_units` cuts it. Goes out: the flight, the names, the remarks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources import agents
from profiles.sources.contract import Batch, Keys, Lines, Reject
from profiles.sources.json_lines import Unreadable
from profiles.sources.teletype_units import ACTIONS, CATEGORY
from profiles.sources.travellers import traveller

_FLIGHT = re.compile(
    r"([A-Z]{2}[A-Z]?|[A-Z]\d|\d[A-Z]) ?(\d{1,4})([A-Z]?)/(\d{1,2}[A-Z]{3}(?:\d{4}|\d{2})?) +([A-Z]{3})\b.*"
)
_SECTION = re.compile(r"-([A-Z]{3})([A-Z]?)")
_NAMES = re.compile(r"(\d{1,3})([A-Z][A-Z' -]*)((?:/[A-Z' -]*)*)((?:-[A-Z]{1,2}\d{1,2})?)")
_PART = re.compile(r"(?:^| )\.([A-Z]{1,2}\d?)/")
_GLUED = re.compile(r"(?<=[A-Z])\.L/")
_LOCATOR = re.compile(r"[A-Z0-9]{5,8}")
_REQUEST = re.compile(r"([A-Z]{4})\b ?(.*)")
_FREQUENT_FLYER = re.compile(r"FQT[VRUS] +([A-Z0-9]{2})\b[ /]*(?:[A-Z]{2}\d{0,2}\b[ /]*)?([A-Z0-9]{4,20})\b")
_TICKET = re.compile(r"TKN[EAM]\b.*?(\d{13})")
_OF_ONE = re.compile(r"-\d{1,3}[A-Z][A-Z' -]*/[A-Z' -]+$")


@dataclass(frozen=True)
class Flight:
    carrier: str
    number: str
    day: date
    origin: str

    @property
    def name(self) -> str:
        return f"{self.carrier}{self.number}/{self.day}/{self.origin}"


@dataclass(frozen=True)
class Request:
    """A special service request as it is remarked; `of` is the name it is said of where several stand together."""

    code: str
    text: str
    of: str = ""


@dataclass
class Element:
    """One passenger element. `people` are (surname, given name), empty where the list says that there is nobody."""

    kind: str
    flight: Flight
    destination: str = ""
    booking_class: str = ""
    action: str = ""
    category: str = ""
    people: list[tuple[str, str | None]] = field(default_factory=list)
    locator: str | None = None
    requests: list[Request] = field(default_factory=list)

    @property
    def route(self) -> str:
        return f"{self.flight.origin}-{self.destination}" if self.destination else self.flight.origin

    def of(self, person: tuple[str, str | None]) -> list[Request]:
        """The requests that are said of this person, or of nobody in particular."""
        name = "/".join(part for part in person if part)
        return [one for one in self.requests if not one.of or one.of == name]


def read_element(raw: bytes, kinds: tuple[str, ...]) -> Element:
    """The element with its head understood. Raises Unreadable naming what is not."""
    lines = raw.decode().upper().split("\n")
    day = _iso(lines.pop(0)[5:]) if lines[0].startswith("=DAY ") else None
    kind = lines.pop(0) if lines else ""
    if kind not in kinds:
        raise Unreadable("message", f"a {kind[:20]} message", f"{' or '.join(kinds)}")
    told = _FLIGHT.fullmatch(lines[0]) if lines else None
    if not told or day is None:
        raise Unreadable("flight", lines[0] if lines else None, "a flight as BA0117/16DEC LHR")
    number = f"{int(told[2])}{told[3]}"
    element = Element(kind, Flight(told[1], number, day, told[5]))
    body = lines[1:]
    while body and not re.match(r"\d", body[0]) and body[0] != "NIL":
        _note(element, body.pop(0))
    if body and body[0] != "NIL":
        _read_names(element, " ".join(body))
    return element


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _note(element: Element, line: str) -> None:
    section, category = _SECTION.fullmatch(line), CATEGORY.fullmatch(line)
    if section:
        element.destination, element.booking_class = section[1], section[2]
    elif line in ACTIONS:
        element.action = line
    elif category:
        element.category = category[1]
        element.booking_class = category[2] or element.booking_class
    else:
        raise Unreadable("head", line, "a destination as -JFK, ADD, CHG, DEL or a category as NOSHO")


def _read_names(element: Element, text: str) -> None:
    """The names, and after them the parts that begin with a full stop: .L/ the locator, .R/ remarks."""
    parts = _PART.split(_GLUED.sub(" .L/", text))
    names = _NAMES.fullmatch(parts[0].strip())
    if not names or not names[2].strip(" -"):
        raise Unreadable("name", parts[0].strip(), "names as 1SURNAME/GIVENTITLE")
    given = [one.strip() for one in names[3].split("/")[1:] if one.strip()]
    surname = names[2].strip(" -")
    element.people = [(surname, one) for one in given[: int(names[1])]] or [(surname, None)]
    remarks: list[str] = []
    for letter, said in zip(parts[1::2], parts[2::2], strict=True):
        if letter == "L" and element.locator is None:
            element.locator = next(iter(_LOCATOR.findall(said)), None)
        elif letter == "R":
            remarks.append(said.strip())
        elif letter == "RN" and remarks:
            remarks[-1] += said.strip()
    for remark in remarks:
        request = _REQUEST.fullmatch(remark)
        if request:
            of = _OF_ONE.search(request[2])
            who = of[0].lstrip("-0123456789") if of else ""
            element.requests.append(Request(request[1], _OF_ONE.sub("", request[2]).strip(), who))


def loyalty_number(requests: list[Request]) -> str | None:
    """The number of a member of our own programme, without the carrier before it."""
    for one in requests:
        told = _FREQUENT_FLYER.match(f"{one.code} {one.text}")
        number = agents.programme(told[1], told[2]).get("loyalty_number") if told else None
        if number:
            return number
    return None


def ticket(requests: list[Request]) -> str | None:
    """The thirteen digits of the ticket on which one flies."""
    for one in requests:
        told = _TICKET.match(f"{one.code} {one.text}")
        if told:
            return f"ticket:{told[1]}"
    return None


def travellers(element: Element) -> list[str | None]:
    """The key of each person in the booking; of two who go by the same name neither has one."""
    keys = [traveller(element.locator, surname, given) for surname, given in element.people]
    return [key if keys.count(key) == 1 else None for key in keys]


@dataclass
class ListColumns:
    """The columns that grow while elements are read: a mention a person, or one of nobody for a list that is NIL."""

    line: list[int] = field(default_factory=list)
    native_key: list[str] = field(default_factory=list)
    person: dict[str, list[str | None]] = field(default_factory=dict)
    keys: dict[IdentifierKind, list[str | None]] = field(default_factory=dict)
    facts: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def add(self, line: int, element: Element) -> list[int]:
        """Append the element's mentions; returns which they are."""
        at = len(self.line)
        what = "/".join(filter(None, (element.kind, element.action or element.category, element.flight.name)))
        if not element.people:
            self._mention(line, f"{what}/{element.destination}/NIL", {}, {})
        seen: list[str] = []
        for person, key in zip(element.people, travellers(element), strict=True):
            requests = element.of(person)
            number = loyalty_number(requests)
            name = "/".join(part or "" for part in (element.locator or element.destination, *person))
            seen.append(name)
            values = {"surname": person[0], "given_name": person[1], "loyalty_number": number}
            known_by = {
                IdentifierKind.LOYALTY_NUMBER: number,
                IdentifierKind.TRAVELLER: key,
                IdentifierKind.ACCOUNT: ticket(requests),
            }
            # Father and son of one name in one booking fly on tickets of their own.
            parts = (what, name, str(seen.count(name)), known_by[IdentifierKind.ACCOUNT])
            self._mention(line, "/".join(filter(None, parts)), values, known_by)
        return list(range(at, len(self.line)))

    def put(self, column: str, mention: int, value: str | None) -> None:
        """Set a personal field of a mention."""
        self.person.setdefault(column, [None] * len(self.line))
        self.person[column] += [None] * (len(self.line) - len(self.person[column]))
        self.person[column][mention] = value

    def hold(self, kind: IdentifierKind, mention: int, value: str | None) -> None:
        """Set a key of a mention."""
        column = self.keys.setdefault(kind, [])
        column += [None] * (len(self.line) - len(column))
        column[mention] = value

    def fact(self, table: str, /, **values: Any) -> None:
        columns = self.facts.setdefault(table, {name: [] for name in values})
        for name, value in values.items():
            columns[name].append(value)

    def _mention(
        self, line: int, key: str, person: dict[str, str | None], keys: dict[IdentifierKind, str | None]
    ) -> None:
        self.line.append(line)
        self.native_key.append(key)
        at = len(self.line) - 1
        for name in ("surname", "given_name", "loyalty_number"):
            self.put(name, at, person.get(name))
        for kind in (IdentifierKind.LOYALTY_NUMBER, IdentifierKind.TRAVELLER, IdentifierKind.ACCOUNT):
            self.hold(kind, at, keys.get(kind))

    def batch(self, lines: Lines, rejects: list[Reject]) -> Batch:
        count = len(self.line)
        for column in (*self.person.values(), *self.keys.values()):
            column += [None] * (count - len(column))
        every, none = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
        claiming = (IdentifierKind.LOYALTY_NUMBER, IdentifierKind.TRAVELLER)
        law = {IdentifierKind.PASSPORT: Purpose.LEGAL_OBLIGATION}
        keys = [
            Keys(kind, values, every if kind in claiming else none, law.get(kind, Purpose.SERVICING))
            for kind, values in self.keys.items()
        ]
        at = np.array(self.line, dtype=np.int64)
        return Batch(lines, at, self.native_key, self.person, keys, dict(self.facts), rejects, party=True)


def each(lines: Lines, take: Callable[[int, bytes], None]) -> list[Reject]:
    """Call `take` for each record; what it calls Unreadable is a reject."""
    rejects: list[Reject] = []
    for at, raw in enumerate(lines.raw):
        try:
            take(at, raw)
        except Unreadable as error:
            rejects.append(Reject(at, error.field, error.reason, error.expected))
    return rejects


def scanned(batch: Batch) -> tuple[NDArray[np.int64], list[str]]:
    """The first native key of each record of a batch."""
    first = np.unique(batch.line, return_index=True)[1] if len(batch.line) else np.empty(0, dtype=np.int64)
    return batch.line[first], [batch.native_key[at] for at in first.tolist()]
