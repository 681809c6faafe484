"""Bookings of the reservation system, one passenger name record a line, as JSON.

Each passenger is a mention: locator, creation date, passenger number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources import json_lines as j
from profiles.sources.bookings import BookingColumns
from profiles.sources.columns import read_day
from profiles.sources.contract import Batch, Connector, Family, Field, IsGone, IsTheirs, Lines, Reject
from profiles.sources.json_columns import Faulty
from profiles.sources.places import airports
from profiles.sources.pnr_columns import together
from profiles.sources.reservation import CABINS, CHANNELS, STATUSES, TYPES, Booking
from profiles.sources.tickets import MOST_MINOR

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
_TOGETHER = 50  # bookings that are checked at once: a fault costs so many a second look


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read bookings: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    waiting: list[tuple[int, dict[str, Any]]] = []

    def check() -> None:
        for line, booking in _bookings(waiting, rejects):
            columns.add(line, booking)
        waiting.clear()

    def take(line: int, document: dict[str, Any]) -> None:
        waiting.append((line, document))
        if len(waiting) == _TOGETHER:
            check()

    j.objects(lines, rejects, take)
    check()
    return columns.batch(lines, sorted(rejects, key=lambda reject: reject.line))


def _bookings(documents: Sequence[tuple[int, dict[str, Any]]], rejects: list[Reject]) -> Iterator[tuple[int, Booking]]:
    """The bookings checked, all at once; where one is faulty one by one, so that its fault is named."""
    try:
        yield from zip([line for line, _ in documents], together([one for _, one in documents]), strict=True)
    except Faulty:
        for line, document in documents:
            try:
                yield line, one_by_one(document)
            except j.Unreadable as error:
                rejects.append(Reject(line, error.field, error.reason, error.expected))


def one_by_one(document: dict[str, Any]) -> Booking:
    """The booking with every field checked and typed. Raises Unreadable."""
    booking: dict[str, Any] = {
        "locator": j.text(document, "locator", longest=8),
        "created_at": j.moment(document, "created_at"),
        "modified_at": j.moment(document, "modified_at"),
        "point_of_sale": j.text(document, "point_of_sale", longest=3, required=False),
        "channel": j.one_of(document, "channel", CHANNELS),
        "agency": j.text(j.part(document, "agency"), "iata", longest=10, required=False, path="agency."),
        "currency": j.text(document, "currency", longest=3),
        "total_minor": j.whole(document, "total_minor", 0, MOST_MINOR),
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
    return cast(Booking, booking)


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
            "fare_minor": j.whole(item, "fare_minor", 0, MOST_MINOR, path=path + inner),
        }
        for inner, item in j.parts(ticket, "coupons")
    ]


def _ancillary(item: dict[str, Any], path: str, passengers: set[int]) -> dict[str, Any]:
    return {
        "passenger": _whose(item, path, passengers),
        "leg_number": j.whole(item, "segment", 1, 16, required=False, path=path),
        "code": j.text(item, "code", longest=24, path=path),
        "price_minor": j.whole(item, "price_minor", 0, MOST_MINOR, path=path),
        "bought_at": j.moment(item, "bought_at", path=path),
    }


def _whose(item: dict[str, Any], path: str, passengers: set[int]) -> int:
    number = j.whole(item, "passenger", 1, 99, path=path)
    if number not in passengers:
        raise j.Unreadable(path + "passenger", number, "the number of a passenger of the booking")
    return int(number)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each line."""
    return j.scanned(lines, lambda document: f"{document['locator']}/{document['created_at'][:10]}")


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The booking without the passengers who are gone: their number and type stay, and the others."""
    booking = orjson.loads(raw)
    stem = f"{booking['locator']}/{booking['created_at'][:10]}"
    gone = {p["number"] for p in booking["passengers"] if is_gone(f"{stem}/{p['number']}")}
    everyone = len(gone) == len(booking["passengers"])
    booking["passengers"] = [
        {"number": p["number"], "type": p.get("type"), "erased": True} if p["number"] in gone else p
        for p in booking["passengers"]
    ]
    for part in ("contacts", "tickets", "ancillaries"):
        booking[part] = [item for item in booking.get(part) or [] if item.get("passenger") not in gone]
    kinds = {"email": IdentifierKind.EMAIL, "phone": IdentifierKind.PHONE}
    booking["contacts"] = [
        one
        for one in booking["contacts"]
        if not everyone and not is_theirs(kinds.get(one.get("type"), IdentifierKind.PHONE), str(one.get("value") or ""))
    ]
    return orjson.dumps(booking)


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
    recognises=lambda sample: 0.9 * sample.has("locator", "passengers", "segments"),
    specification="ours",
    without=redacted,
)
