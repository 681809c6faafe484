"""Reservations as governments get them, in XML: the PNR elements of IATA_PNRGOV_NotifRQ."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind
from profiles.sources import agents, flights, tickets, xml_documents
from profiles.sources.bookings import BookingColumns
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
from profiles.sources.reservation import NO_CURRENCY, Booking, Contact, CouponSold, Happening, Segment
from profiles.sources.reservation import Service as Wish
from profiles.sources.travellers import numbers, title_of, without_suffix
from profiles.sources.xml_documents import every, first

FIELDS = (
    Field("BookingRefID/@ID", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("@PNR_CreationDate", "moment, UTC", "2026-07-02T10:11:00", required=True),
    Field("@PNR_TransDate", "moment, UTC", "2026-07-03T09:00:00"),
    Field("Passenger/Surname", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("Passenger/GivenName", "text", "INGRID", Sensitivity.IDENTITY),
    Field("Passenger/ContactInfo/@PhoneNumber", "phone or e-mail", "E+INGRID@EXAMPLE.ORG", Sensitivity.CONTACT),
    Field("Passenger/CustLoyalty/@MembershipID", "text", "480934", Sensitivity.PSEUDONYM),
    Field("Passenger/DOC_SSR", "document", "", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field("Passenger/FareInfo/TicketDocument/@TicketDocumentNbr", "ticket number", "8892120234533"),
    Field("Flight", "flight, local times", "CPH LHR NV 504", required=True),
    Field("Flight/CheckInInfo", "check-in, seat", "012A"),
    Field("SSR[@SSRCode='CTCE']/Text", "e-mail", "", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field("SSR", "wishes; of health and belief sealed", "WCHR", Sensitivity.SPECIAL),
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read PNR elements: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    xml_documents.elements(lines, rejects, lambda line, pnr: columns.add(line, _booking(pnr)))
    return columns.batch(lines, rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each record."""
    return xml_documents.scanned(lines, lambda pnr: f"{_locator(pnr)}/{pnr.get('PNR_CreationDate', '')[:10]}")


def recognises(sample: Sample) -> float:
    if sample.head.lstrip()[:1] != b"<":
        return 0.0
    is_notice = b"PNRGOV_NotifRQ" in sample.head or b"PNR_CreationDate=" in sample.head
    return (
        0.95 if is_notice else 0.6 * (b"http://www.iata.org/IATA/2007/00" in sample.head and b"<Flight" in sample.head)
    )


def _locator(pnr: Element) -> str:
    reference = pnr.find("BookingRefID")
    return (reference.get("ID", "") if reference is not None else "").strip().upper()


def _named(pnr: Element) -> list[tuple[int, Element]]:
    """Number and element of each passenger who is there, those who were erased left out."""
    found = pnr.findall("Passenger")
    told = numbers([p.get("RPH", "") for p in found], range(1, len(found) + 1))
    return [(n, p) for n, p in zip(told, found, strict=True) if first(p, "Surname") or first(p, "GivenName")]


def _booking(pnr: Element) -> Booking:
    locator = _locator(pnr)
    if not locator or len(locator) > 8:
        raise Unreadable("BookingRefID", locator or None, "a record locator of at most 8 characters")
    created = _moment(pnr, "PNR_CreationDate") or _moment(pnr, "PNR_TransDate")
    if created is None:
        raise Unreadable("PNR_CreationDate", pnr.get("PNR_CreationDate"), "a moment as 2026-07-02T10:11:00")
    people = _named(pnr)
    if not people:
        raise Unreadable("Passenger", None, "at least one named passenger")
    who = {p.get("RPH", ""): number for number, p in people}
    segments = [_segment(item, at) for at, item in enumerate(_in_order(pnr), start=1)]
    currency, coupons, total = _fares(people, segments)
    source = pnr.find("POS/Source")
    agency = (source.get("PseudoCityCode") or source.get("AgentSine") or "") if source is not None else ""
    iata = pnr.find("POS/Source/RequestorID")
    agency = (iata.get("ID") if iata is not None and iata.get("Type") == "5" else "") or ""
    return {
        "locator": locator,
        "created_at": created,
        "modified_at": max(_moment(pnr, "PNR_TransDate") or created, created),
        "point_of_sale": (source.get("ISOCountry") or "")[:3] or None if source is not None else None,
        "channel": "agency" if agency else "gds",
        "agency": agency[:10] or None,
        "currency": currency,
        "total_minor": total,
        "status": flights.status_of(segments),
        "passengers": [_passenger(pnr, number, p, segments) for number, p in people],  # type: ignore[misc]
        "segments": segments,
        "contacts": list(_contacts(pnr, people, who)),
        "coupons": coupons,
        "ancillaries": [],
        "services": list(_services(pnr, who, segments)) if segments else [],
        "happenings": list(_happenings(pnr, who, segments)),
    }


