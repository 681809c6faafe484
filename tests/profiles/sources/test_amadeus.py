"""Reservations as Amadeus shows them: PNR_Reply documents and flight orders."""

from __future__ import annotations

import orjson
import pytest

from profiles import pipeline
from profiles.models import IdentifierKind, QuarantinedRow
from profiles.sources import amadeus_orders, amadeus_pnr
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Sample
from tests.profiles.sources.reservations import PUBLIC, faults_and_batches, names, public, rows


def element(kind: str, inner: str, *references: tuple[str, str]) -> str:
    told = "".join(f"<reference><qualifier>{q}</qualifier><number>{n}</number></reference>" for q, n in references)
    return (
        f"<dataElementsIndiv><elementManagementData><segmentName>{kind}</segmentName></elementManagementData>{inner}"
        f"<referenceForDataElement>{told}</referenceForDataElement></dataElementsIndiv>"
    )


def text(kind: str, said: str) -> str:
    detail = f"<freetextDetail><type>{kind}</type></freetextDetail>"
    return f"<otherDataFreetext>{detail}<longFreetext>{said}</longFreetext></otherDataFreetext>"


def request(kind: str, said: str = "") -> str:
    return (
        f"<serviceRequest><ssr><type>{kind}</type><status>HK</status><freeText>{said}</freeText></ssr></serviceRequest>"
    )


REPLY = f"""<PNR_Reply xmlns="http://xml.amadeus.com/PNRACC_17_2_1A"><pnrHeader><reservationInfo><reservation>
<companyId>1A</companyId><controlNumber>7KQX2M</controlNumber><date>030726</date><time>0900</time></reservation>
</reservationInfo></pnrHeader><securityInformation><responsibilityInformation><officeId>CPHNV0100</officeId>
</responsibilityInformation><secondRpInformation><creationDate>020726</creationDate><creationTime>1011</creationTime>
</secondRpInformation></securityInformation>
<travellerInfo><elementManagementPassenger><reference><qualifier>PT</qualifier><number>2</number></reference>
</elementManagementPassenger><passengerData><travellerInformation><traveller><surname>SOLHEIM</surname></traveller>
<passenger><firstName>INGRID MS</firstName><type>ADT</type></passenger><passenger><firstName>OLAV</firstName>
<type>INF</type></passenger></travellerInformation></passengerData></travellerInfo>
<travellerInfo><elementManagementPassenger><reference><qualifier>PT</qualifier><number>3</number></reference>
</elementManagementPassenger><passengerData><travellerInformation><traveller><surname>EK</surname></traveller>
<passenger><firstName>ANN MRS</firstName><type>ADT</type></passenger></travellerInformation></passengerData>
</travellerInfo>
<originDestinationDetails><itineraryInfo><elementManagementItinerary><reference><qualifier>ST</qualifier>
<number>7</number></reference><segmentName>AIR</segmentName></elementManagementItinerary><travelProduct><product>
<depDate>121226</depDate><depTime>1305</depTime><arrDate>121226</arrDate><arrTime>1410</arrTime></product>
<boardpointDetail><cityCode>CPH</cityCode></boardpointDetail><offpointDetail><cityCode>LHR</cityCode></offpointDetail>
<companyDetail><identification>NV</identification></companyDetail><productDetails><identification>504</identification>
<classOfService>Y</classOfService></productDetails></travelProduct><relatedProduct><status>HK</status></relatedProduct>
</itineraryInfo></originDestinationDetails><dataElementsMaster>
{element("AP", text("P02", "ingrid@example.org"), ("PT", "2"))}
{element("AP", text("7", "+4790011223"))}
{element("SSR", request("CTCE", "ANN//EXAMPLE.ORG"), ("PT", "3"))}
{element("SSR", request("DOCS", "P/NOR/A1234567/NOR/17MAY84/F/20MAY30/SOLHEIM/INGRID"), ("PT", "2"))}
{element("SSR", request("VGML"), ("PT", "2"), ("ST", "7"))}
{element("FA", text("P06", "PAX 889-2120234533/ETNV/EUR412.00/02JUL26/CPHNV0100/0"), ("PT", "2"), ("ST", "7"))}
{element("FP", text("16", "CCVI4111111111111111/1228"))}
</dataElementsMaster><tstData><fareData><monetaryInfo><qualifier>F</qualifier><amount>300.00</amount>
<currencyCode>EUR</currencyCode></monetaryInfo><monetaryInfo><qualifier>T</qualifier><amount>412.00</amount>
<currencyCode>EUR</currencyCode></monetaryInfo></fareData><referenceForTstData><reference><qualifier>PT</qualifier>
<number>2</number></reference></referenceForTstData></tstData></PNR_Reply>"""
ENVELOPE = '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>{}</S:Body></S:Envelope>'


