"""NDC orders: the same order in the words of 21.3 and of 17.2."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from profiles.models import IdentifierKind
from profiles.sources import ndc_orders
from profiles.sources.contract import Lines, Sample
from tests.profiles.sources.reservations import faults_and_batches, names, rows

V21 = """<?xml version="1.0" encoding="UTF-8"?>
<IATA_OrderViewRS xmlns="http://www.iata.org/IATA/2015/EASD/00/IATA_OffersAndOrdersMessage/IATA_OrderViewRS">
<Response><DataLists>
<ContactInfoList><ContactInfo><ContactInfoID>C1</ContactInfoID><EmailAddress><EmailAddressText>ingrid@example.org
</EmailAddressText></EmailAddress><Phone><CountryDialingCode>47</CountryDialingCode><PhoneNumber>90011223</PhoneNumber>
</Phone></ContactInfo></ContactInfoList>
<PaxList><Pax><PaxID>P1</PaxID><PTC>ADT</PTC><ContactInfoRefID>C1</ContactInfoRefID><Individual>
<Birthdate>1984-05-17</Birthdate><GenderCode>F</GenderCode><GivenName>Ingrid</GivenName><Surname>Solheim</Surname>
</Individual><LoyaltyProgramAccount><AccountNumber>480934</AccountNumber><LoyaltyProgram><Carrier>
<AirlineDesigCode>NV</AirlineDesigCode></Carrier></LoyaltyProgram></LoyaltyProgramAccount><IdentityDoc>
<IdentityDocID>A1234567</IdentityDocID><IdentityDocTypeCode>PT</IdentityDocTypeCode>
<IssuingCountryCode>NO</IssuingCountryCode></IdentityDoc></Pax>
<Pax><PaxID>P2</PaxID><PTC>CHD</PTC><Individual><GivenName>Olav</GivenName><Surname>Solheim</Surname></Individual></Pax>
</PaxList>
<PaxSegmentList><PaxSegment><PaxSegmentID>S1</PaxSegmentID><Dep><IATA_LocationCode>CPH</IATA_LocationCode>
<AircraftScheduledDateTime>2026-12-12T13:05:00</AircraftScheduledDateTime></Dep><Arrival><IATA_LocationCode>LHR
</IATA_LocationCode><AircraftScheduledDateTime>2026-12-12T14:10:00</AircraftScheduledDateTime></Arrival>
<MarketingCarrierInfo><CarrierDesigCode>NV</CarrierDesigCode>
<MarketingCarrierFlightNumberText>504</MarketingCarrierFlightNumberText></MarketingCarrierInfo></PaxSegment>
</PaxSegmentList></DataLists>
<Order><OrderID>NV0070000123</OrderID><BookingRef><BookingID>7KQX2M</BookingID></BookingRef>
<CreationDateTime>2026-07-02T10:11:00Z</CreationDateTime><OrderItem><FareDetail><FareComponent>
<FareBasisCode>YRTNV</FareBasisCode><RBD><RBD_Code>J</RBD_Code></RBD><PaxSegmentRefID>S1</PaxSegmentRefID>
</FareComponent></FareDetail></OrderItem><TotalPrice><TotalAmount CurCode="EUR">412.00</TotalAmount></TotalPrice>
</Order>
<TicketDocInfo><PaxRefID>P1</PaxRefID><Price><BaseAmount CurCode="EUR">300.00</BaseAmount></Price><Ticket>
<TicketNumber>8892120234533</TicketNumber><Coupon><CouponNumber>1</CouponNumber><CouponStatusCode>B</CouponStatusCode>
<PaxSegmentRefID>S1</PaxSegmentRefID></Coupon></Ticket></TicketDocInfo></Response></IATA_OrderViewRS>"""
V17 = """<OrderViewRS Version="17.2" TimeStamp="2026-07-02T10:11:00Z" xmlns="http://www.iata.org/IATA/EDIST/2017.2"><Response>
<Order OrderID="NV0070000123" Owner="NV"><BookingReferences><BookingReference><ID>7KQX2M</ID></BookingReference>
</BookingReferences><TotalOrderPrice><SimpleCurrencyPrice Code="EUR">412.00</SimpleCurrencyPrice></TotalOrderPrice>
</Order><DataLists><PassengerList><Passenger PassengerID="P1"><PTC>ADT</PTC><Individual><GivenName>Ingrid</GivenName>
<Surname>Solheim</Surname></Individual><ContactInfoRef>C1</ContactInfoRef></Passenger></PassengerList>
<ContactList><ContactInformation ContactID="C1"><EmailAddress><EmailAddressValue>ingrid@example.org</EmailAddressValue>
</EmailAddress></ContactInformation></ContactList>
<FlightSegmentList><FlightSegment SegmentKey="S1"><Departure><AirportCode>CPH</AirportCode><Date>2026-12-12</Date>
<Time>13:05</Time></Departure><Arrival><AirportCode>LHR</AirportCode><Date>2026-12-12</Date><Time>14:10</Time></Arrival>
<MarketingCarrier><AirlineID>NV</AirlineID><FlightNumber>504</FlightNumber></MarketingCarrier></FlightSegment>
</FlightSegmentList></DataLists></Response></OrderViewRS>"""


def read(tmp_path, text: str):
    path = tmp_path / "order.xml"
    path.write_text(text)
    return faults_and_batches(ndc_orders.CONNECTOR, path)


def test_order_21__people_flights_money(tmp_path):
    faults, (batch,) = read(tmp_path, V21)

    assert faults == []
    assert batch.native_key == ["7KQX2M/2026-07-02/1", "7KQX2M/2026-07-02/2"]
    assert names([batch]) == [("Ingrid", "Solheim"), ("Olav", "Solheim")]
    assert (batch.person["email"][0], batch.person["phone"][0]) == ("ingrid@example.org", "+4790011223")
    assert {k.kind: k.values[0] for k in batch.keys if k.kind == IdentifierKind.PASSPORT} == {
        IdentifierKind.PASSPORT: "NOA1234567"
    }
    assert batch.facts["passengers"]["passenger_type"] == ["ADT", "CHD"]
    assert rows(batch, "legs", "carrier", "flight_number", "cabin", "fare_basis", "departs_at") == [
        ("NV", "504", "C", "YRTNV", datetime(2026, 12, 12, 12, 5))
    ]
    assert rows(batch, "coupons", "ticket_number", "number", "status", "fare_minor") == [
        ("8892120234533", 1, "flown", 30000)
    ]


def test_order_17__the_same_under_other_names(tmp_path):
    faults, (batch,) = read(tmp_path, V17)

    assert faults == []
    assert batch.native_key == ["7KQX2M/2026-07-02/1"]
    assert batch.person["email"] == ["ingrid@example.org"]
    assert batch.facts["bookings"]["total_minor"] == [41200]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("<BookingID>7KQX2M</BookingID>", "<BookingID>7KQX2M7KQX2M</BookingID>", "BookingRef"),
        ("<CreationDateTime>2026-07-02T10:11:00Z</CreationDateTime>", "", "CreationDateTime"),
        (
            "<IATA_LocationCode>CPH</IATA_LocationCode>",
            "<IATA_LocationCode>QQQ</IATA_LocationCode>",
            "PaxSegment[1].origin",
        ),
        ("<Surname>Solheim</Surname>\n", "", "Pax[1].Surname"),
        ("1984-05-17", "1984-17-05", "Pax[1].Birthdate"),
        ("412.00", "much", "TotalPrice"),
        ("</TotalPrice>", "", "line"),
    ],
)
def test_order_that_cannot_be_read__is_named(tmp_path, old, new, field):
    faults, _ = read(tmp_path, V21.replace(old, new))

    assert [named for named, _ in faults] == [field]


def test_erased_passenger__goes_from_the_order_and_the_others_stay():
    kept = ndc_orders.CONNECTOR.without(
        V21.split("\n", 1)[1].encode(), lambda key: key.endswith("/1"), lambda *_: False
    )

    batch = ndc_orders.read(None, Lines([kept], np.array([1])))
    assert batch.native_key == ["7KQX2M/2026-07-02/2"]
    assert all(text not in kept for text in (b"Ingrid", b"ingrid", b"480934", b"A1234567", b"8892120234533"))


def test_recognises__answers_only():
    assert ndc_orders.recognises(Sample("a.xml", V21.encode())) >= 0.5
    assert ndc_orders.recognises(Sample("a.xml", V21.replace("OrderViewRS", "OrderRetrieveRQ").encode())) < 0.5
