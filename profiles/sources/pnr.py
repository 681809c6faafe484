"""Bookings of the reservation system, one passenger name record a line, as JSON.

Each passenger is a mention: locator, creation date, passenger number. A contact belongs to a passenger where the
record says so, or where one person booked for one; what an agency leaves is the agency's, and nobody's identity.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import json_lines as j
from profiles.sources.columns import read_day
from profiles.sources.contract import PERSON_FIELDS, Batch, Connector, Family, Field, Keys, Lines, Reject
from profiles.sources.places import airports, distance_km, haul

FIELDS = (
    Field("locator", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("created_at", "moment", "2026-07-02T10:11:12+00:00", required=True),
    Field("modified_at", "moment", "2026-07-02T10:11:12+00:00", required=True),
    Field("channel", "web app agency phone", "web", required=True),
    Field("currency", "ISO 4217", "EUR", required=True),
    Field("total_minor", "minor units", "41200", required=True),
    Field("status", "active cancelled", "active", required=True),
    Field("contacts[].value", "e-mail or phone", "ingrid@example.org", Sensitivity.CONTACT),
    Field("passengers[].surname", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("passengers[].given_name", "text", "INGRIDMS", Sensitivity.IDENTITY),
    Field("passengers[].birth_date", "date", "1984-05-17", Sensitivity.IDENTITY),
    Field("passengers[].loyalty_number", "text", "480934", Sensitivity.PSEUDONYM),
    Field("segments[].departs_at", "moment", "2026-12-12T13:05:00+01:00", required=True),
    Field("tickets[].coupons[].fare_minor", "minor units", "20600"),
    Field("ancillaries[].code", "text", "extra_bag"),
)
CHANNELS, STATUSES = ("web", "app", "agency", "phone"), ("active", "cancelled")
TYPES, CABINS = ("ADT", "CHD", "INF"), ("F", "C", "W", "Y")
_MOST_MINOR = 10**10


class _Columns:
    """The columns that grow while lines are read; each row is appended only when its whole line was found good."""

    def __init__(self) -> None:
        self.line: list[int] = []
        self.native_key: list[str] = []
        self.person: dict[str, list[Any]] = {name: [] for name in PERSON_FIELDS}
        self.email_verified: list[bool] = []
        self.facts: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))

    def add(self, kind: str, /, **values: Any) -> None:
        table = self.facts[kind]
        for name, value in values.items():
            table[name].append(value)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read bookings: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = _Columns()

    def take(line: int, document: dict[str, Any]) -> None:
        _append(columns, line, _checked(document))

    j.objects(lines, rejects, take)
    count = len(columns.line)
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, columns.person["loyalty_number"], np.ones(count, dtype=bool)),
        Keys(IdentifierKind.EMAIL, columns.person["email"], np.array(columns.email_verified, dtype=bool)),
        Keys(IdentifierKind.PHONE, columns.person["phone"], np.zeros(count, dtype=bool)),
    ]
    return Batch(
        lines,
        np.array(columns.line, dtype=np.int64),
        columns.native_key,
        columns.person,
        keys,
        {kind: dict(table) for kind, table in columns.facts.items()},
        rejects,
        party=True,
    )


def _checked(document: dict[str, Any]) -> dict[str, Any]:
    """The booking with every field checked and typed. Raises Unreadable."""
    booking = {
        "locator": j.text(document, "locator", longest=8),
        "created_at": j.moment(document, "created_at"),
        "modified_at": j.moment(document, "modified_at"),
        "point_of_sale": j.text(document, "point_of_sale", longest=3, required=False),
        "channel": j.one_of(document, "channel", CHANNELS),
        "agency": j.text(j.part(document, "agency"), "iata", longest=10, required=False, path="agency."),
        "currency": j.text(document, "currency", longest=3),
        "total_minor": j.whole(document, "total_minor", 0, _MOST_MINOR),
        "status": j.one_of(document, "status", STATUSES),
        "segments": [_segment(item, path) for path, item in j.parts(document, "segments", most=16)],
        "passengers": [_passenger(item, path) for path, item in j.parts(document, "passengers", most=99)],
    }
    if not booking["segments"] or not booking["passengers"]:
        raise j.Unreadable("segments" if not booking["segments"] else "passengers", None, "at least one")
    numbers = {p["number"] for p in booking["passengers"]}
    if len(numbers) < len(booking["passengers"]):
        raise j.Unreadable("passengers", sorted(numbers), "a number of their own each")
    booking["contacts"] = [_contact(item, path) for path, item in j.parts(document, "contacts")]
    booking["coupons"] = [c for path, item in j.parts(document, "tickets") for c in _coupons(item, path, numbers)]
    booking["ancillaries"] = [_ancillary(item, path, numbers) for path, item in j.parts(document, "ancillaries")]
    return booking


def _passenger(item: dict[str, Any], path: str) -> dict[str, Any]:
    told = j.text(item, "birth_date", longest=10, required=False, path=path)
    born = read_day(told) if told else None
    if told and born is None:
        raise j.Unreadable(path + "birth_date", told, "a date as 1984-05-17")
    return {
        "number": j.whole(item, "number", 1, 99, path=path),
        "title": j.text(item, "title", longest=20, required=False, path=path),
        "given_name": j.text(item, "given_name", required=False, path=path),
        "surname": j.text(item, "surname", path=path),
        "type": j.one_of(item, "type", TYPES, path=path),
        "birth_date": born,
        "loyalty_number": j.text(item, "loyalty_number", longest=20, required=False, path=path),
    }


def _segment(item: dict[str, Any], path: str) -> dict[str, Any]:
    segment = {
        "number": j.whole(item, "number", 1, 16, path=path),
        "carrier": j.text(item, "carrier", longest=3, path=path),
        "flight_number": j.text(item, "flight_number", longest=6, path=path),
        "origin": j.text(item, "origin", longest=3, path=path),
        "destination": j.text(item, "destination", longest=3, path=path),
        "departs_at": j.moment(item, "departs_at", path=path),
        "arrives_at": j.moment(item, "arrives_at", path=path),
        "cabin": j.one_of(item, "cabin", CABINS, path=path),
        "booking_class": j.text(item, "booking_class", longest=2, path=path),
        "fare_basis": j.text(item, "fare_basis", longest=15, required=False, path=path) or "",
        "status": j.text(item, "status", longest=6, path=path),
    }
    for end in ("origin", "destination"):
        if segment[end] not in airports():
            raise j.Unreadable(path + end, segment[end], "an IATA airport code")
    return segment


def _contact(item: dict[str, Any], path: str) -> dict[str, Any]:
    return {
        "type": j.one_of(item, "type", ("email", "phone"), path=path),
        "value": j.text(item, "value", longest=254, path=path),
        "passenger": j.whole(item, "passenger", 1, 99, required=False, path=path),
        "verified": item.get("verified") is True,
    }


def _coupons(ticket: dict[str, Any], path: str, passengers: set[int]) -> list[dict[str, Any]]:
    number, passenger = j.text(ticket, "number", longest=14, path=path), _whose(ticket, path, passengers)
    return [
        {
            "ticket_number": number,
            "passenger": passenger,
            "number": j.whole(item, "number", 1, 16, path=path + inner),
            "leg_number": j.whole(item, "segment", 1, 16, path=path + inner),
            "status": j.text(item, "status", longest=10, path=path + inner),
            "fare_minor": j.whole(item, "fare_minor", 0, _MOST_MINOR, path=path + inner),
        }
        for inner, item in j.parts(ticket, "coupons")
    ]


def _ancillary(item: dict[str, Any], path: str, passengers: set[int]) -> dict[str, Any]:
    return {
        "passenger": _whose(item, path, passengers),
        "leg_number": j.whole(item, "segment", 1, 16, required=False, path=path),
        "code": j.text(item, "code", longest=24, path=path),
        "price_minor": j.whole(item, "price_minor", 0, _MOST_MINOR, path=path),
        "bought_at": j.moment(item, "bought_at", path=path),
    }


def _whose(item: dict[str, Any], path: str, passengers: set[int]) -> int:
    number = j.whole(item, "passenger", 1, 99, path=path)
    if number not in passengers:
        raise j.Unreadable(path + "passenger", number, "the number of a passenger of the booking")
    return int(number)


def _append(columns: _Columns, line: int, booking: dict[str, Any]) -> None:
    at = len(columns.facts["bookings"]["locator"])
    first = len(columns.line)
    mention = {passenger["number"]: first + i for i, passenger in enumerate(booking["passengers"])}
    trip = _trip(booking["segments"])
    columns.add(
        "bookings",
        line=line,
        **{
            k: booking[k]
            for k in ("locator", "status", "channel", "point_of_sale", "agency", "currency", "total_minor")
        },
        created_at=j.utc(booking["created_at"]),
        modified_at=j.utc(booking["modified_at"]),
        party_size=len(mention),
        **trip,
    )
    for passenger in booking["passengers"]:
        _append_mention(columns, line, booking, passenger)
        columns.add(
            "passengers",
            mention=mention[passenger["number"]],
            booking=at,
            number=passenger["number"],
            passenger_type=passenger["type"],
        )
    for segment in booking["segments"]:
        columns.add(
            "legs",
            booking=at,
            **{k: segment[k] for k in segment if k not in ("departs_at", "arrives_at")},
            departs_at=j.utc(segment["departs_at"]),
            departs_zone=segment["departs_at"].strftime("%z")[:3] + ":" + segment["departs_at"].strftime("%z")[3:5],
            arrives_at=j.utc(segment["arrives_at"]),
        )
    _append_events(columns, booking, at, mention, trip)


def _append_mention(columns: _Columns, line: int, booking: dict[str, Any], passenger: dict[str, Any]) -> None:
    alone = len(booking["passengers"]) == 1 and not booking["agency"]
    mine = [c for c in booking["contacts"] if c["passenger"] == passenger["number"] or (alone and not c["passenger"])]
    email = next((c for c in mine if c["type"] == "email"), None)
    phone = next((c for c in mine if c["type"] == "phone"), None)
    columns.line.append(line)
    columns.native_key.append(f"{booking['locator']}/{booking['created_at'].date()}/{passenger['number']}")
    columns.email_verified.append(bool(email and email["verified"]))
    values = {**passenger, "email": email and email["value"], "phone": phone and phone["value"]}
    for name in PERSON_FIELDS:
        columns.person[name].append(values.get(name))


def _trip(segments: list[dict[str, Any]]) -> dict[str, Any]:
    """Where the trip goes: to the airport furthest from its origin; and when it comes back, if it does."""
    origin = segments[0]["origin"]
    distances = [distance_km(origin, s["destination"]) or 0.0 for s in segments]
    turn = int(np.argmax(distances))
    back = segments[turn + 1] if turn + 1 < len(segments) else None
    return {
        "origin": origin,
        "destination": segments[turn]["destination"],
        "departs_at": j.utc(segments[0]["departs_at"]),
        "returns_at": j.utc(back["departs_at"]) if back else None,
    }


def _append_events(
    columns: _Columns, booking: dict[str, Any], at: int, mention: dict[int, int], trip: dict[str, Any]
) -> None:
    currency, channel, created = booking["currency"], booking["channel"], j.utc(booking["created_at"])
    legs = {segment["number"]: segment for segment in booking["segments"]}
    cabin, route = booking["segments"][0]["cabin"], f"{trip['origin']}-{trip['destination']}"
    paid: dict[int, int] = defaultdict(int)
    for coupon in booking["coupons"]:
        paid[coupon["passenger"]] += coupon["fare_minor"]
        row = {"mention": mention[coupon["passenger"]], "booking": at, "currency": currency}
        columns.add("coupons", **row, **{k: v for k, v in coupon.items() if k != "passenger"})
        leg = legs.get(coupon["leg_number"])
        if coupon["status"] == "flown" and leg:
            _event(columns, row, EventKind.COUPON_FLOWN, j.utc(leg["departs_at"]), coupon["fare_minor"], channel,
                   item=f"{leg['origin']}-{leg['destination']}", cabin=leg["cabin"],
                   haul=haul(leg["origin"], leg["destination"]))  # fmt: skip
        elif coupon["status"] == "refunded":
            modified = j.utc(booking["modified_at"])
            _event(columns, row, EventKind.REFUND, modified, coupon["fare_minor"], channel, item=route)
    lead = _days(created, trip["departs_at"])
    common = {"item": route, "cabin": cabin, "haul": haul(trip["origin"], trip["destination"]), "lead_days": lead}
    for number, who in mention.items():
        row = {"mention": who, "booking": at, "currency": currency}
        made, gone = EventKind.BOOKING_MADE, EventKind.BOOKING_CANCELLED
        _event(columns, row, made, created, paid[number], channel, quantity=len(mention), **common)
        if booking["status"] == "cancelled":
            _event(columns, row, gone, j.utc(booking["modified_at"]), paid[number], channel, **common)
    for extra in booking["ancillaries"]:
        row = {"mention": mention[extra["passenger"]], "booking": at, "currency": currency}
        bought = j.utc(extra["bought_at"])
        columns.add("ancillaries", **row, leg_number=extra["leg_number"], code=extra["code"],
                    price_minor=extra["price_minor"], bought_at=bought)  # fmt: skip
        days = _days(bought, trip["departs_at"])
        _event(columns, row, EventKind.ANCILLARY_BOUGHT, bought, extra["price_minor"], channel, item=extra["code"],
               cabin=cabin, haul=common["haul"], lead_days=days)  # fmt: skip


def _event(
    columns: _Columns,
    row: dict[str, Any],
    kind: EventKind,
    at: datetime,
    value_minor: int,
    channel: str,
    *,
    item: str,
    quantity: int = 1,
    cabin: str | None = None,
    haul: str | None = None,
    lead_days: int | None = None,
) -> None:
    columns.add("events", **row, kind=kind.value, occurred_at=at, value_minor=value_minor, channel=channel, item=item,
                quantity=quantity, cabin=cabin, haul=haul, lead_days=lead_days)  # fmt: skip


def _days(earlier: datetime, later: datetime) -> int:
    return max(min((later - earlier).days, 32_000), -1)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each line."""
    return j.scanned(lines, lambda document: f"{document['locator']}/{document['created_at'][:10]}")


CONNECTOR = Connector(
    name="pnr",
    title="Reservations (PNR)",
    family=Family.PSS,
    format="NDJSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    freshness_hours=2,
)
