"""Orders as NDC tells them: OrderViewRS of IATA, 17.2 to 21.3, the part that bookings are made of.

The versions name the same things differently; each is looked for under all of its names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.sources import agents, codes, flights, tickets, xml_documents
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
from profiles.sources.reservation import NO_CURRENCY, Booking, Contact, CouponSold, Segment
from profiles.sources.travellers import title_of, without_suffix
from profiles.sources.xml_documents import every, first

FIELDS = (
    Field("Order/OrderID", "text", "NV0070000123"),
    Field("BookingRef/BookingID", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("Order/CreationDateTime", "moment, UTC", "2026-07-02T10:11:00Z", required=True),
    Field("Pax/Individual/Surname", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("Pax/Individual/GivenName", "text", "INGRID", Sensitivity.IDENTITY),
    Field("Pax/Individual/Birthdate", "date", "1984-05-17", Sensitivity.IDENTITY),
    Field("Pax/PTC", "passenger type", "ADT"),
    Field("Pax/LoyaltyProgramAccount/AccountNumber", "text", "480934", Sensitivity.PSEUDONYM),
    Field("Pax/IdentityDoc", "passport", "A1234567", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field("ContactInfo/EmailAddress", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("ContactInfo/Phone", "phone", "47 90011223", Sensitivity.CONTACT),
    Field("PaxSegment", "flight, local times", "CPH LHR NV 504", required=True),
    Field("OrderItem/FareDetail", "fare, class, fare basis", "412.00 EUR Y YRTNV"),
    Field("TicketDocInfo/Ticket", "ticket and coupons", "8892120234533 1 I", Sensitivity.PSEUDONYM),
)
_FLIGHTS = (".//PaxSegmentList/PaxSegment", ".//FlightSegmentList/FlightSegment")
_PEOPLE = (".//PaxList/Pax", ".//PassengerList/Passenger", ".//Passengers/Passenger")
_CONTACTS = (".//ContactInfoList/ContactInfo", ".//ContactList/ContactInformation")
_TICKETS = (".//TicketDocInfo",)
_LOCATORS = (
    *(".//Order/BookingRef/BookingID", ".//BookingRefList/BookingRef/BookingID"),
    ".//Order/BookingReferences/BookingReference/ID",
)
# Coupon status of PADIS 4405 and its letters -> ours; what is neither flown nor given back is open.
_STATUS = {"flown": "flown", "refunded": "refunded", "exchanged": "exchanged", "void": "void", "suspended": "suspended"}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read orders: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    xml_documents.elements(lines, rejects, lambda line, order: columns.add(line, _booking(order)))
    return columns.batch(lines, rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each order."""
    return xml_documents.scanned(lines, _stem)


def recognises(sample: Sample) -> float:
    return 0.95 * bool(re.search(rb"<(?:\w+:)?(?:IATA_)?OrderViewRS[\s>]", sample.head))


def _stem(order: Element) -> str:
    created = _created(order)
    return f"{_locator(order)}/{created.date() if created else ''}"


def _locator(order: Element) -> str:
    return (first(order, *_LOCATORS) or first(order, ".//Order/OrderID")).upper()


def _created(order: Element) -> datetime | None:
    told = first(order, ".//Order/CreationDateTime", ".//Order/TimeLimits/CreationDateTime", ".//CreationDateTime")
    stamp = order.find(".//Order")
    told = told or (stamp.get("TimeStamp", "") if stamp is not None else "") or order.get("TimeStamp", "")
    at = flights.iso_moment(told.replace("Z", "")) if told else None
    return at.replace(tzinfo=UTC) if at else None


def _identifier(element: Element, *names: str) -> str:
    for name in names:
        told = element.get(name) or first(element, name)
        if told:
            return told
    return ""


def _people(order: Element) -> list[tuple[str, int, Element]]:
    """Identifier, number and element of each passenger; by order, since identifiers are made anew for each message."""
    found = list(dict.fromkeys(every(order, *_PEOPLE)))
    return [(_identifier(p, "PaxID", "PassengerID", "ObjectKey"), at, p) for at, p in enumerate(found, start=1)]


