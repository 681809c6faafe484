"""What became of each flight: on time, late, cancelled, diverted. A template: CSV, or JSON objects. About nobody.

The last word on a flight of a day stands. Whom it disrupted is found afterwards, by who was booked on it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.known_by import codes_of

FIELDS = (
    Field("carrier", "IATA airline", "NV", required=True, aliases=("airline", "operating_carrier", "airline_code")),
    Field("flight_number", "number", "781", required=True, aliases=("flight", "flightNumber")),
    Field("flight_date", "date", "2026-10-30", required=True,
          aliases=("scheduled_date", "departure_date", "flightDate")),
    Field("origin", "IATA airport", "CPH", required=True, aliases=("from", "departure_airport", "board_point")),
    Field("destination", "IATA airport", "LIS", required=True, aliases=("to", "arrival_airport", "off_point")),
    Field("flight_status", "scheduled delayed departed arrived diverted cancelled", "delayed", required=True,
          aliases=("status", "state", "flightStatus")),
    Field("scheduled_departure", "moment", "2026-10-30T06:10:00Z", aliases=("std", "scheduled_at", "STD")),
    Field("estimated_departure", "moment", "2026-10-30T08:25:00Z", aliases=("etd", "estimated_at", "ETD")),
    Field("actual_departure", "moment", "", aliases=("atd", "departed_at", "ATD")),
    Field("delay_minutes", "number", "135", aliases=("delay", "delayMinutes", "departure_delay")),
    Field("delay_code", "IATA delay code", "41", aliases=("delayCode",)),
    Field("reason", "text", "aircraft defect", aliases=("delay_reason",)),
    Field("diverted_to", "IATA airport", "", aliases=("diversion_airport",)),
    Field("updated_at", "moment", "2026-10-30T06:30:00Z", aliases=("told_at", "timestamp")),
)  # fmt: skip
_STATES = {
    **dict.fromkeys(("scheduled", "on_time", "on time", "sch", "planned"), "scheduled"),
    **dict.fromkeys(("delayed", "delay", "dly", "dl", "late"), "delayed"),
    **dict.fromkeys(("departed", "dep", "dp", "airborne", "active", "off"), "departed"),
    **dict.fromkeys(("arrived", "landed", "arr", "ar", "on"), "arrived"),
    **dict.fromkeys(("diverted", "div", "dv"), "diverted"),
    **dict.fromkeys(("cancelled", "canceled", "cnl", "cxl", "cx"), "cancelled"),
}
_MOST_MINUTES = 7 * 24 * 60
_CARRIER = re.compile(r"^(?:[A-Z]{2,3}|[A-Z]\d(?=\d{3})|\d[A-Z])")
_MINUTE = np.timedelta64(1, "m")


def read(header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None) -> Batch:
    """Read flight statuses; the native key is carrier, flight, day and airport of departure."""
    columns = table(header, lines, FIELDS, "disruptions", names=names)
    scheduled, estimated, left, told = (
        columns.moments(name, required=False)
        for name in ("scheduled_departure", "estimated_departure", "actual_departure", "updated_at")
    )
    states = columns.choice("flight_status", _STATES, "scheduled, delayed, departed, arrived, diverted or cancelled")
    columns.text("flight_status", required=True)
    facts: dict[str, Any] = {
        **_flights(columns),
        "state": [state or "scheduled" for state in states],
        "scheduled_at": scheduled,
        "estimated_at": estimated,
        "departed_at": left,
        "delay_minutes": _minutes(columns, scheduled, estimated, left),
        "delay_code": [value or "" for value in columns.text("delay_code", longest=4)],
        "reason": [value or "" for value in columns.text("reason", longest=80)],
        "diverted_to": [value or "" for value in codes_of(columns, "diverted_to", 3, 3)],
        "told_at": told,
    }
    return Batch(lines, columns.line, _keys(facts), facts={"flight_status": facts}, rejects=columns.rejects)


def _flights(columns: Columns) -> dict[str, Any]:
    return {
        "carrier": codes_of(columns, "carrier", 2, 3, required=True),
        "flight_number": [_number(value) for value in columns.text("flight_number", required=True, longest=6)],
        "flight_date": columns.days("flight_date", required=True),
        "origin": codes_of(columns, "origin", 3, 3, required=True),
        "destination": codes_of(columns, "destination", 3, 3, required=True),
    }


def _number(told: str | None) -> str | None:
    """The number alone: without its carrier, without leading zeros."""
    return _CARRIER.sub("", told.upper().replace(" ", "")).lstrip("0") if told else None


def _minutes(columns: Columns, scheduled: np.ndarray, estimated: np.ndarray, left: np.ndarray) -> NDArray[np.float64]:
    """The delay as it is told, else by the clock; NaN where neither says. A flight that leaves early is not late."""
    told = columns.whole("delay_minutes", -_MOST_MINUTES, _MOST_MINUTES, required=False).astype(np.float64)
    texts = columns.text("delay_minutes")
    by_clock = (np.where(np.isnat(left), estimated, left) - scheduled) / _MINUTE
    absent = np.array([text is None for text in texts], dtype=bool)
    return np.maximum(np.where(absent, by_clock, told), 0.0)


def _keys(facts: Mapping[str, Any]) -> list[str]:
    parts = (facts[name] for name in ("carrier", "flight_number", "flight_date", "origin"))
    return ["/".join(map(str, key)) for key in zip(*parts, strict=True)]


def scan(
    header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """The flight, day and airport of each row."""
    only = ("carrier", "flight_number", "flight_date", "origin", "destination")
    columns = table(header, lines, FIELDS, "disruptions", only=only, names=names)
    return columns.line, _keys(_flights(columns))


CONNECTOR: Connector = Connector(
    name="disruptions",
    title="Flight status and disruptions",
    family=Family.PSS,
    format="CSV or JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    about_people=False,
    freshness_hours=2,
    framing=Framing.TABLE,
    recognises=lambda sample: (
        0.9 * any(sample.has("flight_date", "origin", status) for status in ("flight_status", "delay_minutes"))
    ),
    specification="ours: a template; delay codes of AHM 730",
    mapped=lambda names: replace(CONNECTOR, read=partial(read, names=names), scan=partial(scan, names=names)),
)