def _moment(element: Element, name: str) -> datetime | None:
    at = flights.iso_moment(element.get(name, ""))
    return at.replace(tzinfo=UTC) if at else None


def _in_order(pnr: Element) -> list[Element]:
    return sorted(pnr.findall("Flight"), key=lambda item: item.get("DepartureDateTime", ""))


def _code(item: Element, name: str, attribute: str = "Code") -> str:
    found = item.find(name)
    return (found.get(attribute, "") if found is not None else "").strip().upper()


def _segment(item: Element, number: int) -> Segment:
    path = f"Flight[{number}]."
    departs = flights.iso_moment(item.get("DepartureDateTime", ""))
    if departs is None:
        raise Unreadable(path + "DepartureDateTime", item.get("DepartureDateTime"), "a moment as 2026-12-12T13:05:00")
    seat = item.find("CheckInInfo/BoardingNumber/SeatNumber")
    return flights.flight(
        number,
        carrier=_code(item, "MarketingAirline") or _code(item, "OperatingAirline"),
        flight_number=item.get("FlightNumber", ""),
        origin=_code(item, "DepartureAirport", "LocationCode"),
        destination=_code(item, "ArrivalAirport", "LocationCode"),
        departs=departs,
        arrives=flights.iso_moment(item.get("ArrivalDateTime", "")),
        booking_class=item.get("ResBookDesigCode", ""),
        cabin=seat.get("CabinClass") if seat is not None else None,
        status=item.get("Status", "HK"),
        operating=(_code(item, "OperatingAirline"), _code(item, "OperatingAirline", "FlightNumber")),
        path=path,
    )


def _passenger(pnr: Element, number: int, item: Element, segments: list[Segment]) -> dict[str, Any]:
    surname, suffix = without_suffix(first(item, "Surname"))
    if not surname:
        raise Unreadable("Passenger.Surname", None, "a surname")
    given, reference = first(item, "GivenName") or None, item.get("RPH", "")
    asked = {r.get("SSRCode"): first(r, "Text") for r in pnr.iter("SSR") if r.get("RPH") == reference}
    kind = agents.passenger_type(item.get("PassengerTypeCode") or ("CHD" if "CHLD" in asked else ""))
    passenger: dict[str, Any] = {
        "number": number,
        "surname": surname,
        "given_name": given,
        "title": first(item, "NamePrefix", "NameTitle") or title_of(given or ""),
        "suffix": suffix,
        "type": kind,
        "passport": agents.passport(asked["DOCS"])[0] if asked.get("DOCS") else None,
    }
    on = segments[0]["departs_at"].date() if segments else datetime.now(UTC).date()
    passenger["birth_date"] = flights.telex_day(asked.get("CHLD", "")[:7], not_after=on)
    for loyalty in item.findall("CustLoyalty"):
        passenger |= agents.programme(loyalty.get("ProgramID", ""), loyalty.get("MembershipID", ""))
    return passenger


def _contacts(pnr: Element, people: list[tuple[int, Element]], who: dict[str, int]) -> Iterator[Contact]:
    told: list[tuple[int | None, Element]] = [(None, c) for c in pnr.findall("ContactInfo")]
    told += [(number, c) for number, p in people for c in p.findall("ContactInfo")]
    for number, item in told:
        # A letter before the plus says what it is: E for an address, M for a mobile.
        said = item.get("PhoneNumber", "").partition("+")[2] if item.get("PhoneNumber", "")[1:2] == "+" else ""
        said = said or item.get("Email", "") or item.get("PhoneNumber", "")
        value = agents.email(said) if "@" in said else agents.phone(said)
        if value:
            yield {"type": "email" if "@" in said else "phone", "value": value, "passenger": number, "verified": False}
    for request in pnr.iter("SSR"):
        if request.get("SSRCode") in ("CTCE", "CTCM"):
            only = people[0][0] if len(people) == 1 else None
            found = agents.contact(
                f"{request.get('SSRCode')} {first(request, 'Text')}", who.get(request.get("RPH", ""), only)
            )
            if found:
                yield found
    for remark in every(pnr, "OSI/Text", "OtherServiceInformation/Text"):
        found = agents.contact(remark.text or "", people[0][0] if len(people) == 1 else None)
        if found:
            yield found