def _booking(order: Element) -> Booking:
    failed = order.find(".//Error")
    if failed is not None and order.find(".//Order") is None:
        said = first(failed, "DescText", "Description") or (failed.text or "").strip() or failed.get("ShortText", "")
        raise Unreadable("Error", said or "an error", "an order")
    locator, created = _locator(order), _created(order)
    if not locator or len(locator) > 8:
        raise Unreadable("BookingRef", locator or None, "a record locator of at most 8 characters")
    if created is None:
        raise Unreadable("CreationDateTime", None, "a moment as 2026-07-02T10:11:00Z")
    people = [(key, n, p) for key, n, p in _people(order) if p.get("erased") != "true"]
    if not people:
        raise Unreadable("Pax", None, "at least one passenger")
    who = {key: n for key, n, _ in people}
    fares = _fares(order)
    flown = list(_segments(order, fares))
    segments = [segment for _, segment in flown]
    currency, total = _total(order)
    agency = first(
        order, ".//TravelAgency/IATA_Number", ".//TravelAgency/IATANumber", ".//TravelAgencySender/IATA_Number"
    )
    return {
        "locator": locator,
        "created_at": created,
        "modified_at": created,
        "point_of_sale": first(order, ".//PointOfSale/Country/CountryCode", ".//CountryCode")[:3] or None,
        "channel": "agency" if agency else "web",
        "agency": agency[:10] or None,
        "currency": currency,
        "total_minor": total,
        "status": flights.status_of(segments) if not _is_cancelled(order) else "cancelled",
        "passengers": [_passenger(n, p) for _, n, p in people],  # type: ignore[misc]
        "segments": segments,
        "contacts": list(_contacts(order, people)),
        "coupons": _coupons(order, who, {key: s["number"] for key, s in flown}, segments, currency),
        "ancillaries": [],
    }


def _is_cancelled(order: Element) -> bool:
    told = first(order, ".//Order/StatusCode", ".//Order/Status/StatusCode")
    return told.upper() in ("CANCELLED", "CANCELED", "CLOSED/CANCELLED")


def _segments(order: Element, fares: dict[str, dict[str, str]]) -> Iterator[tuple[str, Segment]]:
    for number, item in enumerate(every(order, *_FLIGHTS), start=1):
        path = f"PaxSegment[{number}]."
        key = _identifier(item, "PaxSegmentID", "SegmentKey", "FlightSegmentID")
        fare = fares.get(key, {})
        departs, arrives = (_local(item.find(end)) for end in ("Dep", "Arrival"))
        departs = departs or _local(item.find("Departure"))
        if departs is None:
            raise Unreadable(path + "Dep", first(item, "Dep/AircraftScheduledDateTime") or None, "a local time")
        sold, flew = _carrier(item, "Marketing"), _carrier(item, "Operating")
        yield (
            key,
            flights.flight(
                number,
                carrier=sold[0] or flew[0],
                flight_number=sold[1] or flew[1],
                origin=first(item, "Dep/IATA_LocationCode", "Departure/AirportCode"),
                destination=first(item, "Arrival/IATA_LocationCode", "Arrival/AirportCode"),
                departs=departs,
                arrives=arrives,
                booking_class=fare.get("class") or first(item, "MarketingCarrierInfo/RBD_Code", "ClassOfService/Code"),
                cabin=fare.get("cabin") or first(item, "CabinType/CabinTypeCode") or None,
                fare_basis=fare.get("basis"),
                status="HK",
                operating=flew if flew[0] else ("", ""),
                path=path,
            ),
        )


def _carrier(item: Element, role: str) -> tuple[str, str]:
    info, plain = f"{role}CarrierInfo", f"{role}Carrier"
    return (
        first(item, f"{info}/CarrierDesigCode", f"{plain}/AirlineID"),
        first(item, f"{info}/{role}CarrierFlightNumberText", f"{plain}/FlightNumber"),
    )


def _local(end: Element | None) -> datetime | None:
    """`2026-12-12T13:05:00` in one piece, or a date and a time."""
    told = first(end, "AircraftScheduledDateTime")
    return flights.iso_moment(told) if told else flights.iso_moment(f"{first(end, 'Date')}T{first(end, 'Time')}")


