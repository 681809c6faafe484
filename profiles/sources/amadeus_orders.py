"""Orders of the Amadeus self-service interfaces: `flight-order` documents, as creating or reading one answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources import agents, flights, tickets
from profiles.sources import json_lines as j
from profiles.sources.bookings import BookingColumns
from profiles.sources.columns import read_day
from profiles.sources.contract import (
    Batch,
    Connector,
    Family,
    Field,
    Framing,
    IsGone,
    IsTheirs,
    Lines,
    Reject,
    Sample,
)
from profiles.sources.json_lines import Unreadable
from profiles.sources.reservation import NO_CURRENCY, Booking, Contact, CouponSold, Extra, Segment
from profiles.sources.travellers import numbers, title_of, without_suffix

FIELDS = (
    Field("associatedRecords[].reference", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("associatedRecords[].creationDate", "moment", "2026-07-02T10:11:00.000", required=True),
    Field("travelers[].name.lastName", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("travelers[].name.firstName", "text", "INGRID", Sensitivity.IDENTITY),
    Field("travelers[].dateOfBirth", "date", "1984-05-17", Sensitivity.IDENTITY),
    Field("travelers[].gender", "MALE FEMALE", "FEMALE", Sensitivity.IDENTITY),
    Field("travelers[].contact.emailAddress", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("travelers[].contact.phones[]", "phone", "47 90011223", Sensitivity.CONTACT),
    Field("travelers[].loyaltyPrograms[].id", "text", "480934", Sensitivity.PSEUDONYM),
    Field("travelers[].documents[]", "passport", "A1234567", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field("flightOffers[].itineraries[].segments[]", "flight, local times", "CPH LHR NV 504", required=True),
    Field("flightOffers[].travelerPricings[]", "fare", "412.00 EUR"),
    Field("tickets[].documentNumber", "ticket number", "8892120234533", Sensitivity.PSEUDONYM),
    Field("contacts[]", "of the agency or the invoice, not read", "", Sensitivity.CONTACT),
)
_TYPES = {"ADULT": "ADT", "SENIOR": "ADT", "YOUNG": "ADT", "STUDENT": "ADT", "CHILD": "CHD"}
_INFANTS = ("HELD_INFANT", "SEATED_INFANT")
_CABINS = {"ECONOMY": "Y", "PREMIUM_ECONOMY": "W", "BUSINESS": "C", "FIRST": "F"}
_EXTRAS = {"CHECKED_BAGS": "extra_bag", "SEATS": "seat", "MEALS": "meal", "AIRPORT_CHECKIN": "airport_checkin"}
_IS_ORDER = re.compile(rb'"type"\s*:\s*"flight-order"')
_MOST_SEGMENTS = 16


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read orders: mentions of their travellers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    j.objects(lines, rejects, lambda line, order: columns.add(line, _booking(order)))
    return columns.batch(lines, rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each order."""
    return j.scanned(lines, _scanned)


def recognises(sample: Sample) -> float:
    return 0.95 * bool(_IS_ORDER.search(sample.head) and sample.has("associatedRecords"))


def _record(order: dict[str, Any]) -> dict[str, Any]:
    records = [record for _, record in j.parts(order, "associatedRecords")]
    if not records:
        raise Unreadable("associatedRecords", None, "the reservation of the order")
    return records[0]


def _created(record: dict[str, Any]) -> datetime:
    said = record.get("creationDate") or record.get("creationDateTime")
    at = flights.iso_moment(said) if isinstance(said, str) else None
    if at is None:
        raise Unreadable("associatedRecords[0].creationDate", said, "a moment as 2026-07-02T10:11:00")
    return at.replace(tzinfo=UTC)


def _scanned(order: dict[str, Any]) -> str:
    try:
        return _stem(order)
    except (Unreadable, AttributeError):
        raise KeyError("associatedRecords") from None  # named when the order is read in full


def _stem(order: dict[str, Any]) -> str:
    record = _record(order)
    return f"{str(record['reference']).strip().upper()}/{_created(record).date()}"


