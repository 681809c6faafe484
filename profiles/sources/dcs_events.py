"""What departure control sees: checked in, seated, boarded, offloaded, bags. A template of ours: CSV, or JSON objects.

No standard exists; airlines map their own columns to these. An event without an identifier of its own is known by what
it tells, so that the same file comes in once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources import codes
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.known_by import PASSENGER, codes_of, people, ticket_numbers
from profiles.sources.places import haul

FIELDS = (
    Field("event_id", "text", "dcs-20117", aliases=("eventId", "id")),
    Field("event", "check_in seat boarded offloaded bag", "boarded", required=True,
          aliases=("event_type", "eventType", "type", "status")),
    Field("occurred_at", "moment", "2026-10-30T07:41:00Z", required=True, aliases=("timestamp", "at", "event_time")),
    Field("carrier", "IATA airline", "NV", aliases=("airline", "operating_carrier")),
    Field("flight_number", "number", "781", required=True, aliases=("flight", "flightNumber")),
    Field("flight_date", "date", "2026-10-30", required=True, aliases=("departure_date", "flightDate")),
    Field("origin", "IATA airport", "CPH", required=True, aliases=("board_point", "departure_airport", "from")),
    Field("destination", "IATA airport", "LIS", aliases=("off_point", "arrival_airport", "to")),
    *PASSENGER,
    Field("ticket_number", "13 digits", "8891234567890", Sensitivity.PSEUDONYM, aliases=("ticket", "ticketNumber")),
    Field("booking_class", "text", "M", aliases=("class", "rbd")),
    Field("seat", "text", "12A", aliases=("seat_number",)),
    Field("sequence", "number", "45", aliases=("sequence_number", "boarding_sequence")),
    Field("bags", "number", "1", aliases=("bag_count", "checked_bags", "checkedBags")),
    Field("method", "web app kiosk desk", "app", aliases=("channel", "check_in_method", "checkInMethod")),
)  # fmt: skip
_EVENTS = {
    **dict.fromkeys(("check_in", "checkin", "checked_in", "check-in", "ci"), "check_in"),
    **dict.fromkeys(("seat", "seat_change", "seated", "seat_assigned"), "seat"),
    **dict.fromkeys(("boarded", "board", "boarding", "bd"), "boarded"),
    **dict.fromkeys(("offloaded", "offload", "denied", "ol"), "offloaded"),
    **dict.fromkeys(("bag", "bags", "bag_checked", "bag_drop", "bag_count"), "bag"),
    **dict.fromkeys(("no_show", "noshow", "no-show"), "no_show"),
}
_KINDS = {
    "check_in": EventKind.CHECKED_IN,
    "boarded": EventKind.BOARDED,
    "bag": EventKind.BAG_CHECKED,
    "no_show": EventKind.NO_SHOW,
}
_MOST_BAGS = 99


def read(header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None) -> Batch:
    """Read events of departure control; changes of seat and offloads are kept as mentions and counted as nothing."""
    columns = table(header, lines, FIELDS, "dcs_events", names=names)
    found = columns.choice("event", _EVENTS, "check_in, seat, boarded, offloaded, bag or no_show")
    for at, kind in enumerate(found):
        if kind is None and columns.text("event")[at] is None:
            columns.reject(at, "event", "empty", "check_in, seat, boarded, offloaded, bag or no_show")
    moments = columns.moments("occurred_at")
    flights = _flights(columns)
    person, keys = people(columns, tickets=ticket_numbers(columns, "ticket_number"))
    native = _native_keys(columns, found, moments, flights)
    events = _events(columns, found, moments, flights)
    return Batch(lines, columns.line, native, person, keys, {"events": events}, columns.rejects)


def _flights(columns: Columns) -> dict[str, list[str | None]]:
    return {
        "carrier": codes_of(columns, "carrier", 2, 3),
        "number": [v.lstrip("0") if v else None for v in columns.text("flight_number", required=True, longest=8)],
        "day": columns.days("flight_date", required=True),
        "origin": codes_of(columns, "origin", 3, 3, required=True),
        "destination": codes_of(columns, "destination", 3, 3),
        "class": codes_of(columns, "booking_class", 1, 2),
    }


def _native_keys(
    columns: Columns, kinds: list[str | None], moments: np.ndarray, flights: dict[str, list[str | None]]
) -> list[str]:
    told = zip(
        kinds,
        flights["carrier"],
        flights["number"],
        flights["day"],
        *(columns.text(name) for name in ("record_locator", "surname", "given_name", "ticket_number")),
        np.datetime_as_string(moments, unit="s").tolist(),
        strict=True,
    )
    keys = zip(columns.text("event_id", longest=80), told, strict=True)
    return [given or "|".join(part or "" for part in parts) for given, parts in keys]


def _events(
    columns: Columns, found: list[str | None], moments: np.ndarray, flights: dict[str, list[str | None]]
) -> dict[str, list[Any]]:
    bags = columns.whole("bags", 0, _MOST_BAGS, required=False).tolist()
    seats, methods = columns.text("seat", longest=5), columns.text("method", longest=20)
    columns.whole("sequence", 0, 9999, required=False)
    at = moments.tolist()
    events: dict[str, list[Any]] = defaultdict(list)
    for mention, kind in enumerate(found):
        if kind not in _KINDS or at[mention] is None:
            continue
        origin, destination = flights["origin"][mention] or "", flights["destination"][mention]
        method = (methods[mention] or "").casefold()
        for name, value in {
            "mention": mention,
            "kind": _KINDS[kind].value,
            "occurred_at": at[mention],
            "item": f"{origin}-{destination}" if destination else origin[:24],
            "quantity": max(bags[mention], 1) if kind == "bag" else 1,
            "channel": method[:8] or None,
            "cabin": codes.cabin(flights["carrier"][mention], flights["class"][mention]),
            "haul": haul(origin, destination) if destination else None,
            "properties": {"seat": seats[mention]} if seats[mention] else None,
        }.items():
            events[name].append(value)
    return dict(events) if events else {"mention": [], "kind": [], "occurred_at": []}


def scan(
    header: bytes | None, lines: Lines, names: Mapping[str, str] | None = None
) -> tuple[NDArray[np.int64], list[str]]:
    """The identifier of each event, or what it tells."""
    batch = read(header, lines, names)
    return batch.line, batch.native_key


CONNECTOR: Connector = Connector(
    name="dcs_events",
    title="Departure control events",
    family=Family.PSS,
    format="CSV or JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.4,
    freshness_hours=2,
    framing=Framing.TABLE,
    introduces=False,
    recognises=lambda sample: 0.9 * (sample.has("event", "occurred_at", "flight_number", "flight_date")),
    specification="ours: a template, aligned to the flight check-in of public customer-data models",
    mapped=lambda names: replace(CONNECTOR, read=partial(read, names=names), scan=partial(scan, names=names)),
)