def read(connector, tmp_path, content: str):
    path = tmp_path / "reply"
    path.write_text(content)
    return faults_and_batches(connector, path)


@pytest.mark.parametrize("content", [REPLY, ENVELOPE.format(REPLY), REPLY + REPLY.replace("7KQX2M", "8LRY3N")])
def test_reply__in_an_envelope_or_bare__people_by_tattoo(tmp_path, content):
    faults, (batch,) = read(amadeus_pnr.CONNECTOR, tmp_path, content)

    assert faults == []
    assert batch.native_key[:3] == ["7KQX2M/2026-07-02/2", "7KQX2M/2026-07-02/1002", "7KQX2M/2026-07-02/3"]
    assert names([batch])[:3] == [("INGRID MS", "SOLHEIM"), ("OLAV", "SOLHEIM"), ("ANN MRS", "EK")]


def test_reply__contacts_tickets_and_wishes(tmp_path):
    _, (batch,) = read(amadeus_pnr.CONNECTOR, tmp_path, REPLY)

    assert batch.person["email"] == ["ingrid@example.org", None, None]
    assert batch.person["phone"] == [None, None, None]  # the booking's, and it is of several
    assert batch.person["irops_email"] == [None, None, "ann@example.org"]
    assert rows(batch, "coupons", "mention", "ticket_number", "leg_number", "fare_minor") == [
        (0, "8892120234533", 1, 30000)
    ]
    assert rows(batch, "services", "mention", "code") == [(0, "VGML")]
    assert [k.values for k in batch.keys if k.kind == IdentifierKind.PASSPORT] == [["NORA1234567", None, None]]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("<controlNumber>7KQX2M</controlNumber>", "", "controlNumber"),
        ("<cityCode>CPH</cityCode>", "<cityCode>QQQ</cityCode>", "itineraryInfo[1].origin"),
        ("<depDate>121226</depDate>", "<depDate>321326</depDate>", "itineraryInfo[1].depDate"),
        ("</tstData>", "", "line"),
        ("</PNR_Reply>", "", "line"),
        (
            "<travellerInfo>",
            "<generalErrorInfo><errorCode>8111</errorCode></generalErrorInfo><travellerInfo>",
            "generalErrorInfo",
        ),
    ],
)
def test_reply_that_cannot_be_read__is_named(tmp_path, old, new, field):
    faults, _ = read(amadeus_pnr.CONNECTOR, tmp_path, REPLY.replace(old, new, 1))

    assert faults[0][0] == field


def test_train__is_told_by_the_clock_of_its_other_end(tmp_path):
    faults, (batch,) = read(amadeus_pnr.CONNECTOR, tmp_path, REPLY.replace("CPH</cityCode>", "ZGH</cityCode>"))

    assert faults == []
    assert rows(batch, "legs", "origin", "destination", "departs_zone") == [("ZGH", "LHR", 0)]


def test_take_in__changed_twice_and_card_masked(take_in, counts):
    assert counts(take_in("amadeus_pnr", REPLY.encode())) == (3, 0, 0, 0)
    assert counts(take_in("amadeus_pnr", ENVELOPE.format(REPLY).encode())) == (0, 0, 3, 0)
    assert counts(take_in("amadeus_pnr", REPLY.replace("VGML", "KSML").encode())) == (0, 3, 0, 0)