def _travellers(order: dict[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    """Number, path and object of each traveller who is there."""
    found = list(j.parts(order, "travelers"))
    told = numbers([str(item.get("id", "")) for _, item in found], range(1, len(found) + 1))
    return [(n, path, item) for n, (path, item) in zip(told, found, strict=True) if not item.get("erased")]


def _booking(order: dict[str, Any]) -> Booking:
    if order.get("type") != "flight-order":
        raise Unreadable("type", order.get("type"), "flight-order")
    record = _record(order)
    created = _created(record)
    people = _travellers(order)
    if not people:
        raise Unreadable("travelers", None, "at least one traveller")
    who = {str(item.get("id", "")): number for number, _, item in people}
    offers = [offer for _, offer in j.parts(order, "flightOffers")]
    details = _details(offers)
    pricings = [pricing for offer in offers for pricing in offer.get("travelerPricings") or ()]
    flown = _segments(offers, details)
    segments = [segment for _, segment in flown]
    leg_of = {identifier: segment["number"] for identifier, segment in flown}
    kinds = {str(p.get("travelerId")): p.get("travelerType") for p in pricings}
    currency, total = _price(offers)
    extras = _extras(offers, people[0][0], created, currency)
    return {
        "locator": j.text(record, "reference", longest=8, path="associatedRecords[0].").upper(),
        "created_at": created,
        "modified_at": created,
        "point_of_sale": None,
        "channel": "agency" if order.get("queuingOfficeId") or order.get("contacts") else "gds",
        "agency": _agency(order),
        "currency": currency,
        "total_minor": total,
        "status": "active",
        "passengers": [_passenger(number, path, item, kinds) for number, path, item in people],  # type: ignore[misc]
        "segments": segments,
        "contacts": [contact for number, _, item in people for contact in _contacts(number, item)],
        "coupons": _coupons(order, pricings, who, leg_of, segments, currency),
        "ancillaries": extras if segments else [],
    }


def _agency(order: dict[str, Any]) -> str | None:
    """The office whose queue the order waits in; else whoever else left a contact."""
    office = order.get("queuingOfficeId")
    if isinstance(office, str) and office.strip():
        return office.strip()[:10]
    names = [item.get("companyName") for _, item in j.parts(order, "contacts") if item.get("purpose") != "INVOICE"]
    return next((name.strip()[:10] for name in names if isinstance(name, str) and name.strip()), None)


def _passenger(number: int, path: str, item: dict[str, Any], kinds: dict[str, Any]) -> dict[str, Any]:
    name = j.part(item, "name")
    surname, suffix = without_suffix(j.text(name, "lastName", path=path + "name."))
    given = j.text(name, "firstName", required=False, path=path + "name.")
    told = j.text(item, "dateOfBirth", longest=10, required=False, path=path)
    born = read_day(told) if told else None
    if told and born is None:
        raise Unreadable(path + "dateOfBirth", told, "a date as 1984-05-17")
    kind = kinds.get(str(item.get("id")))
    passenger: dict[str, Any] = {
        "number": number,
        "surname": surname,
        "given_name": given,
        "title": title_of(given or ""),
        "suffix": suffix,
        "type": "INF" if kind in _INFANTS else _TYPES.get(str(kind), "ADT"),
        "birth_date": born,
        "gender": {"MALE": "M", "FEMALE": "F"}.get(str(item.get("gender"))),
    }
    for _, programme in j.parts(item, "loyaltyPrograms"):
        passenger |= agents.programme(str(programme.get("programOwner") or ""), str(programme.get("id") or ""))
    for _, document in j.parts(item, "documents"):
        if document.get("documentType") == "PASSPORT" and document.get("number"):
            passenger["passport"] = f"{document.get('issuanceCountry') or ''}{document['number']}".upper()
    return passenger


def _contacts(number: int, item: dict[str, Any]) -> Iterator[Contact]:
    contact = j.part(item, "contact")
    email = contact.get("emailAddress")
    if isinstance(email, str) and email.strip():
        yield {"type": "email", "value": email.strip()[:254], "passenger": number, "verified": False}
    for _, phone in j.parts(contact, "phones"):
        digits = f"{phone.get('countryCallingCode') or ''}{phone.get('number') or ''}"
        if digits.isdigit():
            value = f"+{digits}" if phone.get("countryCallingCode") else digits
            yield {"type": "phone", "value": value, "passenger": number, "verified": False}


def _details(offers: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Class, cabin and fare basis of each segment, as the first traveller pays."""
    found: dict[str, dict[str, Any]] = {}
    for offer in offers:
        for _, pricing in j.parts(offer, "travelerPricings"):
            for _, detail in j.parts(pricing, "fareDetailsBySegment"):
                found.setdefault(str(detail.get("segmentId")), detail)
    return found


def _segments(offers: list[dict[str, Any]], details: dict[str, dict[str, Any]]) -> list[tuple[str, Segment]]:
    found: list[tuple[str, Segment]] = []
    for o, offer in enumerate(offers):
        for i, (_, itinerary) in enumerate(j.parts(offer, "itineraries")):
            for path, item in j.parts(itinerary, "segments", most=_MOST_SEGMENTS):
                where = f"flightOffers[{o}].itineraries[{i}].{path}"
                found.append(
                    (str(item.get("id")), _segment(item, len(found) + 1, where, details.get(str(item.get("id")), {})))
                )
    return found


def _segment(item: dict[str, Any], number: int, path: str, detail: dict[str, Any]) -> Segment:
    ends = {}
    for end in ("departure", "arrival"):
        part = j.part(item, end)
        said = j.text(part, "at", longest=40, path=f"{path}{end}.")
        at = flights.iso_moment(said)
        if at is None:
            raise Unreadable(f"{path}{end}.at", said, "a local time as 2026-12-12T13:05:00")
        ends[end] = (j.text(part, "iataCode", longest=3, path=f"{path}{end}."), at)
    operating = j.part(item, "operating")
    return flights.flight(
        number,
        carrier=j.text(item, "carrierCode", longest=3, path=path),
        flight_number=j.text(item, "number", longest=6, path=path),
        origin=ends["departure"][0],
        destination=ends["arrival"][0],
        departs=ends["departure"][1],
        arrives=ends["arrival"][1],
        booking_class=str(detail.get("class") or ""),
        cabin=_CABINS.get(str(detail.get("cabin"))),
        fare_basis=str(detail.get("fareBasis") or ""),
        status="HK",
        operating=(str(operating.get("carrierCode") or ""), str(operating.get("number") or "")),
        path=path,
    )


def _price(offers: list[dict[str, Any]]) -> tuple[str, int]:
    currency, total = NO_CURRENCY, 0
    for offer in offers:
        price = j.part(offer, "price")
        said = price.get("billingCurrency") or price.get("currency")
        if not said:
            continue
        if currency not in (NO_CURRENCY, said):
            raise Unreadable("flightOffers[].price.currency", said, f"{currency}, as the offer before")
        currency = str(said)[:3]
        amount = price.get("grandTotal") or price.get("total") or "0"
        minor = tickets.minor(str(amount), currency)
        if minor is None:
            raise Unreadable("flightOffers[].price.grandTotal", amount, "an amount that is not negative")
        total += minor
    return currency, total


def _extras(offers: list[dict[str, Any]], passenger: int, at: datetime, currency: str) -> list[Extra]:
    """Services beside the fare; they are told of the whole order, and stand with its first traveller."""
    found: list[Extra] = []
    for offer in offers:
        for _, service in j.parts(j.part(offer, "price"), "additionalServices"):
            price = tickets.minor(str(service.get("amount") or "0"), currency)
            code = _EXTRAS.get(str(service.get("type")), str(service.get("type") or "").lower()[:24])
            if price and code:
                found.append(
                    {"passenger": passenger, "leg_number": None, "code": code, "price_minor": price, "bought_at": at}
                )
    return found


def _coupons(
    order: dict[str, Any],
    pricings: list[dict[str, Any]],
    who: dict[str, int],
    leg_of: dict[str, int],
    segments: list[Segment],
    currency: str,
) -> list[CouponSold]:
    """Coupons of issued tickets; an order that is not ticketed yet has none."""
    fares: dict[int, int] = {}
    for pricing in pricings:
        number = who.get(str(pricing.get("travelerId")))
        amount = tickets.minor(str(j.part(pricing, "price").get("base") or "0"), currency)
        if number:
            fares[number] = fares.get(number, 0) + (amount or 0)
    found: list[CouponSold] = []
    for _, ticket in j.parts(order, "tickets"):
        known = tickets.ticket_number(str(ticket.get("documentNumber") or ""))
        number = who.get(str(ticket.get("travelerId")))
        legs = [leg_of[str(s)] for s in ticket.get("segmentIds") or () if str(s) in leg_of]
        if known and number and segments:
            chosen = [s for s in segments if s["number"] in legs] if legs else segments
            found += tickets.sold(number, tickets.one_a_leg(known, chosen), fares.get(number, 0), segments)
    return found


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The order without the travellers who are gone: their number stays, and the others."""
    order = orjson.loads(raw)
    stem = _stem(order)
    gone = {id(item): item for number, _, item in _travellers(order) if is_gone(f"{stem}/{number}")}
    everyone = len(gone) == len(_travellers(order))
    ids = {str(item.get("id")) for item in gone.values()}
    order["travelers"] = [
        {"id": item.get("id"), "erased": True} if id(item) in gone else item for item in order["travelers"]
    ]
    order["tickets"] = [t for t in order.get("tickets") or [] if str(t.get("travelerId")) not in ids]
    if gone:
        order.pop("remarks", None)
        order.pop("formOfPayments", None)
        order["contacts"] = [c for c in order.get("contacts") or [] if not everyone and not _is_theirs(c, is_theirs)]
    return orjson.dumps(order)


def _is_theirs(contact: dict[str, Any], is_theirs: IsTheirs) -> bool:
    told = [(IdentifierKind.EMAIL, str(contact.get("emailAddress") or ""))]
    for phone in contact.get("phones") or []:
        told.append((IdentifierKind.PHONE, f"+{phone.get('countryCallingCode') or ''}{phone.get('number') or ''}"))
    return any(value and is_theirs(kind, value) for kind, value in told)


CONNECTOR = Connector(
    name="amadeus_orders",
    title="Orders (Amadeus flight orders)",
    family=Family.PSS,
    format="JSON flight-order",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    freshness_hours=2,
    framing=Framing.JSON,
    within=("data",),
    recognises=recognises,
    specification="Amadeus for Developers, Flight Create Orders 1 and Flight Order Management 1",
    without=redacted,
)