def _fares(people: list[tuple[int, Element]], segments: list[Segment]) -> tuple[str, list[CouponSold], int]:
    coupons: list[CouponSold] = []
    currency, total = NO_CURRENCY, 0
    for number, item in people:
        documents = list(every(item, "FareInfo/TicketDocument", "TicketDocument", ".//TicketDocument"))
        fare = item.find(".//TotalFare")
        amount = tickets.minor(fare.get("Amount", ""), fare.get("CurrencyCode")) if fare is not None else None
        if amount is not None and fare is not None and fare.get("CurrencyCode"):
            if currency not in (NO_CURRENCY, fare.get("CurrencyCode")):
                raise Unreadable("TotalFare", fare.get("CurrencyCode"), f"{currency}, the currency of the booking")
            currency = fare.get("CurrencyCode", "")
            total += amount
        known = next((n for d in documents if (n := tickets.ticket_number(d.get("TicketDocumentNbr", "")))), None)
        if known and segments:
            coupons += tickets.sold(number, tickets.one_a_leg(known, segments), amount or 0, segments)
    return currency, coupons, total


def _services(pnr: Element, who: dict[str, int], segments: list[Segment]) -> Iterator[Wish]:
    flown = {id(r): leg for leg, item in enumerate(_in_order(pnr), start=1) for r in item.findall("SSR")}
    seen = set()
    for request in pnr.iter("SSR"):
        code, number = request.get("SSRCode", ""), who.get(request.get("RPH", ""))
        text, leg = first(request, "Text")[:200] or None, flown.get(id(request))
        wanted = agents.is_wish(code) and (code != "SEAT" or text)
        if number and wanted and (number, leg, code, text) not in seen:
            seen.add((number, leg, code, text))
            yield {
                "passenger": number,
                "leg_number": leg,
                "code": code,
                "status": request.get("Status", "HK"),
                "text": text,
            }
    for leg, item in enumerate(_in_order(pnr), start=1):
        for boarding in item.findall("CheckInInfo/BoardingNumber"):
            number, seat = who.get(boarding.get("RPH", "")), first(boarding, "SeatNumber").lstrip("0")
            if number and seat:
                yield {"passenger": number, "leg_number": leg, "code": "SEAT", "status": "HK", "text": seat}


def _happenings(pnr: Element, who: dict[str, int], segments: list[Segment]) -> Iterator[Happening]:
    for leg, item in enumerate(_in_order(pnr), start=1):
        for told in item.findall("CheckInInfo"):
            at = _moment(told, "Time") or segments[leg - 1]["departs_at"] - timedelta(hours=1)
            for boarding in told.findall("BoardingNumber"):
                number = who.get(boarding.get("RPH", ""))
                bags = [bag.get("NumberOfBags", bag.get("BagCount", "")) for bag in boarding.iter("BagDetails")]
                many = sum(int(n) for n in bags if n.isdecimal())
                if number:
                    checked: Happening = {
                        "passenger": number,
                        "leg_number": leg,
                        "kind": EventKind.CHECKED_IN,
                        "at": at,
                        "quantity": 1,
                    }
                    yield checked
                    if many:
                        yield {**checked, "kind": EventKind.BAG_CHECKED, "quantity": many}


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The record without the passengers who are gone: their element stays, empty, so that others keep their numbers."""
    pnr = xml_documents.parsed(raw)
    created = _moment(pnr, "PNR_CreationDate") or _moment(pnr, "PNR_TransDate")
    stem = f"{_locator(pnr)}/{created.date() if created else ''}"
    people = _named(pnr)
    gone = {p.get("RPH", ""): p for number, p in people if is_gone(f"{stem}/{number}")}
    if not gone:
        return raw
    for element in gone.values():
        xml_documents.emptied(element, "RPH")
    loose = {"PNRHistory", "OSI", "OtherServiceInformation", "Remark", "ContactInfo"}

    def says_of_them(element: Element) -> bool:
        named = element.tag in ("SSR", "BoardingNumber") and element.get("RPH", "") in ("", *gone)
        return named or (element.tag in loose and element in list(pnr))

    xml_documents.drop(pnr, says_of_them)
    return xml_documents.written(pnr)


CONNECTOR = Connector(
    name="pnrgov_xml",
    title="Reservations (PNRGOV, XML)",
    family=Family.PSS,
    format="XML IATA_PNRGOV_NotifRQ",
    version="13.1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    freshness_hours=2,
    framing=Framing.XML,
    within=("PNR",),
    recognises=recognises,
    specification="WCO/IATA/ICAO PNRGOV XML implementation guide, 13.1",
    without=redacted,
)
