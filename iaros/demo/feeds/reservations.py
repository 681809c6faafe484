"""Bookings in the formats of other reservation systems, made of the same documents as `pnr.ndjson`.

What a format has no word for is not told: PNRGOV knows no coupon that was flown, and no extra but baggage.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

_COUPONS = {"open": "I", "flown": "B", "refunded": "RF"}  # PADIS 4405
_STATUS = {"flown": "HK", "XX": "XX"}
_EXTRA = {"extra_bag": "CHECKED_BAGS", "seat": "SEATS", "meal": "MEALS"}
_RELEASED = str.maketrans({c: f"?{c}" for c in "?+:'"})
_IN_ENGLISH = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def pnrgov(told: dict[str, Any]) -> bytes:
    """A message about the first flight with one record; the interchange around the messages is `HEAD` and `TAIL`."""
    flight = told["segments"][0]
    segments = [
        f"UNH+{told['locator']}+PNRGOV:13:1:IA+{told['locator']}",
        "MSG+:22",
        f"ORG+{flight['carrier']}:CPH",
        _tvl(flight),
        "EQN+1",
        "SRC",
        f"RCI+{flight['carrier']}:{told['locator']}::{_day(told['created_at'])}:{_time(told['created_at'])}",
        f"DAT+700:{_day(told['modified_at'])}:{_time(told['modified_at'])}",
        _org(told),
        *(
            f"ADD++700:::::::{_edi(c['value'])}"
            for c in told["contacts"]
            if c["type"] == "phone" and not c["passenger"]
        ),
    ]
    for passenger in told["passengers"]:
        segments += _passenger_segments(told, passenger)
    for leg in told["segments"]:
        segments += [
            _tvl(leg, leg["booking_class"]),
            f"RPI+{len(told['passengers'])}+{_STATUS.get(leg['status'], 'HK')}",
        ]
    segments.append(f"UNT+{len(segments) + 1}+{told['locator']}")
    return "".join(segment + "'\n" for segment in segments).encode()


def _passenger_segments(told: dict[str, Any], passenger: dict[str, Any]) -> Iterator[str]:
    number, kind = passenger["number"], {"ADT": "A", "CHD": "C", "INF": "IN"}[passenger["type"]]
    yield f"TIF+{_edi(passenger['surname'])}+{_edi(passenger['given_name'] or '')}:{kind}:{number}"
    if passenger["loyalty_number"]:
        yield f"FTI+{told['segments'][0]['carrier']}:{passenger['loyalty_number']}"
    yield f"FAR+N+++++{told['segments'][0]['fare_basis']}"
    for contact in told["contacts"]:
        if contact["passenger"] == number:
            spelt = contact["value"].upper().replace("_", "..").replace("-", "./").replace("@", "//")
            code, text = ("CTCE", spelt) if contact["type"] == "email" else ("CTCM", contact["value"].lstrip("+"))
            yield f"SSR+{code}:HK:1:{told['segments'][0]['carrier']}:::::{_edi(text)}+::{number}"
    if passenger["type"] == "CHD" and passenger["birth_date"]:
        born = datetime.fromisoformat(passenger["birth_date"])
        yield f"SSR+CHLD:HK:1:::::::{born:%d}{_IN_ENGLISH[born.month - 1]}{born:%y}+::{number}"
    for ticket in told["tickets"]:
        if ticket["passenger"] == number:
            paid = sum(coupon["fare_minor"] for coupon in ticket["coupons"]) / 100
            yield f"TKT+{ticket['number']}:T:1"
            yield f"MON+B:{paid:.2f}:{told['currency']}+T:{paid:.2f}:{told['currency']}"
    bags = [e for e in told["ancillaries"] if e["passenger"] == number and e["code"] == "extra_bag"]
    for bag in bags:
        yield f"EBD+{told['currency']}:{bag['price_minor'] / 100:.2f}+1::N"


def _org(told: dict[str, Any]) -> str:
    kind, agency = ("T", (told["agency"] or {}).get("iata", "")) if told["channel"] == "agency" else ("A", "")
    return f"ORG+NV:CPH+{agency}+++{kind}+{told['point_of_sale']}:{told['currency']}"


def _tvl(leg: dict[str, Any], booking_class: str = "") -> str:
    times = ":".join(f"{_day(leg[end])}:{_time(leg[end])}" for end in ("departs_at", "arrives_at"))
    flight = f"{leg['flight_number']}{':' if booking_class else ''}{booking_class}"
    return f"TVL+{times}+{leg['origin']}+{leg['destination']}+{leg['carrier']}+{flight}"


def _edi(text: str) -> str:
    return text.translate(_RELEASED)


def _day(iso: str) -> str:
    return f"{iso[8:10]}{iso[5:7]}{iso[2:4]}"


def _time(iso: str) -> str:
    return f"{iso[11:13]}{iso[14:16]}"


def pnrgov_xml(told: dict[str, Any]) -> bytes:
    """A PNR element, of the notice that `HEAD` begins."""
    fares = {t["passenger"]: t for t in told["tickets"]}
    people = "".join(_xml_passenger(told, p, fares.get(p["number"])) for p in told["passengers"])
    legs = "".join(
        f"<Flight DepartureDateTime={quoteattr(leg['departs_at'][:19])}"
        f" ArrivalDateTime={quoteattr(leg['arrives_at'][:19])}"
        f" ResBookDesigCode={quoteattr(leg['booking_class'])} Status={quoteattr(_STATUS.get(leg['status'], 'HK'))}"
        f" FlightNumber={quoteattr(leg['flight_number'])}><DepartureAirport LocationCode={quoteattr(leg['origin'])}/>"
        f"<ArrivalAirport LocationCode={quoteattr(leg['destination'])}/>"
        f"<MarketingAirline Code={quoteattr(leg['carrier'])}/></Flight>"
        for leg in told["segments"]
    )
    return (
        f"<PNR PNR_CreationDate={quoteattr(told['created_at'][:19])}"
        f" PNR_TransDate={quoteattr(told['modified_at'][:19])}>"
        f'<BookingRefID ID="{told["locator"]}"><CompanyName Code="NV"/></BookingRefID>{people}{legs}</PNR>\n'
    ).encode()


def _xml_passenger(told: dict[str, Any], passenger: dict[str, Any], ticket: dict[str, Any] | None) -> str:
    reached = [c for c in told["contacts"] if c["passenger"] == passenger["number"]]
    contacts = "".join(
        f'<ContactInfo PhoneNumber="{"E" if c["type"] == "email" else "M"}+{escape(c["value"].lstrip("+"))}"/>'
        for c in reached
    )
    loyalty = passenger["loyalty_number"]
    fare = ""
    if ticket:
        paid = sum(coupon["fare_minor"] for coupon in ticket["coupons"]) / 100
        fare = (
            f'<FareInfo><TicketDocument TicketDocumentNbr="{ticket["number"]}"/>'
            f'<TotalFare Amount="{paid:.2f}" CurrencyCode="{told["currency"]}"/></FareInfo>'
        )
    member = f'<CustLoyalty ProgramID="NV" MembershipID="{loyalty}"/>' if loyalty else ""
    return (
        f'<Passenger RPH="{passenger["number"]}" PassengerTypeCode="{passenger["type"]}">'
        f"<GivenName>{escape(passenger['given_name'] or '')}</GivenName>"
        f"<Surname>{escape(passenger['surname'])}</Surname>"
        f"{contacts}{member}{fare}</Passenger>"
    )


def amadeus_pnr(told: dict[str, Any]) -> bytes:
    """A PNR_Reply without its envelope."""
    people = "".join(
        f"<travellerInfo>{_tattoo('elementManagementPassenger', 'PT', p['number'], 'NM')}<passengerData>"
        f"<travellerInformation><traveller><surname>{escape(p['surname'])}</surname></traveller><passenger>"
        f"<firstName>{escape(p['given_name'] or '')}</firstName><type>{p['type']}</type></passenger>"
        f"</travellerInformation>{_born(p)}</passengerData></travellerInfo>"
        for p in told["passengers"]
    )
    legs = "".join(
        f"<itineraryInfo>{_tattoo('elementManagementItinerary', 'ST', leg['number'], 'AIR')}<travelProduct><product>"
        f"<depDate>{_day(leg['departs_at'])}</depDate><depTime>{_time(leg['departs_at'])}</depTime>"
        f"<arrDate>{_day(leg['arrives_at'])}</arrDate><arrTime>{_time(leg['arrives_at'])}</arrTime></product>"
        f"<boardpointDetail><cityCode>{leg['origin']}</cityCode></boardpointDetail>"
        f"<offpointDetail><cityCode>{leg['destination']}</cityCode></offpointDetail>"
        f"<companyDetail><identification>{leg['carrier']}</identification></companyDetail><productDetails>"
        f"<identification>{leg['flight_number']}</identification><classOfService>{leg['booking_class']}</classOfService>"
        f"</productDetails></travelProduct><relatedProduct><status>{_STATUS.get(leg['status'], 'HK')}</status>"
        f"</relatedProduct></itineraryInfo>"
        for leg in told["segments"]
    )
    seller, iata = ("T", (told["agency"] or {}).get("iata", "")) if told["channel"] == "agency" else ("A", "")
    return (
        f'<PNR_Reply xmlns="http://xml.amadeus.com/PNRACC_17_2_1A"><pnrHeader><reservationInfo><reservation>'
        f"<companyId>1A</companyId><controlNumber>{told['locator']}</controlNumber><date>{_day(told['modified_at'])}</date>"
        f"<time>{_time(told['modified_at'])}</time></reservation></reservationInfo></pnrHeader><securityInformation>"
        f"<responsibilityInformation><iataCode>{iata}</iataCode></responsibilityInformation><secondRpInformation>"
        f"<creationDate>{_day(told['created_at'])}</creationDate><creationTime>{_time(told['created_at'])}</creationTime>"
        f"</secondRpInformation></securityInformation><sbrCreationPosDetails><sbrUserIdentificationOwn>"
        f"<originatorTypeCode>{seller}</originatorTypeCode></sbrUserIdentificationOwn></sbrCreationPosDetails>"
        f"{people}<originDestinationDetails>{legs}</originDestinationDetails>"
        f"<dataElementsMaster>{''.join(_elements(told))}</dataElementsMaster></PNR_Reply>\n"
    ).encode()


def _tattoo(tag: str, qualifier: str, number: int, name: str) -> str:
    reference = f"<reference><qualifier>{qualifier}</qualifier><number>{number}</number></reference>"
    return f"<{tag}>{reference}<segmentName>{name}</segmentName></{tag}>"


def _born(passenger: dict[str, Any]) -> str:
    if not passenger["birth_date"]:
        return ""
    born = passenger["birth_date"]
    date = f"<qualifier>706</qualifier><date>{born[8:10]}{born[5:7]}{born[:4]}</date>"
    return f"<dateOfBirth><dateAndTimeDetails>{date}</dateAndTimeDetails></dateOfBirth>"


def _elements(told: dict[str, Any]) -> Iterator[str]:
    for contact in told["contacts"]:
        kind = "P02" if contact["type"] == "email" else "7"
        yield _element("AP", kind, contact["value"], contact["passenger"])
    for ticket in told["tickets"]:
        number = ticket["number"]
        yield _element("FA", "P06", f"PAX {number[:3]}-{number[3:]}/ETNV/{told['currency']}", ticket["passenger"])
    for passenger in told["passengers"]:
        if passenger["loyalty_number"]:
            yield (
                "<dataElementsIndiv><elementManagementData><segmentName>SSR</segmentName></elementManagementData>"
                "<serviceRequest><ssr><type>FQTV</type><status>HK</status><companyId>NV</companyId>"
                f"<freeText>NV{passenger['loyalty_number']}</freeText></ssr></serviceRequest>{_for(passenger['number'])}"
                "</dataElementsIndiv>"
            )


def _element(name: str, kind: str, text: str, passenger: int | None) -> str:
    return (
        f"<dataElementsIndiv><elementManagementData><segmentName>{name}</segmentName></elementManagementData>"
        f"<otherDataFreetext><freetextDetail><type>{kind}</type></freetextDetail><longFreetext>{escape(text)}</longFreetext>"
        f"</otherDataFreetext>{_for(passenger)}</dataElementsIndiv>"
    )


def _for(passenger: int | None) -> str:
    reference = f"<reference><qualifier>PT</qualifier><number>{passenger}</number></reference>" if passenger else ""
    return f"<referenceForDataElement>{reference}</referenceForDataElement>"


def amadeus_order(told: dict[str, Any]) -> bytes:
    """An answer with a flight order, a line of its own."""
    own = {p["number"]: [c for c in told["contacts"] if c["passenger"] == p["number"]] for p in told["passengers"]}
    order: dict[str, Any] = {
        "type": "flight-order",
        "id": f"eJz{told['locator']}",
        "associatedRecords": [{"reference": told["locator"], "creationDate": told["created_at"][:19]}],
        "travelers": [_traveler(p, own[p["number"]]) for p in told["passengers"]],
        "flightOffers": [_offer(told)],
        "tickets": [{"documentNumber": t["number"], "travelerId": str(t["passenger"])} for t in told["tickets"]],
    }
    if told["channel"] == "agency" and told["agency"]:
        order["queuingOfficeId"] = told["agency"]["iata"]
    return orjson.dumps({"data": order}) + b"\n"


def _traveler(passenger: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    phones = [{"number": c["value"].lstrip("+")} for c in contacts if c["type"] == "phone"]
    traveler: dict[str, Any] = {
        "id": str(passenger["number"]),
        "dateOfBirth": passenger["birth_date"],
        "name": {"firstName": passenger["given_name"], "lastName": passenger["surname"]},
        "contact": {
            "emailAddress": next((c["value"] for c in contacts if c["type"] == "email"), None),
            "phones": phones,
        },
    }
    if passenger["loyalty_number"]:
        traveler["loyaltyPrograms"] = [{"programOwner": "NV", "id": passenger["loyalty_number"]}]
    return traveler


def _offer(told: dict[str, Any]) -> dict[str, Any]:
    names = {"F": "FIRST", "C": "BUSINESS", "W": "PREMIUM_ECONOMY", "Y": "ECONOMY"}
    details = [
        {
            "segmentId": str(s["number"]),
            "cabin": names[s["cabin"]],
            "class": s["booking_class"],
            "fareBasis": s["fare_basis"],
        }
        for s in told["segments"]
    ]
    kinds = {"ADT": "ADULT", "CHD": "CHILD", "INF": "HELD_INFANT"}
    paid = {t["passenger"]: sum(c["fare_minor"] for c in t["coupons"]) / 100 for t in told["tickets"]}
    return {
        "itineraries": [{"segments": [_flight(leg) for leg in told["segments"]]}],
        "price": {
            "currency": told["currency"],
            "grandTotal": f"{told['total_minor'] / 100:.2f}",
            "additionalServices": [
                {"type": _EXTRA.get(e["code"], e["code"].upper()), "amount": f"{e['price_minor'] / 100:.2f}"}
                for e in told["ancillaries"]
            ],
        },
        "travelerPricings": [
            {
                "travelerId": str(p["number"]),
                "travelerType": kinds[p["type"]],
                "price": {"base": f"{paid.get(p['number'], 0):.2f}"},
                "fareDetailsBySegment": details,
            }
            for p in told["passengers"]
        ],
    }


def _flight(leg: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": str(leg["number"]),
        "carrierCode": leg["carrier"],
        "number": leg["flight_number"],
        "departure": {"iataCode": leg["origin"], "at": leg["departs_at"][:19]},
        "arrival": {"iataCode": leg["destination"], "at": leg["arrives_at"][:19]},
    }


def ndc_order(told: dict[str, Any]) -> bytes:
    """An OrderViewRS of 21.3."""
    contacts = [(f"C{at}", c) for at, c in enumerate(told["contacts"], start=1)]
    people = "".join(_pax(p, [key for key, c in contacts if c["passenger"] == p["number"]]) for p in told["passengers"])
    reached = "".join(_contact(key, c) for key, c in contacts if c["type"] == "email" or c["value"].startswith("+"))
    legs = "".join(
        f"<PaxSegment><PaxSegmentID>S{leg['number']}</PaxSegmentID><Dep><IATA_LocationCode>{leg['origin']}</IATA_LocationCode>"
        f"<AircraftScheduledDateTime>{leg['departs_at'][:19]}</AircraftScheduledDateTime></Dep><Arrival>"
        f"<IATA_LocationCode>{leg['destination']}</IATA_LocationCode><AircraftScheduledDateTime>{leg['arrives_at'][:19]}"
        f"</AircraftScheduledDateTime></Arrival><MarketingCarrierInfo><CarrierDesigCode>{leg['carrier']}</CarrierDesigCode>"
        f"<MarketingCarrierFlightNumberText>{leg['flight_number']}</MarketingCarrierFlightNumberText>"
        f"<RBD_Code>{leg['booking_class']}</RBD_Code></MarketingCarrierInfo></PaxSegment>"
        for leg in told["segments"]
    )
    status = "<StatusCode>CANCELLED</StatusCode>" if told["status"] == "cancelled" else ""
    return (
        '<IATA_OrderViewRS xmlns="http://www.iata.org/IATA/2015/EASD/00/IATA_OffersAndOrdersMessage/IATA_OrderViewRS">'
        f"<Response><DataLists><ContactInfoList>{reached}</ContactInfoList><PaxList>{people}</PaxList><PaxSegmentList>{legs}"
        f"</PaxSegmentList></DataLists><Order><OrderID>NV{told['locator']}</OrderID><BookingRef><BookingID>{told['locator']}"
        f"</BookingID></BookingRef><CreationDateTime>{told['created_at'][:19]}Z</CreationDateTime>{status}<TotalPrice>"
        f'<TotalAmount CurCode="{told["currency"]}">{told["total_minor"] / 100:.2f}</TotalAmount></TotalPrice></Order>'
        f"{''.join(_ticket(t, told['currency']) for t in told['tickets'])}</Response></IATA_OrderViewRS>\n"
    ).encode()


def _pax(passenger: dict[str, Any], contacts: list[str]) -> str:
    loyalty, born = passenger["loyalty_number"], passenger["birth_date"]
    member = (
        f"<LoyaltyProgramAccount><AccountNumber>{loyalty}</AccountNumber><LoyaltyProgram><Carrier><AirlineDesigCode>NV"
        "</AirlineDesigCode></Carrier></LoyaltyProgram></LoyaltyProgramAccount>"
    )
    return (
        f"<Pax><PaxID>P{passenger['number']}</PaxID><PTC>{passenger['type']}</PTC>"
        f"{''.join(f'<ContactInfoRefID>{key}</ContactInfoRefID>' for key in contacts)}<Individual>"
        f"{f'<Birthdate>{born}</Birthdate>' if born else ''}"
        f"<GivenName>{escape(passenger['given_name'] or '')}</GivenName>"
        f"<Surname>{escape(passenger['surname'])}</Surname></Individual>{member if loyalty else ''}</Pax>"
    )


def _contact(key: str, contact: dict[str, Any]) -> str:
    value = escape(contact["value"])
    kind = (
        f"<EmailAddress><EmailAddressText>{value}</EmailAddressText></EmailAddress>"
        if contact["type"] == "email"
        else f"<Phone><PhoneNumber>{value}</PhoneNumber></Phone>"
    )
    return f"<ContactInfo><ContactInfoID>{key}</ContactInfoID>{kind}</ContactInfo>"


def _ticket(ticket: dict[str, Any], currency: str) -> str:
    paid = sum(coupon["fare_minor"] for coupon in ticket["coupons"]) / 100
    coupons = "".join(
        f"<Coupon><CouponNumber>{c['number']}</CouponNumber><CouponStatusCode>{_COUPONS[c['status']]}</CouponStatusCode>"
        f"<PaxSegmentRefID>S{c['segment']}</PaxSegmentRefID></Coupon>"
        for c in ticket["coupons"]
    )
    return (
        f"<TicketDocInfo><PaxRefID>P{ticket['passenger']}</PaxRefID><Price>"
        f'<BaseAmount CurCode="{currency}">{paid:.2f}</BaseAmount></Price><Ticket><TicketNumber>{ticket["number"]}'
        f"</TicketNumber>{coupons}</Ticket></TicketDocInfo>"
    )


WRITERS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "pnrgov": pnrgov,
    "pnrgov_xml": pnrgov_xml,
    "amadeus_pnr": amadeus_pnr,
    "amadeus_orders": amadeus_order,
    "ndc_orders": ndc_order,
}
# What stands in a file around its records; `{count}` is how many there are.
HEAD: dict[str, str] = {
    "pnrgov": "UNA:+.?*'\nUNB+UNOW:4+NV+GOV+261101:0000+NV2611'\n",
    "pnrgov_xml": '<IATA_PNRGOV_NotifRQ xmlns="http://www.iata.org/IATA/2007/00"><PNRs>\n',
}
TAIL: dict[str, str] = {"pnrgov": "UNZ+{count}+NV2611'\n", "pnrgov_xml": "</PNRs></IATA_PNRGOV_NotifRQ>\n"}
