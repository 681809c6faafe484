"""Tickets, documents, cases, payments, and what departure control sees."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from iaros.lib import clock
from profiles import pipeline
from profiles.ingest import messages
from profiles.models import (
    Ancillary,
    Coupon,
    Customer,
    Event,
    EventKind,
    Identifier,
    IdentifierKind,
    QuarantinedRow,
    SourceRecord,
)
from profiles.sources import cards, known_by
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Lines
from tests import world as people

ANN = people.passenger(1, "ANNMRS", "EK")
NAMED = {"record_locator": "7kqx2m", "surname": "EK", "given_name": "ANN"}


@pytest.fixture
def booked(take_in):
    take_in("pnr", [people.booking("7KQX2M", [ANN])])


def table(*rows: dict[str, Any]) -> bytes:
    lines = [",".join(rows[0]), *(",".join(str(value) for value in row.values()) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def fault() -> tuple[str, str]:
    row = QuarantinedRow.objects.get()
    return row.field, row.reason


def events(*kinds: EventKind) -> list[tuple[str | None, int | None]]:
    return list(Event.objects.filter(kind__in=kinds).order_by("occurred_at").values_list("item", "value_base_minor"))


def coupon(**more: Any) -> dict[str, Any]:
    known = {"ticket_number": "8891234567890", "check_digit": "", "coupon_number": 1, "coupon_status": "F", **NAMED}
    flight = {"carrier": "NV", "origin": "CPH", "destination": "FNC", "flown_on": "2026-10-20", "booking_class": "M"}
    return known | flight | {"fare_basis": "MRT", "value": "206.00", "currency": "EUR", "status_at": ""} | more


def test_coupon__flown__stands_with_its_ticket_and_is_told(take_in, counts, booked):
    report = take_in("etickets", table(coupon()))

    assert counts(report) == (1, 0, 0, 0)
    found = Coupon.objects.get(ticket_number="8891234567890")
    assert (found.status, found.fare_minor, found.currency) == ("flown", 20600, "EUR")
    assert found.booking_id is not None
    assert ("CPH-FNC", 20600) in events(EventKind.COUPON_FLOWN)


def test_coupon__told_anew__is_updated_and_then_unchanged(take_in, counts, booked):
    take_in("etickets", table(coupon(coupon_status="O")))

    assert counts(take_in("etickets", table(coupon()), "flown")) == (0, 1, 0, 0)
    assert counts(take_in("etickets", table(coupon()), "again")) == (0, 0, 1, 0)
    assert [c.status for c in Coupon.objects.filter(ticket_number="8891234567890")] == ["flown"]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([{"coupon_status": "I"}, {"coupon_status": "CK"}], ["open", "checked_in"]),
        (
            [{"coupon_status": "RF", "status_at": "2026-10-21T10:00:00Z"}, {"coupon_status": "BD"}],
            ["refunded", "boarded"],
        ),
        ([{"coupon_status": "L"}, {"coupon_status": "o"}], ["boarded", "open"]),
        ([{"coupon_status": "B"}, {"coupon_status": "E"}], ["flown", "exchanged"]),
    ],
)
def test_coupon__status__is_read_in_both_vocabularies(take_in, counts, booked, rows, status):
    content = table(*(coupon(coupon_number=at, **row) for at, row in enumerate(rows, 1)))

    assert counts(take_in("etickets", content)) == (2, 0, 0, 0)
    found = Coupon.objects.filter(ticket_number="8891234567890").order_by("number")
    assert [one.status for one in found] == status


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ticket_number": "889123"}, "ticket_number"),
        ({"check_digit": "8"}, "check_digit"),
        ({"ticket_number": f"8891234567890{(8891234567890 + 3) % 7}"}, "ticket_number"),
        ({"coupon_status": "??"}, "coupon_status"),
        ({"coupon_number": "0"}, "coupon_number"),
        ({"flown_on": ""}, "flown_on"),
        ({"value": "-1"}, "value"),
    ],
)
def test_coupon__what_cannot_be__is_named_and_others_go_in(take_in, counts, changes, field):
    report = take_in("etickets", table(coupon(**changes), coupon(coupon_number=2)))

    assert counts(report) == (1, 0, 0, 1)
    assert fault()[0] == field


def test_coupon__a_code_that_a_table_lacks__names_the_table(take_in):
    take_in("etickets", table(coupon(coupon_status="QQ")))

    assert QuarantinedRow.objects.get().code_table.startswith("coupon_status")


@pytest.mark.parametrize("digit", [str(8891234567890 % 7), str(1234567890 % 7), "9"])
def test_check_digit__with_or_without_the_airline(digit):
    assert known_by.is_check_digit("8891234567890", digit)


def document(**more: Any) -> dict[str, Any]:
    known = {"emd_number": "8898201234567", "emd_type": "A", "rfic": "C", "rfisc": "0CC", "status": "O", **NAMED}
    money = {"issued_at": "2026-07-02T10:11:12Z", "value": "38.00", "currency": "EUR", "refundable": "N"}
    return known | {"associated_ticket": "8891234567890", "associated_coupon": 1} | money | more


def test_emd__of_a_ticket__is_an_extra_of_the_booking(take_in, counts, booked):
    report = take_in("emd", table(document()))

    assert counts(report) == (1, 0, 0, 0)
    assert (3800, 1) in Ancillary.objects.values_list("price_minor", "leg_number")
    assert ("extra_bag", 3800) in events(EventKind.ANCILLARY_BOUGHT)


def test_emd__whose_service_no_table_knows__goes_by_its_reason(take_in, booked):
    take_in("emd", table(document(rfisc="9ZZ", emd_type="S", associated_ticket="")))

    assert ("bag", 3800) in events(EventKind.ANCILLARY_BOUGHT)


def test_emd__refunded_or_void__is_told_as_that(take_in, booked):
    before = len(events(EventKind.ANCILLARY_BOUGHT))

    take_in("emd", table(document(status="R"), document(emd_number="8898201234568", status="V")))

    assert len(events(EventKind.ANCILLARY_BOUGHT)) == before + 1
    assert events(EventKind.REFUND) == [("extra_bag", 3800)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"rfic": "9"}, "rfic"), ({"associated_ticket": ""}, "associated_ticket"), ({"issued_at": "soon"}, "issued_at")],
)
def test_emd__what_cannot_be__is_named(take_in, counts, changes, field):
    assert counts(take_in("emd", table(document(**changes), document(emd_number="8898201234568")))) == (1, 0, 0, 1)
    assert fault()[0] == field


def seen(event: str, **more: Any) -> dict[str, Any]:
    known = {"event_id": f"e-{event}", "event": event, "occurred_at": "2026-10-30T07:41:00Z", "carrier": "NV"}
    flight = {"flight_number": "0781", "flight_date": "2026-10-30", "origin": "CPH", "destination": "LIS"}
    return known | flight | NAMED | {"booking_class": "M", "seat": "12A", "bags": "2", "method": "App"} | more


def test_departure_control__what_it_sees__is_told(take_in, counts, booked):
    rows = [seen(event) for event in ("check_in", "seat", "bag", "boarded", "offloaded")]

    assert counts(take_in("dcs_events", table(*rows))) == (5, 0, 0, 0)
    told = Event.objects.filter(kind__in=(EventKind.CHECKED_IN, EventKind.BAG_CHECKED, EventKind.BOARDED))
    assert sorted((e.kind, e.quantity, e.channel, e.cabin) for e in told) == [
        (EventKind.CHECKED_IN, 1, "app", "Y"),
        (EventKind.BAG_CHECKED, 2, "app", "Y"),
        (EventKind.BOARDED, 1, "app", "Y"),
    ]


def test_departure_control__as_json_and_without_identifiers__comes_in_once(take_in, counts):
    rows = [{**seen("check_in"), "event_id": None}, {**seen("boarded"), "event_id": None}]

    assert counts(take_in("dcs_events", json.dumps(rows).encode())) == (2, 0, 0, 0)
    assert counts(take_in("dcs_events", json.dumps(rows).encode(), "again")) == (0, 0, 2, 0)


def test_departure_control__columns_of_the_airline__are_mapped(take_in):
    row = {"Vorgang": "boarded"} | {name: value for name, value in seen("boarded").items() if name != "event"}
    mapped = CONNECTORS["dcs_events"].mapped({"Vorgang": "event"})
    header, line = table(row).splitlines()

    batch = mapped.read(header, Lines([line], np.array([2])))

    assert batch.facts["events"]["kind"] == [EventKind.BOARDED.value]


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"event": "flew"}, "event"), ({"flight_date": "30OCT"}, "flight_date"), ({"bags": "many"}, "bags")],
)
def test_departure_control__what_cannot_be__is_named(take_in, counts, changes, field):
    assert counts(take_in("dcs_events", table(seen("boarded") | changes))) == (0, 0, 0, 1)
    assert fault()[0] == field


def case(**more: Any) -> dict[str, Any]:
    known = {"case_id": "EU-1", "case_kind": "EU261", "case_status": "paid", "opened_at": "2026-10-10T08:00:00Z"}
    money = {"paid_at": "2026-10-20T08:00:00Z", "amount": "400.00", "currency": "EUR"}
    return known | money | NAMED | {"email": "", "ticket_number": "", "reason": "late"} | more


def test_case__compensation_and_refund__are_told(take_in, counts, booked):
    rows = [case(), case(case_id="R-1", case_kind="refund", amount="99.50"), case(case_id="R-2", case_kind="refund",
            case_status="open", paid_at="")]  # fmt: skip

    assert counts(take_in("refunds_claims", table(*rows))) == (3, 0, 0, 0)
    assert events(EventKind.CLAIM) == [("eu261", 40000)]
    assert events(EventKind.REFUND) == [("refund", 9950)]


def test_case__known_by_its_ticket_alone__finds_who_flew(take_in, booked):
    take_in("etickets", table(coupon()))
    take_in("refunds_claims", table(case(record_locator="", surname="", given_name="", ticket_number="889-1234567890")))

    pipeline.refresh(as_of=clock.now())

    assert Event.objects.get(kind=EventKind.CLAIM).customer_id == Customer.objects.get().id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"case_kind": "wish"}, "case_kind"),
        ({"amount": "much"}, "amount"),
        ({"paid_at": "2026-10-01T08:00:00Z"}, "paid_at"),
    ],
)
def test_case__what_cannot_be__is_named(take_in, counts, changes, field):
    assert counts(take_in("refunds_claims", table(case(**changes)))) == (0, 0, 0, 1)
    assert fault()[0] == field


def payment(kind: str = "charge.succeeded", identifier: str = "evt_1", **thing: Any) -> dict[str, Any]:
    metadata = {"record_locator": "7KQX2M", "surname": "EK", "given_name": "ANN"}
    known = {"id": "ch_1", "object": kind.split(".")[0], "amount": 41200, "currency": "eur", "customer": "cus_1"}
    thing = {**known, "metadata": metadata, "payment_method_details": {"type": "card"}, **thing}
    return {"id": identifier, "object": "event", "type": kind, "created": 1_793_340_061, "data": {"object": thing}}


REFUND = payment("refund.created", "evt_3", id="re_1", object="refund", charge="ch_1", amount=1200, status="succeeded")
INTENT = payment("payment_intent.succeeded", "evt_2", id="pi_1", latest_charge="ch_1")


def test_payment__its_charge_and_its_intent__count_once(take_in, counts, booked):
    assert counts(take_in("payments", [payment(), INTENT, REFUND])) == (3, 0, 0, 0)

    assert events(EventKind.PAYMENT) == [("payment", 41200)]
    assert events(EventKind.REFUND) == [("refund", 1200)]
    assert set(Event.objects.filter(kind=EventKind.PAYMENT).values_list("customer_id", flat=True)) == {
        Customer.objects.get().id
    }


def test_payment__told_by_one_event_after_the_other__counts_once(take_in, booked):
    take_in("payments", [payment()])
    take_in("payments", [INTENT], "later")

    assert events(EventKind.PAYMENT) == [("payment", 41200)]


def test_payment__authorised_or_failed__is_none(take_in):
    take_in("payments", [payment(captured=False), payment("charge.failed", "evt_9", id="ch_9")])

    assert not Event.objects.filter(kind=EventKind.PAYMENT).exists()


def test_payment__in_a_list_of_the_service__is_read(take_in, counts):
    listed = {"object": "list", "has_more": False, "data": [payment(), REFUND]}

    assert counts(take_in("payments", json.dumps(listed, indent=1).encode())) == (2, 0, 0, 0)
    assert counts(take_in("payments", json.dumps(listed, indent=1).encode(), "again")) == (0, 0, 2, 0)
    assert counts(take_in("payments", json.dumps({**listed, "data": [payment(), REFUND]}).encode(), "line")) == (
        0,
        2,
        0,
        0,
    )


CARD = "4242 4242-4242 4242"


@pytest.mark.parametrize(
    "number", ["4242424242424242", CARD, "378282246310005", "5555555555554444", "6011111111111117"]
)
def test_payment__with_a_card_number__is_turned_away_and_the_number_is_nowhere(take_in, counts, number):
    report = take_in("payments", [payment(description=f"card {number}"), payment(identifier="evt_2", id="ch_2")])

    assert counts(report) == (1, 0, 0, 1)
    row = QuarantinedRow.objects.get()
    assert (row.field, row.reason) == ("card number", "a payment card's number")
    assert number[-4:] not in row.reason + row.expected
    raw = messages.raw_lines(SourceRecord.objects.all())
    assert all(number.encode() not in line for line in raw.values())


def test_card_numbers__tickets_and_times__are_none():
    assert cards.numbers_in(b"1793340061000000 8891234567890 4891234567897", shortest=14) == []
    assert cards.numbers_in(b"4222222222222") == [(0, 13)]


def test_payment__who_pays_for_others__makes_no_two_people_one(take_in, booked):
    take_in("pnr", [people.booking("OTHER1", [people.passenger(1, "BO", "OY")])], "other")
    take_in("payments", [payment()])
    other = {"record_locator": "OTHER1", "surname": "OY", "given_name": "BO"}
    take_in("payments", [payment(identifier="evt_7", id="ch_7", metadata=other)], "other")

    assert Customer.objects.filter(merged_into=None).count() == 2
    assert not Identifier.objects.filter(kind=IdentifierKind.ACCOUNT, claims=True).exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"amount": "412.00"}, "data.object.amount"), ({"currency": None}, "currency")],
)
def test_payment__what_cannot_be__is_named(take_in, counts, changes, field):
    assert counts(take_in("payments", [payment(**changes)])) == (0, 0, 0, 1)
    assert fault()[0] == field