def test_erased_passenger__goes_from_the_reply_and_the_others_stay(tmp_path):
    kept = amadeus_pnr.CONNECTOR.without(REPLY.encode(), lambda key: key.endswith("/2"), lambda *_: False)

    _, (batch,) = read(amadeus_pnr.CONNECTOR, tmp_path, kept.decode())
    assert batch.native_key == ["7KQX2M/2026-07-02/1002", "7KQX2M/2026-07-02/3"]
    assert all(said not in kept for said in (b"INGRID", b"ingrid", b"90011223", b"A1234567", b"2120234533", b"VGML"))


ORDER = {
    "type": "flight-order",
    "id": "eJz",
    "associatedRecords": [{"reference": "7KQX2M", "creationDate": "2026-07-02T10:11:00.000"}],
    "travelers": [
        {
            "id": "1",
            "dateOfBirth": "1984-05-17",
            "name": {"firstName": "INGRID", "lastName": "SOLHEIM"},
            "contact": {
                "emailAddress": "ingrid@example.org",
                "phones": [{"countryCallingCode": "47", "number": "90011223"}],
            },
            "loyaltyPrograms": [{"programOwner": "NV", "id": "480934"}],
            "documents": [{"documentType": "PASSPORT", "number": "A1234567", "issuanceCountry": "NO"}],
        },
        {"id": "2", "name": {"firstName": "OLAV", "lastName": "SOLHEIM"}},
    ],
    "flightOffers": [
        {
            "itineraries": [
                {
                    "segments": [
                        {
                            "id": "9",
                            "carrierCode": "NV",
                            "number": "504",
                            "departure": {"iataCode": "CPH", "at": "2026-12-12T13:05:00"},
                            "arrival": {"iataCode": "LHR", "at": "2026-12-12T14:10:00"},
                        }
                    ]
                }
            ],
            "price": {"currency": "EUR", "grandTotal": "412.00"},
            "travelerPricings": [
                {
                    "travelerId": "1",
                    "travelerType": "ADULT",
                    "price": {"base": "300.00"},
                    "fareDetailsBySegment": [{"segmentId": "9", "cabin": "BUSINESS", "class": "J"}],
                },
                {"travelerId": "2", "travelerType": "HELD_INFANT", "price": {"base": "0"}},
            ],
        }
    ],
    "tickets": [{"documentNumber": "8892120234533", "travelerId": "1", "segmentIds": ["9"]}],
    "contacts": [{"companyName": "REISER AS", "purpose": "STANDARD", "emailAddress": "post@example.net"}],
}


def test_order__people_flights_money(tmp_path):
    faults, (batch,) = read(amadeus_orders.CONNECTOR, tmp_path, orjson.dumps({"data": ORDER}).decode())

    assert faults == []
    assert batch.native_key == ["7KQX2M/2026-07-02/1", "7KQX2M/2026-07-02/2"]
    assert batch.person["email"] == ["ingrid@example.org", None]
    assert batch.person["loyalty_number"] == ["480934", None]
    assert batch.facts["passengers"]["passenger_type"] == ["ADT", "INF"]
    assert rows(batch, "legs", "carrier", "flight_number", "cabin") == [("NV", "504", "C")]
    assert rows(batch, "coupons", "ticket_number", "fare_minor") == [("8892120234533", 30000)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"associatedRecords": []}, "associatedRecords"),
        ({"associatedRecords": [{"reference": "7KQX2M"}]}, "associatedRecords[0].creationDate"),
        ({"travelers": []}, "travelers"),
        ({"travelers": [{"id": "1", "name": {"firstName": "INGRID"}}]}, "travelers[0].name.lastName"),
        ({"type": "flight-offer"}, "type"),
    ],
)
def test_order_that_cannot_be_read__is_named(tmp_path, change, field):
    faults, _ = read(amadeus_orders.CONNECTOR, tmp_path, orjson.dumps({"data": ORDER | change}).decode())

    assert [named for named, _ in faults] == [field]


