"""Reservations as Amadeus web services show them: PNR_Reply documents, with or without their SOAP envelope.

A reply that says that an act failed shows what was not filed, and tells of nobody.
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
from profiles.sources import agents, flights, xml_documents
from profiles.sources.amadeus_elements import Reference, contacts, coupons, fares, loyalty, passports, services
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
from profiles.sources.reservation import Booking, Segment
from profiles.sources.travellers import title_of, without_suffix
from profiles.sources.xml_documents import every, first

FIELDS = (
    Field("pnrHeader/controlNumber", "text", "7KQX2M", Sensitivity.PSEUDONYM, required=True),
    Field("pnrHeader/date", "DDMMYY HHMM, of the last change", "030726 0900"),
    Field("secondRpInformation/creationDate", "DDMMYY HHMM", "020726 1011"),
    Field("responsibilityInformation/iataCode", "IATA number of the agency", "52519950"),
    Field("travellerInfo/surname", "text", "SOLHEIM", Sensitivity.IDENTITY, required=True),
    Field("travellerInfo/firstName", "text", "INGRID MS", Sensitivity.IDENTITY),
    Field("travellerInfo/dateOfBirth", "DDMMYYYY", "17051984", Sensitivity.IDENTITY),
    Field("itineraryInfo", "flight, local times", "CPH LHR NV 504"),
    Field("dataElementsIndiv[AP]", "phone or e-mail", "+4790011223", Sensitivity.CONTACT),
    Field("dataElementsIndiv[FA]", "ticket", "PAX 889-2120234533/ETNV/EUR412.00", Sensitivity.PSEUDONYM),
    Field("dataElementsIndiv[FP]", "form of payment, masked, not read", "CCVI411111XXXXXX1111"),
    Field("ssr[FQTV]", "frequent flyer number", "NV480934", Sensitivity.PSEUDONYM),
    Field("ssr[CTCE]", "e-mail", "INGRID//EXAMPLE.ORG", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field("ssr[CTCM]", "phone", "4790011223", Sensitivity.CONTACT, purpose=Purpose.SERVICING_IROPS),
    Field("ssr[DOCS]", "passport", "P/NOR/A1234567", Sensitivity.IDENTITY, purpose=Purpose.LEGAL_OBLIGATION),
    Field("ssr", "wishes; of health and belief sealed", "WCHR", Sensitivity.SPECIAL),
    Field("tstData/fareData", "fares of passengers", "T 412.00 EUR"),
)
_AGENTS = frozenset("ENT")
_RESERVATION = "pnrHeader/reservationInfo/reservation"
_LOOSE = frozenset({"AB", "AM", "AP", "FP", "OS", "RC", "RF", "RI", "RM", "SSR"})  # of nobody in particular
_INFANTS_FROM = 1_000  # an infant goes by its adult's number and this


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read replies: mentions of their passengers, and the typed facts and events of each."""
    rejects: list[Reject] = []
    columns = BookingColumns()
    xml_documents.elements(lines, rejects, lambda line, reply: columns.add(line, _booking(reply)))
    return columns.batch(lines, rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Locator and creation date of each reply."""
    return xml_documents.scanned(lines, lambda reply: _stem(reply))


def recognises(sample: Sample) -> float:
    return 0.95 * bool(re.search(rb"<(?:\w+:)?PNR_Reply[\s>]", sample.head))


def _stem(reply: Element) -> str:
    locator, created = _locator(reply), _created(reply)
    return f"{locator}/{created.date() if created else ''}"


def _locator(reply: Element) -> str:
    return first(reply, f"{_RESERVATION}/controlNumber").upper()


def _created(reply: Element) -> datetime | None:
    by = "securityInformation/secondRpInformation"
    made = flights.moment_of(first(reply, f"{by}/creationDate"), first(reply, f"{by}/creationTime"))
    return made or _modified(reply)


def _modified(reply: Element) -> datetime | None:
    return flights.moment_of(first(reply, f"{_RESERVATION}/date"), first(reply, f"{_RESERVATION}/time"))


def _refuse_failures(reply: Element) -> None:
    for told in reply.findall("generalErrorInfo"):
        category = first(told, ".//errorCategory", "messageErrorInformation/errorDetail/qualifier")
        if category in ("", "EC"):
            said = [t.text.strip() for t in every(told, ".//text", ".//freeText") if t.text and t.text.strip()]
            code = first(told, ".//errorCode")
            raise Unreadable("generalErrorInfo", f"{code} {'; '.join(said)}".strip(), "a reply to an act that was done")


def _booking(reply: Element) -> Booking:
    _refuse_failures(reply)
    locator, created = _locator(reply), _created(reply)
    if not locator or len(locator) > 8:
        raise Unreadable("controlNumber", locator or None, "the locator of a reservation that was filed")
    if created is None:
        raise Unreadable("creationDate", first(reply, f"{_RESERVATION}/date") or None, "DDMMYY")
    people = list(_people(reply))
    if not people:
        raise Unreadable("travellerInfo", None, "at least one named passenger")
    legs = list(_legs(reply))
    segments = [segment for _, segment in legs]
    who = Reference(
        passengers={tattoo: number for tattoo, number, infant, _ in people if not infant},
        infants={tattoo: number for tattoo, number, infant, _ in people if infant},
        legs={tattoo: segment["number"] for tattoo, segment in legs},
    )
    known = passports(reply, who)
    numbers = loyalty(reply, who)
    passengers: list[Any] = [
        {**person, **numbers.get(number, {}), "passport": known.get(number)} for _, number, _, person in people
    ]
    money = fares(reply, who)
    created_at = created.replace(tzinfo=UTC)
    return {
        "locator": locator,
        "created_at": created_at,
        "modified_at": max((_modified(reply) or created).replace(tzinfo=UTC), created_at),
        "point_of_sale": first(reply, "sbrCreationPosDetails/sbrPreferences/userPreferences/codedCountry")[:3] or None,
        **_sold_by(reply),  # type: ignore[typeddict-item]
        "currency": money.currency,
        "total_minor": sum(money.totals.values()),
        "status": flights.status_of(segments),
        "passengers": passengers,
        "segments": segments,
        "contacts": list(contacts(reply, who)),
        "coupons": coupons(reply, who, money, segments),
        "ancillaries": [],
        "services": list(services(reply, who)) if segments else [],
    }


def _sold_by(reply: Element) -> dict[str, str | None]:
    """An office with an accreditation number is an agency's; an airline's own agents have none of the type."""
    seller = "sbrCreationPosDetails/sbrUserIdentificationOwn"
    kind = first(reply, f"{seller}/originatorTypeCode")
    office = first(reply, "securityInformation/responsibilityInformation/officeId")
    iata = first(reply, "securityInformation/responsibilityInformation/iataCode")
    if kind in _AGENTS or (not kind and iata):
        return {"channel": "agency", "agency": (iata if iata.isdigit() else office)[:10] or None}
    return {"channel": "phone" if kind == "A" else "gds", "agency": None}


def _people(reply: Element) -> Iterator[tuple[str, int, bool, dict[str, Any]]]:
    """Tattoo, number, whether an infant that goes by its adult's tattoo, and what is told of each who is there."""
    for at, item in enumerate(reply.findall("travellerInfo"), start=1):
        tattoo = first(item, "elementManagementPassenger/reference/number")
        number = int(tattoo) if tattoo.isascii() and tattoo.isdigit() and 0 < int(tattoo) < _INFANTS_FROM else at
        alone = len(item.findall("passengerData/travellerInformation/passenger")) == 1
        for data in item.findall("passengerData"):
            told = data.find("travellerInformation")
            surname = first(told, "traveller/surname")
            born = flights.day_of(first(data, "dateOfBirth/dateAndTimeDetails/date"))
            for passenger in told.findall("passenger") if told is not None else []:
                person = _person(surname, passenger)
                if person is None:
                    continue
                infant = person["type"] == "INF" and not alone
                person["number"] = number + _INFANTS_FROM * infant
                person["birth_date"] = born.isoformat() if born else None
                yield tattoo, person["number"], infant, person


def _person(surname: str, passenger: Element) -> dict[str, Any] | None:
    given = first(passenger, "firstName") or None
    if not surname or not len(passenger):
        return None
    bare, suffix = without_suffix(surname)
    return {
        "surname": bare,
        "given_name": given,
        "title": title_of(given or ""),
        "suffix": suffix,
        "type": agents.passenger_type(first(passenger, "type")),
    }


def _legs(reply: Element) -> Iterator[tuple[str, Segment]]:
    """Tattoo and flight of each air segment; trains, hotels and requests are none."""
    number = 0
    for item in reply.iterfind("originDestinationDetails/itineraryInfo"):
        product = item.find("travelProduct")
        flight_number = first(product, "productDetails/identification")
        if (
            first(item, "elementManagementItinerary/segmentName") not in ("AIR", "")
            or product is None
            or not flight_number
        ):
            continue
        if not flight_number[:1].isdigit():
            continue  # OPEN, ARNK
        number += 1
        departs = flights.moment_of(first(product, "product/depDate"), first(product, "product/depTime"))
        if departs is None:
            raise Unreadable(f"itineraryInfo[{number}].depDate", first(product, "product/depDate") or None, "DDMMYY")
        lands = first(product, "product/arrTime")
        sold_by, flown_by = (
            first(product, f"companyDetail/{name}") for name in ("identification", "secondIdentification")
        )
        yield (
            first(item, "elementManagementItinerary/reference/number"),
            flights.flight(
                number,
                carrier=sold_by,
                flight_number=flight_number,
                origin=first(product, "boardpointDetail/cityCode"),
                destination=first(product, "offpointDetail/cityCode"),
                departs=departs,
                arrives=flights.moment_of(first(product, "product/arrDate", "product/depDate"), lands)
                if lands
                else None,
                booking_class=first(product, "productDetails/classOfService"),
                cabin=first(item, "cabinDetails/cabinDetails/classDesignator") or None,
                status=first(item, "relatedProduct/status") or "HK",
                operating=(flown_by, ""),
                path=f"itineraryInfo[{number}].",
            ),
        )


def _forget(item: Element, *, adult: bool, infant: bool) -> None:
    """Take the adult, the infant or both out of a passenger's element."""
    xml_documents.drop(item, lambda e: e.tag == "enhancedPassengerData")
    for told in item.iterfind("passengerData"):
        for passenger in list(told.iterfind("travellerInformation/passenger")):
            alone = len(item.findall("passengerData/travellerInformation/passenger")) == 1
            is_infant = agents.passenger_type(first(passenger, "type")) == "INF" and not alone
            if infant if is_infant else adult:
                xml_documents.emptied(passenger)
                xml_documents.drop(told, lambda e: e.tag == "dateOfBirth")
    if adult and not any(len(p) for p in item.iterfind("passengerData/travellerInformation/passenger")):
        xml_documents.drop(item, lambda e: e.tag == "passengerData")


def redacted(raw: bytes, is_gone: IsGone, is_theirs: IsTheirs) -> bytes:
    """The reply without the passengers who are gone: their names go, their number stays."""
    reply = xml_documents.parsed(raw)
    stem = _stem(reply)
    people = list(_people(reply))
    gone = {number for _, number, *_ in people if is_gone(f"{stem}/{number}")}
    if not gone:
        return raw
    tattoos = {tattoo for tattoo, number, infant, _ in people if number in gone and not infant}
    infants = {tattoo for tattoo, number, infant, _ in people if number in gone and infant}
    for item in reply.findall("travellerInfo"):
        tattoo = first(item, "elementManagementPassenger/reference/number")
        if tattoo in tattoos | infants:
            _forget(item, adult=tattoo in tattoos, infant=tattoo in infants)

    def says_of_them(element: Element) -> bool:
        if element.tag not in ("dataElementsIndiv", "tstData"):
            return False
        told = {first(r, "number") for r in every(element, ".//reference") if first(r, "qualifier") == "PT"}
        kind = first(element, "elementManagementData/segmentName")
        of_infant = told & infants and kind in ("SSR", "FA", "OS", "RM")
        return bool(told & tattoos or of_infant) or (not told and kind in _LOOSE)

    xml_documents.drop(reply, says_of_them)
    return xml_documents.written(reply)


CONNECTOR = Connector(
    name="amadeus_pnr",
    title="Reservations (Amadeus PNR_Reply)",
    family=Family.PSS,
    format="XML PNR_Reply, SOAP",
    version="9.1-17.2",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    freshness_hours=2,
    framing=Framing.XML,
    within=("PNR_Reply",),
    recognises=recognises,
    specification="Amadeus web services, PNR_Reply; verified subset",
    without=redacted,
)
