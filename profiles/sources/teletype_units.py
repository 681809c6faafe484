"""Cuts a file of Type B messages into records: a passenger element of a name list each, or a whole message.

Messages come with their address lines or without, one after the other, parted by lines of `=`, by blank lines, by their
ends or by nothing but the next one's beginning. What a second sending changes (addresses, times, part numbers, totals)
stays out of the records, so that the same passenger told again is the same record. Each record begins with a line of
ours, `=DAY 2026-12-16`: the flight's day with the year that no message tells.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from io import BytesIO
from typing import BinaryIO

from iaros.lib import clock
from profiles.sources import line_units
from profiles.sources.contract import Reject, Sample
from profiles.sources.flight_days import day_in, nearest
from profiles.sources.units import LONGEST_UNIT, Unit, whole

# Standard message identifiers of IATA's passenger, baggage and movement messages.
IDENTIFIERS = frozenset(
    (
        *("PNL", "ADL", "PFS", "PRL", "ETL", "PTM", "PAL", "CAL", "PSM", "TPM", "SOM", "FTL", "PIL"),
        *("BSM", "BPM", "BUM", "BTM", "BCM", "BNS", "BMM", "BRQ", "BNH"),
        *("MVT", "LDM", "CPM", "UCM", "SSM", "ASM", "DIV", "FWD", "LIR", "NTM", "SLS", "CAS", "TTM"),
    )
)
NAME_LISTS = frozenset({"PNL", "ADL", "PFS"})
ACTIONS = ("ADD", "CHG", "DEL")

_SEPARATOR = re.compile(r"[=\-_*+#]{1,}|NNNN|ZCZC.*")
_LABEL = re.compile(r"=([A-Z][A-Z ]*)")
_ADDRESSES = re.compile(r"(?:Q[A-Z]|SS)(?: +[A-Z0-9]{7})+")
_MORE_ADDRESSES = re.compile(r"[A-Z]{3}[A-Z0-9]{4}(?: +[A-Z]{3}[A-Z0-9]{4})*")
_ORIGIN = re.compile(r"\.[A-Z]{3}[A-Z0-9]{4}(?: .*)?")
_IDENTIFIER = re.compile(r"([A-Z]{3})(?: +(?:COR|PDM))*")
_END = re.compile(r"END ?(?:([A-Z]{3})|PART ?\d{1,2})")
_PART = re.compile(r" +PART ?(\d{1,2})\b.*")
_TOTAL = re.compile(r"-([A-Z]{3}) *(\d{1,3}) *([A-Z])\b.*")
_SECTION = re.compile(r"-([A-Z]{3}) *\d* *([A-Z]?)\b.*")
_ELEMENT = re.compile(r"(\d{1,3})[^\d\s].*")
CATEGORY = re.compile(
    r"(?:\d{1,3} *)?(NOSHO|GOSHO|NOREC|INVOL|OFFLK|OFFLN|CHGCL|CHGFL|CHGSG|IDPAD|UPGRD|DGRAD|DIVRT) *"
    r"\d{0,3} *([A-Z]?)"
)
_RECEIVED = re.compile(r"\b(\d{4})[-/](\d{2})[-/](\d{2})\b")
_LONGEST = LONGEST_UNIT - 1024  # no message is as long: what has no end is cut, and its beginning read
_NOTHING_BUT_NIL = "NIL"


@dataclass
class _Message:
    """What was gathered of the message that is being read."""

    received: date | None = None
    kind: str = ""
    row: int = 0
    lines: list[tuple[int, str]] = field(default_factory=list)
    label: str = ""
    ended: str = ""
    size: int = 0

    def __bool__(self) -> bool:
        return bool(self.kind or self.lines)


@dataclass
class _Tally:
    """How many names a list promised and gave, over all its parts."""

    row: int
    head: list[str]
    parts: set[int] = field(default_factory=set)
    ended: str = ""
    promised: dict[tuple[str, str], int] = field(default_factory=dict)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)


def units(file: BinaryIO) -> Iterator[Unit]:
    """The records of the file; a list that ends early or gives another number of names than it promised is named.

    Its names go in all the same.
    """
    tallies: dict[str, _Tally] = {}
    message, last_row = _Message(), 0
    for line in line_units.units(file):
        if line.fault:
            yield from _closed(message, tallies)
            message = _Message()
            yield line
            continue
        text = line.raw.decode(errors="replace").strip(" \t\r\f\x01\x02\x07").upper()
        gap, last_row = line.row > last_row + 1, line.row
        ends_here, text = "\x03" in text, text.replace("\x03", "").strip()
        if _starts(message, text, gap):
            yield from _closed(message, tallies)
            message = _Message()
        if text and not _LABEL.fullmatch(text) and _SEPARATOR.fullmatch(text):
            ends_here = True
        elif text:
            _take(message, line.row, text)
        if message and (ends_here or message.ended or message.size > _LONGEST):
            yield from _closed(message, tallies)
            message = _Message()
    yield from _closed(message, tallies)
    for tally in tallies.values():
        yield from _miscounted(tally)


def _starts(message: _Message, text: str, gap: bool) -> bool:
    """Whether this line begins another message, though nothing closed the one before."""
    if not message:
        return False
    label = _LABEL.fullmatch(text)
    if label:
        return label[1] == "HEADER" or (label[1] in ("PRIORITY", "SMI") and message.label == "TEXT")
    if _ADDRESSES.fullmatch(text) or _ORIGIN.fullmatch(text):
        return True
    named = _IDENTIFIER.fullmatch(text)
    if not named or not message.lines:
        return False
    return named[1] in IDENTIFIERS or (gap and named[1] not in (*ACTIONS, _NOTHING_BUT_NIL))


def _take(message: _Message, row: int, text: str) -> None:
    label = _LABEL.fullmatch(text)
    if label:
        message.label = label[1].strip()
        return
    if message.label and message.label not in ("SMI", "TEXT"):
        told = _RECEIVED.search(text)
        if message.label == "HEADER" and told:
            message.received = _date(*map(int, told.groups()))
        return
    end = _END.fullmatch(text)
    if end and message.kind:
        message.ended = text.replace(" ", "")
        return
    if not message.kind and not message.lines:
        if _ADDRESSES.fullmatch(text) or _ORIGIN.fullmatch(text) or _MORE_ADDRESSES.fullmatch(text):
            return
        named = _IDENTIFIER.fullmatch(text)
        if named:
            message.kind, message.row = named[1], row
            return
        message.row = row
    if message.label == "TEXT" and not message.lines and text == message.kind:
        return
    message.lines.append((row, text))
    message.size += len(text) + 1


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _closed(message: _Message, tallies: dict[str, _Tally]) -> Iterator[Unit]:
    """The records of a message that is read to its end."""
    if not message:
        return
    near = message.received or clock.now().date()
    day = next((found for _, text in message.lines if (found := day_in(text))), None)
    on = nearest(day, near) if day else None
    head = [f"=DAY {on.isoformat()}"] if on else []
    if message.kind:
        head.append(message.kind)
    if message.kind not in NAME_LISTS or not message.lines:
        yield _unit(message.row, [*head, *(text for _, text in message.lines)])
        return
    flight = message.lines[0][1]
    part = _PART.search(flight)
    head.append(_PART.sub("", flight))
    tally = tallies.get(head[-1] + message.kind)
    number = int(part[1]) if part else 1
    if tally is None or number in tally.parts:
        if tally:
            yield from _miscounted(tally)
        tally = tallies[head[-1] + message.kind] = _Tally(message.row, head)
    tally.parts.add(number)
    tally.ended = message.ended if tally.ended[3:6] != message.kind else tally.ended
    yield from _elements(message, head, tally)


def _elements(message: _Message, head: list[str], tally: _Tally) -> Iterator[Unit]:
    """The passenger elements of a list, each under the lines that say what it is."""
    section, place, action, category = "", ("", ""), "", ""
    element: list[str] = []
    row = message.row
    for at, text in message.lines[1:]:
        part, group = _SECTION.fullmatch(text), CATEGORY.fullmatch(text)
        starts = _ELEMENT.fullmatch(text) if not group else None
        if not (part or group or starts or text in ACTIONS or text == _NOTHING_BUT_NIL):
            if element:
                element.append(text)
            continue
        if element:
            yield _unit(row, [*head, *filter(None, (section, action, category)), *element])
            element = []
        if part:
            section, place, action, category = f"-{part[1]}{part[2]}", (part[1], part[2]), "", ""
            total = _TOTAL.fullmatch(text)
            if total:
                tally.promised[place] = int(total[2])
        elif group:
            category = f"{group[1]} {group[2]}".strip()
        elif text in ACTIONS:
            action = text
        else:
            tally.given[place] += int(starts[1]) if starts else 0
            element, row = [text], at
    if element:
        yield _unit(row, [*head, *filter(None, (section, action, category)), *element])


def _miscounted(tally: _Tally) -> Iterator[Unit]:
    """What is wrong with a list as a whole, as records that no parser sees."""
    kind = tally.head[-2]
    head = "\n".join(tally.head).encode()
    if not tally.ended:
        yield Unit(tally.row, head, 0, Reject(-1, "end", f"no END{kind}", f"END{kind} or ENDPART after the last name"))
    elif kind == "PNL" and tally.ended == "ENDPNL":
        for (destination, cabin), promised in tally.promised.items():
            given = tally.given[destination, cabin]
            if given != promised:
                raw = head + f"\n-{destination}{promised:03d}{cabin}".encode()
                said = f"{given} names to {destination} in {cabin}"
                yield Unit(tally.row, raw, 0, Reject(-1, "totals", said, f"{promised}, as the list says itself"))


def _unit(row: int, lines: list[str]) -> Unit:
    return whole(row, "\n".join(lines).encode())


@lru_cache(maxsize=8)
def kinds_in(head: bytes) -> Counter[str]:
    """How many messages of each kind the beginning of a file holds; empty where it does not begin as Type B does."""
    lines = (line.strip().decode("latin-1").upper() for line in head[:4096].splitlines())
    first = next((line for line in lines if line.strip("=\x01\x02 ")), "").strip("\x01\x02")
    begins = _ADDRESSES.fullmatch(first) or _ORIGIN.fullmatch(first) or _LABEL.fullmatch(first)
    if not begins and first not in IDENTIFIERS and not _IDENTIFIER.fullmatch(first):
        return Counter()
    found: Counter[str] = Counter()
    for unit in units(BytesIO(head)):
        lines_of = unit.raw.decode(errors="replace").split("\n")
        kind = lines_of[1] if lines_of[0].startswith("=DAY") and len(lines_of) > 1 else lines_of[0]
        if not unit.fault:
            found[kind if kind in IDENTIFIERS else ""] += 1
    return found if any(kind in IDENTIFIERS for kind in found) else Counter()


def sure(sample: Sample, kinds: frozenset[str]) -> float:
    """How sure one can be that a file holds messages of these kinds and no others."""
    found = kinds_in(sample.head)
    return 0.9 if found and set(found) <= kinds else 0.0
