"""PNRGOV in XML, and how elements are cut out of files that are well-formed and of those that are not."""

from __future__ import annotations

from datetime import datetime

import pytest

from profiles.models import EventKind
from profiles.sources import pnrgov_xml
from tests.profiles.sources.reservations import faults_and_batches, names, public, rows

PNR = """<PNR PNR_CreationDate="2026-07-02T10:11:00" PNR_TransDate="2026-07-03T09:00:00">
<BookingRefID ID="7KQX2M"><CompanyName Code="NV"/></BookingRefID>
<Passenger RPH="1"><GivenName>INGRID</GivenName><Surname>SOLHEIM</Surname>
<ContactInfo Type="8" PhoneNumber="E+INGRID@EXAMPLE.ORG"/><CustLoyalty ProgramID="NV" MembershipID="480934"/>
<FareInfo><TicketDocument TicketDocumentNbr="8892120234533"/><TotalFare Amount="412.00" CurrencyCode="EUR"/></FareInfo>
</Passenger>
<Passenger RPH="2"><GivenName>OLAV</GivenName><Surname>SOLHEIM</Surname></Passenger>
<Flight DepartureDateTime="2026-12-12T13:05:00" ArrivalDateTime="2026-12-12T14:10:00" ResBookDesigCode="Y" Status="HK"
 FlightNumber="504"><DepartureAirport LocationCode="CPH"/><ArrivalAirport LocationCode="LHR"/>
<OperatingAirline Code="SK" FlightNumber="1504"/><MarketingAirline Code="NV"/>
<SSR SSRCode="DOCS" Status="HK" RPH="1"><Text>/P/NOR/A1234567/NOR/17MAY84/F/20MAY30/SOLHEIM/INGRID</Text></SSR>
<SSR SSRCode="CHLD" Status="HK" RPH="2"><Text>01FEB18</Text></SSR>
<SSR SSRCode="CTCM" Status="HK" RPH="1"><Text>4790011223</Text></SSR>
<SSR SSRCode="WCHR" Status="HK" RPH="1"><Text/></SSR>
<CheckInInfo Time="2026-12-12T11:00:00"><BoardingNumber RPH="1"><SeatNumber CabinClass="M">012A</SeatNumber>
</BoardingNumber></CheckInInfo></Flight></PNR>"""


def notice(*records: str, declaration: str = "") -> str:
    return f'{declaration}<IATA_PNRGOV_NotifRQ xmlns="http://www.iata.org/IATA/2007/00"><PNRs>{"".join(records)}</PNRs></IATA_PNRGOV_NotifRQ>'


def read(tmp_path, content: str | bytes):
    path = tmp_path / "notice.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    faults, batches = faults_and_batches(pnrgov_xml.CONNECTOR, path)
    return faults, batches[0] if batches else None


def test_record__people_flights_and_day_of_travel(tmp_path):
    faults, batch = read(tmp_path, notice(PNR))

    assert faults == []
    assert batch.native_key == ["7KQX2M/2026-07-02/1", "7KQX2M/2026-07-02/2"]
    assert batch.person["email"] == ["ingrid@example.org", None]
    assert batch.person["irops_phone"] == ["+4790011223", None]
    assert batch.person["loyalty_number"] == ["480934", None]
    assert batch.person["birth_date"] == [None, "2018-02-01"]
    assert batch.facts["passengers"]["passenger_type"] == ["ADT", "CHD"]
    assert rows(batch, "legs", "carrier", "flight_number", "operating_carrier", "operating_number", "departs_at") == [
        ("NV", "504", "SK", "1504", datetime(2026, 12, 12, 12, 5))
    ]
    assert rows(batch, "coupons", "ticket_number", "fare_minor") == [("8892120234533", 41200)]
    assert rows(batch, "services", "code", "text") == [("WCHR", None), ("SEAT", "12A")]
    assert EventKind.CHECKED_IN in batch.facts["events"]["kind"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('ID="7KQX2M"', 'ID=""', "BookingRefID"),
        ('PNR_CreationDate="2026-07-02T10:11:00" PNR_TransDate="2026-07-03T09:00:00"', "", "PNR_CreationDate"),
        ('LocationCode="CPH"', 'LocationCode="QQQ"', "Flight[1].origin"),
        ('DepartureDateTime="2026-12-12T13:05:00"', "", "Flight[1].DepartureDateTime"),
        ("<Surname>SOLHEIM</Surname>\n", "", "Passenger.Surname"),
        ("</Flight>", "", "line"),
        ("</GivenName>", "&who;</GivenName>", "line"),
    ],
)
def test_record_that_cannot_be_read__is_named_and_others_go_in(tmp_path, old, new, field):
    faults, batch = read(tmp_path, notice(PNR.replace(old, new, 1), PNR.replace("7KQX2M", "8LRY3N")))

    assert [named for named, _ in faults] == [field]
    assert batch.native_key[0] == "8LRY3N/2026-07-02/1"