def test_erased_traveller__goes_from_the_order_and_the_others_stay(tmp_path):
    kept = amadeus_orders.CONNECTOR.without(orjson.dumps(ORDER), lambda key: key.endswith("/1"), lambda *_: False)

    _, (batch,) = read(amadeus_orders.CONNECTOR, tmp_path, kept.decode())
    assert batch.native_key == ["7KQX2M/2026-07-02/2"]
    assert all(said not in kept for said in (b"INGRID", b"ingrid", b"480934", b"A1234567", b"8892120234533"))


def test_order_that_is_asked_for__is_no_order_yet():
    asked = {"data": {"type": "flight-order", "travelers": ORDER["travelers"], "flightOffers": ORDER["flightOffers"]}}

    assert amadeus_orders.recognises(Sample("asked.json", orjson.dumps(asked))) < 0.5


@pytest.mark.public_data
def test_public_replies__those_that_show_a_reservation_come_in():
    found = {}
    for path in sorted(public("amadeus_soap_pnr").glob("Client__*")):
        if amadeus_pnr.recognises(Sample(path.name, path.read_bytes()[: 1 << 16])) >= 0.5:
            faults, batches = faults_and_batches(amadeus_pnr.CONNECTOR, path)
            found[path.name.rpartition("__")[2]] = (names(batches), [field for field, _ in faults])

    bowie, devlieghere = [("DAVID MR", "BOWIE")], [("DIETER", "DEVLIEGHERE")]
    assert found == {
        "acspnr.xml": ([], ["controlNumber"]),
        "acspnrreply.xml": ([], ["controlNumber"]),
        "dummyPnrReplyExtractedMessage.txt": ([("DIETER MR", "DEVLIEGHERE")], []),
        "dummyPnrReplyExtractedMessageSoapHeader2.txt": (bowie, []),
        "dummyPnrReplysoapheader2.txt": (bowie, []),
        "dummyPnrResponse.txt": ([("DUMMY", "PASSENGER")], []),
        "dummyPnrResponseEnd.txt": (devlieghere, []),
        "dummyPnrRetrieveReply.txt": ([("DAVID", "BOWIE")], []),
        "dummyPnrRetrieveWithNewLine.txt": (bowie, []),
        "dummyPnrRetrieveWithNewLineOnlyPnrReply.txt": (bowie, []),
        "pnrAddMultiElements14_1_need_received_from.txt": ([], ["generalErrorInfo"]),
        "pnrAddMultiElementsSimultaneousChanges.txt": ([], ["generalErrorInfo"]),
        "pnrResponseFullEnvelope.txt": (devlieghere, []),
        "pnrResponseFullEnvelopeOnlyPnrReply.txt": (devlieghere, []),
    }


ANSWERS = sorted(
    p.name for p in PUBLIC.glob("amadeus_api_samples/*.json") if "flight_" not in p.name or "order" not in p.name
)


@pytest.mark.public_data
@pytest.mark.parametrize("name", ANSWERS)
def test_public_answers_that_are_no_orders__are_claimed_by_none(name):
    path = public(f"amadeus_api_samples/{name}")
    sample = Sample(path.name, path.read_bytes()[: 1 << 16])

    reservations = ("pnr", "pnrgov", "pnrgov_xml", "amadeus_pnr", "amadeus_orders", "ndc_orders")
    assert all(CONNECTORS[c].recognises(sample) < 0.5 for c in reservations)


@pytest.mark.public_data
def test_public_orders__come_in(db):
    orders = public("amadeus_api_samples")
    created = pipeline.ingest("auto", orders / "flight_create_orders_v1_post_response.json")
    managed = pipeline.ingest("auto", orders / "flight_order_management_v1_get_response.json")
    asked = pipeline.ingest("auto", orders / "seatmaps_v1_get_response.json")
    empty = pipeline.ingest("auto", orders / "flight_order_management_v1_delete_response.json")

    assert [r.source for r in (created, managed, asked, empty)] == ["amadeus_orders"] * 2 + ["unrecognised"] * 2
    assert (created.counts.new, managed.counts.new) == (2, 3)
    assert (asked.counts.read, asked.counts.quarantined, empty.counts.read) == (1, 1, 0)
    assert QuarantinedRow.objects.get().reason == "unrecognised"