def _fares(order: Element) -> dict[str, dict[str, str]]:
    """Class, cabin and fare basis by segment."""
    found: dict[str, dict[str, str]] = {}
    for component in order.iter("FareComponent"):
        told = {
            "class": first(component, "RBD/RBD_Code", "FareBasis/RBD", ".//RBD_Code", ".//RBD"),
            "cabin": first(component, "CabinType/CabinTypeCode", ".//CabinType/CabinTypeCode"),
            "basis": first(component, "FareBasisCode", "FareBasis/FareBasisCode/Code", ".//FareBasisCode"),
        }
        for reference in every(component, "PaxSegmentRefID", "SegmentRefs", "SegmentReference"):
            for key in (reference.text or "").split():
                found.setdefault(key, told)
    return found


def _total(order: Element) -> tuple[str, int]:
    for path in (
        *(".//Order/TotalPrice/TotalAmount", ".//Order/TotalOrderPrice/DetailCurrencyPrice/Total"),
        *(".//Order/TotalOrderPrice/SimpleCurrencyPrice", ".//OrderItem/Price/TotalAmount"),
    ):
        for told in order.iterfind(path):
            currency = told.get("CurCode") or told.get("Code") or NO_CURRENCY
            minor = tickets.minor(told.text or "", currency)
            if minor is None:
                raise Unreadable("TotalPrice", told.text, "an amount that is not negative")
            return currency, minor
    return NO_CURRENCY, 0


def _passenger(number: int, item: Element) -> dict[str, Any]:
    person = item.find("Individual")
    person = person if person is not None else item
    surname, suffix = without_suffix(first(person, "Surname", "Name/Surname"))
    if not surname:
        raise Unreadable(f"Pax[{number}].Surname", None, "a surname")
    given = first(person, "GivenName", "Name/Given") or None
    told = first(person, "Birthdate") or first(item, "Birthdate")
    born = read_day(told) if told else None
    if told and born is None:
        raise Unreadable(f"Pax[{number}].Birthdate", told, "a date as 1984-05-17")
    passenger: dict[str, Any] = {
        "number": number,
        "surname": surname,
        "given_name": given,
        "title": first(person, "TitleName", "NameTitle") or title_of(given or ""),
        "suffix": suffix or first(person, "SuffixName", "NameSuffix") or None,
        "type": agents.passenger_type(first(item, "PTC").upper()),
        "birth_date": born,
        "gender": first(person, "GenderCode", "Gender")[:1].upper() or None,
    }
    for account in item.findall("LoyaltyProgramAccount"):
        carrier = first(
            account, "LoyaltyProgram/Carrier/AirlineDesigCode", "Airline/AirlineDesignator", ".//AirlineDesigCode"
        )
        passenger |= agents.programme(carrier, first(account, "AccountNumber"))
    for document in every(item, "IdentityDoc", "IdentityDocument"):
        kind = first(document, "IdentityDocTypeCode", "IdentityDocumentType").upper()
        number_told = first(document, "IdentityDocID", "IdentityDocumentNumber")
        if number_told and kind in ("PT", "P", "PASSPORT", ""):
            passenger["passport"] = f"{first(document, 'IssuingCountryCode')}{number_told}".upper()
    return passenger


def _contacts(order: Element, people: list[tuple[str, int, Element]]) -> Iterator[Contact]:
    """A contact is the passengers' who refer to it; one that nobody does, the order's."""
    whose: dict[str, int] = {}
    for _, number, item in people:
        for reference in every(item, "ContactInfoRefID", "ContactInfoRef", "ContactInfoReference"):
            whose.setdefault((reference.text or "").strip(), number)
    for contact in every(order, *_CONTACTS):
        number_of = whose.get(_identifier(contact, "ContactInfoID", "ContactID"))
        for told in every(contact, "EmailAddress/EmailAddressText", "EmailAddress/EmailAddressValue"):
            if told.text and told.text.strip():
                yield {"type": "email", "value": told.text.strip()[:254], "passenger": number_of, "verified": False}
        for phone in contact.findall("Phone"):
            country = first(phone, "CountryDialingCode", "CountryCode").lstrip("+")
            area, digits = first(phone, "AreaCodeNumber", "AreaCode"), first(phone, "PhoneNumber")
            value = agents.phone(f"+{country}{area}{digits}" if country else digits)
            if value:
                yield {"type": "phone", "value": value, "passenger": number_of, "verified": False}


