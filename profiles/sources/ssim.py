"""The flight schedule, as SSIM chapter 7 writes it: a leg and its period a record of 200 characters. About nobody.

Parsers disagree on which of its two times is the passenger's and which the aircraft's in either direction: both are
kept as they stand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Reject, Sample
from profiles.sources.flight_days import nearest
from profiles.sources.json_lines import EARLIEST, Unreadable

FIELDS = (
    Field("Airline", "columns 3-5", "NV", required=True),
    Field("Flight number", "columns 6-9", "0781", required=True),
    Field("Itinerary variation and leg", "columns 10-13", "0101", required=True),
    Field("Service type", "column 14", "J", required=True),
    Field("Period", "columns 15-28", "29MAR2624OCT26", required=True),
    Field("Days of operation", "columns 29-35", "1 345 7", required=True),
    Field("Departure station, times, UTC variation, terminal", "columns 37-54", "CPH07150715+0200 3", required=True),
    Field("Arrival station, times, UTC variation, terminal", "columns 55-72", "LIS10301030+0100 1", required=True),
    Field("Aircraft type", "columns 73-75", "73H"),
    Field("Booking classes", "columns 76-95", "YBMHQ"),
    Field("Joint operation", "columns 111-119", ""),
    Field("Onward flight", "columns 138-146", "NV  0782"),
    Field("Configuration", "columns 173-192", "Y189"),
    Field("Data elements", "records of type 4", "010TP 1234"),
)
_TIME = re.compile(r"(?:[01]\d|2[0-3])[0-5]\d|2400")
_DIGITS = re.compile(r" *[0-9]+ *")
_STATION = re.compile(r"[A-Z]{3}")
_VARIATION = re.compile(r"[+-]\d{4}")
_DAYS = re.compile(r"[1-7 ]{7}")
_OPEN_END = "00XXX00"
_SHORTEST = 70  # up to the variation of the arrival


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read legs; the native key is flight, variation, leg, service and first day."""
    at_line: list[int] = []
    keys: list[str] = []
    facts: dict[str, list[Any]] = defaultdict(list)
    rejects: list[Reject] = []
    for line, raw in enumerate(lines.raw):
        try:
            leg = understood(raw)
        except Unreadable as error:
            rejects.append(Reject(line, error.field, error.reason, error.expected))
            continue
        at_line.append(line)
        keys.append(_key(leg))
        for name, value in leg.items():
            facts[name].append(value)
    return Batch(lines, np.array(at_line, dtype=np.int64), keys, facts={"schedule": dict(facts)}, rejects=rejects)


def understood(raw: bytes) -> dict[str, Any]:
    """A leg with its columns checked. Raises Unreadable."""
    records = raw.decode().upper().split("\n")
    head = records.pop(0) if records[0].startswith("2") else ""
    text = records[0].ljust(194)
    if len(records[0]) < _SHORTEST:
        raise Unreadable("record", records[0][:40], f"at least {_SHORTEST} characters of a leg record")
    ends = text[21:28]
    leg: dict[str, Any] = {
        "carrier": _code(text[2:5], "Airline"),
        "flight_number": _number(text[5:9]),
        "suffix": text[1].strip(),
        "variation": (text[127].strip() + text[9:11]).strip(),
        "leg": _number(text[11:13], "Leg"),
        "service": text[13].strip(),
        "starts_on": _day(text[14:21], "Period"),
        "ends_on": None if ends == _OPEN_END else _day(ends, "Period"),
        "weekdays": _matched(text[28:35], _DAYS, "Days of operation", "days 1 to 7").replace(" ", ""),
        "origin": _matched(text[36:39], _STATION, "Departure station", "an IATA airport code"),
        "passenger_departure": _matched(text[39:43], _TIME, "Departure time", "a time as 0715"),
        "aircraft_departure": _matched(text[43:47], _TIME, "Departure time", "a time as 0715"),
        "departure_variation": _matched(text[47:52], _VARIATION, "UTC variation", "a variation as +0200"),
        "departure_terminal": text[52:54].strip(),
        "destination": _matched(text[54:57], _STATION, "Arrival station", "an IATA airport code"),
        "aircraft_arrival": _matched(text[57:61], _TIME, "Arrival time", "a time as 0715"),
        "passenger_arrival": _matched(text[61:65], _TIME, "Arrival time", "a time as 0715"),
        "arrival_variation": _matched(text[65:70], _VARIATION, "UTC variation", "a variation as +0200"),
        "arrival_terminal": text[70:72].strip(),
        "aircraft": text[72:75].strip(),
        "booking_classes": text[75:95].strip(),
        "joint_operation": text[110:119].strip(),
        "onward_flight": " ".join(text[137:146].split()),
        "configuration": text[172:192].strip(),
        "time_mode": head[1:2].strip(),
        "data_elements": [_data_element(record) for record in records[1:]],
    }
    if leg["ends_on"] and leg["ends_on"] < leg["starts_on"]:
        raise Unreadable("Period", text[14:28], "a last day that is not before the first")
    return leg


def _data_element(record: str) -> dict[str, str]:
    """What record 4 says of a segment: the number of the data element, from where to where, and its text."""
    text = record.ljust(39)
    return {"element": text[30:33].strip(), "segment": f"{text[33:36]}-{text[36:39]}", "text": record[39:].strip()}


def _code(text: str, name: str) -> str:
    code = text.strip()
    if not 2 <= len(code) <= 3 or not code.isalnum():
        raise Unreadable(name, text, "a code of two or three letters")
    return code


def _number(text: str, name: str = "Flight number") -> str:
    if not _DIGITS.fullmatch(text):
        raise Unreadable(name, text, "digits")
    return str(int(text))


def _matched(text: str, pattern: re.Pattern[str], name: str, expected: str) -> str:
    if not pattern.fullmatch(text):
        raise Unreadable(name, text, expected)
    return text


def _day(text: str, name: str) -> str:
    day = nearest(text, EARLIEST.date()) if len(text) == 7 else None
    if day is None:
        raise Unreadable(name, text, "days as 29MAR26")
    return day.isoformat()


def _key(leg: dict[str, Any]) -> str:
    parts = ("carrier", "flight_number", "suffix", "variation", "leg", "service", "starts_on", "origin")
    return "/".join(leg[part] for part in parts)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The key of each leg."""
    batch = read(header, lines)
    return batch.line, batch.native_key


def recognises(sample: Sample) -> float:
    """A file that begins with the header of a schedule, or with legs of its width."""
    lines = [line for line in sample.head.split(b"\n")[:40] if line.strip(b"0 \r")]
    if lines and lines[0].startswith(b"1AIRLINE STANDARD SCHEDULE DATA SET"):
        return 0.95
    legs = [line for line in lines if re.match(rb"3[A-Z ][A-Z0-9]{2}[A-Z ][\d ]{4}\d{4}[A-Z]\d{2}[A-Z]{3}\d{2}", line)]
    return 0.8 if legs and len(legs) * 2 >= len(lines) else 0.0


CONNECTOR = Connector(
    name="ssim",
    title="Flight schedule (SSIM)",
    family=Family.PSS,
    format="SSIM chapter 7",
    version="7",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    about_people=False,
    freshness_hours=24 * 8,
    framing=Framing.SSIM,
    recognises=recognises,
    specification="IATA Standard Schedules Information Manual, chapter 7, as several open parsers read its columns",
)