def test_element_that_is_never_closed__takes_no_other_with_it(tmp_path):
    faults, batch = read(tmp_path, notice(PNR.removesuffix("</PNR>"), PNR.replace("7KQX2M", "8LRY3N")))

    assert faults == [("line", "not well-formed: <PNR> is not closed")]
    assert batch.native_key == ["8LRY3N/2026-07-02/1", "8LRY3N/2026-07-02/2"]


def test_file_that_is_not_well_formed_around_its_records__is_named_and_they_go_in(tmp_path):
    faults, batch = read(tmp_path, notice(PNR).replace("</PNRs>", ""))

    assert [field for field, _ in faults] == ["line"]
    assert faults[0][1].startswith("not well-formed: mismatched tag")
    assert len(batch.line) == 2


def test_entities__are_not_read(tmp_path):
    bomb = '<!DOCTYPE x [<!ENTITY who "who">]>'

    faults, batch = read(tmp_path, bomb + notice(PNR))

    assert [field for field, _ in faults] == ["line"]
    assert len(batch.line) == 2


def test_record_in_a_comment__is_none(tmp_path):
    faults, batch = read(tmp_path, notice(f"<!-- {PNR.replace('7KQX2M', 'COMMEN')} -->", PNR))

    assert faults == []
    assert batch.native_key[0] == "7KQX2M/2026-07-02/1"


def test_declared_encoding__is_read(tmp_path):
    text = notice(PNR.replace("INGRID</", "ÅSE</"), declaration='<?xml version="1.0" encoding="ISO-8859-1"?>')

    faults, batch = read(tmp_path, text.encode("latin-1"))

    assert faults == []
    assert batch.person["given_name"][0] == "ÅSE"


def test_erased_passenger__goes_from_the_record_and_the_others_stay(tmp_path):
    kept = pnrgov_xml.CONNECTOR.without(PNR.encode(), lambda key: key.endswith("/1"), lambda *_: False)

    _, batch = read(tmp_path, kept)
    assert batch.native_key == ["7KQX2M/2026-07-02/2"]
    assert all(said not in kept for said in (b"INGRID", b"480934", b"A1234567", b"8892120234533", b"WCHR", b"012A"))


def test_take_in__twice_unchanged(take_in, counts):
    assert counts(take_in("pnrgov_xml", notice(PNR).encode())) == (2, 0, 0, 0)
    assert counts(take_in("pnrgov_xml", notice(PNR).encode())) == (0, 0, 2, 0)


@pytest.mark.public_data
@pytest.mark.parametrize(
    ("name", "people", "fault"),
    [
        ("test_pnr.xml", [("ANNA", "KOWALSKA"), ("ADAM", "KOWALSKI"), ("JAN", "KOWALSKI")], None),
        ("test_pnr_2.xml", [("TOMASZ", "NOWACKI"), ("PAWEL", "ZIELINSKI")], None),
        ("test_pnr_3.xml", [], "not well-formed: junk after document element: line 11, column 5"),
    ],
)
def test_public_file__every_record_comes_in_or_is_named(name, people, fault):
    faults, batches = faults_and_batches(pnrgov_xml.CONNECTOR, public(f"pnrgov/pnrgov_xml/{name}"))

    assert names(batches) == people
    assert [reason for _, reason in faults] == ([fault] if fault else [])