def _coupons(
    order: Element, who: dict[str, int], leg_of: dict[str, int], segments: list[Segment], currency: str
) -> list[CouponSold]:
    found: list[CouponSold] = []
    for info in every(order, *_TICKETS):
        references = [r.text or "" for r in every(info, "PaxRefID", "PassengerReference")]
        numbers = [who[key] for told in references for key in told.split() if key in who]
        fare = tickets.minor(
            first(info, "PaymentInfo/Amount", "FareDetail/BaseFare/Amount", "Price/BaseAmount", ".//BaseAmount") or "0",
            currency,
        )
        if not numbers or not segments:
            continue
        for ticket in every(info, "Ticket", "TicketDocument"):
            known = tickets.ticket_number(first(ticket, "TicketNumber", "TicketDocNbr"))
            if not known:
                continue
            told = list(_told(ticket, known, leg_of, segments))
            sold = tickets.sold(numbers[0], [coupon for coupon, _ in told], fare or 0, segments)
            found += [{**coupon, "status": status} for coupon, (_, status) in zip(sold, told, strict=True)]  # type: ignore[typeddict-item]
    return found


def _told(
    ticket: Element, known: str, leg_of: dict[str, int], segments: list[Segment]
) -> Iterator[tuple[tuple[str, int, int], str]]:
    """Each coupon of the ticket and its status; one a flight where none is told."""
    coupons = list(every(ticket, "Coupon", "CouponInfo"))
    if not coupons:
        yield from ((coupon, "open") for coupon in tickets.one_a_leg(known, segments))
    for at, coupon in enumerate(coupons, start=1):
        number = first(coupon, "CouponNumber")
        references = [r.text or "" for r in every(coupon, ".//PaxSegmentRefID", ".//SegmentReference")]
        leg = next((leg_of[key.strip()] for key in references if key.strip() in leg_of), min(at, len(segments)))
        code = first(coupon, "CouponStatusCode", "Status/Code", "StatusCode").upper()
        meaning = codes.lookup("coupon_status_padis", code) or codes.lookup("coupon_status", code)
        yield (
            (known, int(number) if number.isdecimal() and 0 < int(number) <= 16 else at, leg),
            _STATUS.get(meaning or "", "open"),
        )


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The order without the passengers who are gone: their element stays, empty, so that others keep their numbers."""
    order = xml_documents.parsed(raw)
    stem = _stem(order)
    people = _people(order)
    gone = {key: item for key, number, item in people if is_gone(f"{stem}/{number}")}
    if not gone:
        return raw
    theirs = {(r.text or "").strip() for p in gone.values() for r in p.iter() if r.tag.startswith("ContactInfoRef")}
    others = [p for key, _, p in people if key not in gone]
    theirs -= {(r.text or "").strip() for p in others for r in p.iter() if r.tag.startswith("ContactInfoRef")}
    for key, item in gone.items():
        named = {name: item.get(name) for name in ("PassengerID", "ObjectKey") if item.get(name)}
        xml_documents.emptied(item, *named)
        item.set("erased", "true")
        if not named:
            item.set("PaxID", key)

    def says_of_them(element: Element) -> bool:
        if element.tag in ("ContactInfo", "ContactInformation"):
            return not others or _identifier(element, "ContactInfoID", "ContactID") in theirs
        references = [r.text or "" for r in every(element, "PaxRefID", "PassengerReference")]
        return element.tag == "TicketDocInfo" and any(key in gone for told in references for key in told.split())

    xml_documents.drop(order, says_of_them)
    return xml_documents.written(order)


CONNECTOR = Connector(
    name="ndc_orders",
    title="Orders (NDC OrderViewRS)",
    family=Family.PSS,
    format="XML IATA_OrderViewRS",
    version="17.2-21.3",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.7,
    freshness_hours=2,
    framing=Framing.XML,
    within=("IATA_OrderViewRS", "OrderViewRS"),
    recognises=recognises,
    specification="IATA NDC OrderViewRS, 17.2 to 21.3; a subset",
    without=redacted,
)
