"""What each source may say, and what it may not."""

from __future__ import annotations

import json
import random

import phonenumbers
import pytest

from profiles.ingest import cleanse
from profiles.models import Event, EventKind, FareObservation, Identifier, LoyaltyActivity, QuarantinedRow
from profiles.sources import pnr
from tests import world as people

ANN = people.passenger(1, "ANN", "EK")


def fault() -> tuple[str, str]:
    row = QuarantinedRow.objects.get()
    return row.field, row.reason


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"Birth_Date": "1985-02-31"}, "Birth Date", "'1985-02-31'"),
        ({"Birth_Date": "0000-01-01"}, "Birth Date", "'0000-01-01'"),
        ({"Birth_Date": "0001-01-01"}, "Birth Date", "'0001-01-01'"),
        ({"Country": "Atlantis"}, "Country", "'Atlantis'"),
        ({"Email_Verified": "perhaps"}, "Email Verified", "'perhaps'"),
        ({"Salary": "-1"}, "Salary", "'-1'"),
        ({"Salary": "52000,50"}, "Salary", "'52000,50'"),
        ({"Salary": "nan"}, "Salary", "'nan'"),
        ({"Enrollment_Year": "0"}, "Enrollment Year", "'0'"),
        ({"Enrollment_Year": "2019", "Enrollment_Month": "13"}, "Enrollment Month", "'13'"),
    ],
)
def test_members__a_value_that_cannot_be__is_named(take_in, counts, changes, field, reason):
    report = take_in("loyalty_members", [people.member("1", "Ann", "Ek", **changes), people.member("2", "Bo", "Ek")])

    assert counts(report) == (1, 0, 0, 1)
    assert fault() == (field, reason)


@pytest.mark.parametrize("salary", ["52000", "52000.50", "1,234,567.50", "", "5.2e4"])
def test_members__amounts_as_people_write_them(take_in, counts, salary):
    assert counts(take_in("loyalty_members", [people.member("1", "Ann", "Ek", Salary=salary)])) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"flights": -1}, "Total Flights"),
        ({"flights": 1.5}, "Total Flights"),
        ({"flights": 10**30}, "Total Flights"),
        ({"points": "many"}, "Points Accumulated"),
        ({"Dollar_Cost_Points_Redeemed": "999999999"}, "Dollar Cost Points Redeemed"),
        ({"Year": 0}, "Year"),
        ({"Month": 13}, "Month"),
    ],
)
def test_activity__a_number_that_cannot_be__is_named(take_in, counts, changes, field):
    report = take_in("loyalty_activity", [people.month("1", 2, **changes), people.month("1", 3)])

    assert counts(report) == (1, 0, 0, 1)
    assert fault()[0] == field


def test_activity__half_a_point__is_rounded(take_in):
    take_in("loyalty_activity", [people.month("1", 2, points="152.4")])

    assert LoyaltyActivity.objects.get().points_earned == 152


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"price": "-89.00"}, "Price"),
        ({"price": "0"}, "Price"),
        ({"price": "189,00"}, "Price"),
        ({"Departure_Date": "2026-02-30"}, "Departure Date"),
        ({"Observed_At": "0000-10-30T06:00:00Z"}, "Observed At"),
        ({"Observed_At": "2026-10-30T06:00:00"}, "Observed At"),
        ({"Origin": "C"}, "Origin"),
        ({"Cabin": "Q"}, "Cabin"),
    ],
)
def test_fares__a_fare_that_cannot_be__is_named(take_in, counts, changes, field):
    changes = {"price": "89.00", **changes}

    report = take_in("competitor_fares", [people.fare(**changes), people.fare("75.00")])

    assert counts(report) == (1, 0, 0, 1)
    assert fault()[0] == field
    assert FareObservation.objects.get().price_minor == 7500


def test_fares__another_price_for_the_same_fare__replaces_it(take_in, counts):
    take_in("competitor_fares", [people.fare("89.00")])

    report = take_in("competitor_fares", [people.fare("79.00")], "later")

    assert counts(report) == (0, 1, 0, 0)
    assert FareObservation.objects.get().price_base_minor == 7900


def test_fares__a_currency_without_a_rate__is_no_amount_of_ours(take_in):
    take_in("competitor_fares", [people.fare("89.00", Currency="DKK")])
    take_in("exchange_rates", [{"Date": "2026-01-01", "Currency": "NOK", "Units per base": "11.50"}])
    take_in("competitor_fares", [people.fare("115.00", Currency="NOK", Carrier="DY")], "later")

    assert dict(FareObservation.objects.values_list("currency", "price_base_minor")) == {"DKK": None, "NOK": 1000}


NOT_OBJECTS = ["[]", "1", '"text"', "null", "{", "[" * 5000, '{"a":' * 5000, "1e999", "\\", '{"a":"\\ud800"}']


@pytest.mark.parametrize("source", ["pnr", "web_events", "consents"])
@pytest.mark.parametrize("line", NOT_OBJECTS)
def test_json__what_is_no_object__is_set_aside(take_in, counts, source, line):
    assert counts(take_in(source, line.encode() + b"\n")) == (0, 0, 0, 1)
    assert fault()[0] == "line"


ODD = [[], {}, 5, -1, 10**30, 1.5, True, None, "", " ", "x" * 400, "\0", ["a"], {"a": 1}]


@pytest.mark.parametrize("value", ODD, ids=[repr(v)[:12] for v in ODD])
def test_json__anything_in_any_field__never_stops_the_others(take_in, value):
    user = {"loyalty_number": "7", "email": "x@example.org", "email_verified": True}
    good = {
        "pnr": people.booking("GOOD01", [ANN], contacts=[people.email_of("x@example.org", passenger=1)]),
        "web_events": people.seen("e", "d", user=user, origin="CPH", destination="LIS", passengers=1),
        "consents": people.said("c", {"loyalty_number": "7", "email": "x@example.org"}, "granted"),
    }
    for source, document in good.items():
        damaged = [damage(document, path, value) for path in paths(document)]

        report = take_in(source, [document, *damaged])

        assert report.counts.read >= 1 + len(damaged)


def paths(document: object) -> list[tuple]:
    """Every place in a document."""
    pairs = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    return [path for key, inner in pairs for path in [(key,), *((key, *rest) for rest in paths(inner))]]


def damage(document: dict, path: tuple, value: object) -> dict:
    copy = json.loads(json.dumps(document))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"total_minor": -1}, "total_minor"),
        ({"created_at": "0000-01-01T00:00:00Z"}, "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
        ({"created_at": "2026-10-01T00:00:00"}, "created_at"),
        ({"agency": "the travel agent"}, "agency"),
        ({"segments": []}, "segments"),
        ({"passengers": [people.passenger(1, "ANN", " ")]}, "passengers[0].surname"),
        ({"passengers": [people.passenger(1, "ANN", "EK", birth_date="1985-02-31")]}, "passengers[0].birth_date"),
        ({"passengers": [ANN, ANN]}, "passengers"),
        ({"tickets": [{"number": "1", "passenger": 9, "coupons": []}]}, "tickets[0].passenger"),
    ],
)
def test_bookings__a_booking_that_cannot_be__is_named(take_in, counts, changes, field):
    report = take_in("pnr", [{**people.booking("BAD001", [ANN]), **changes}, people.booking("GOOD01", [ANN])])

    assert counts(report) == (1, 0, 0, 1)
    assert fault()[0] == field


def test_bookings__an_airport_nobody_knows__is_named(take_in, counts):
    bad = people.booking("BAD001", [ANN])
    bad["segments"][0]["destination"] = "QQQ"

    assert counts(take_in("pnr", [bad])) == (0, 0, 0, 1)
    assert fault() == ("segments[0].destination", "'QQQ'")


def test_bookings__tell_one_event_for_each_thing_that_happened(take_in):
    take_in("pnr", [people.booking("TRIP01", [ANN])])

    events = {EventKind(e.kind): e for e in Event.objects.all()}
    assert sorted(events) == [EventKind.BOOKING_MADE, EventKind.COUPON_FLOWN, EventKind.ANCILLARY_BOUGHT]
    made = events[EventKind.BOOKING_MADE]
    assert (made.item, made.value_base_minor, made.lead_days, made.haul) == ("CPH-LIS", 10_000, 30, "M")


@pytest.mark.parametrize("state", ["maybe", "", None, "GRANTED", ["granted"]])
def test_consents__an_unknown_state__is_no_consent(take_in, counts, state):
    assert counts(take_in("consents", [people.said("c", {"loyalty_number": "1"}, state)])) == (0, 0, 0, 1)
    assert fault()[0] == "state"


@pytest.mark.parametrize("word", ["false", "N", "true", 1])
def test_web__only_true_is_verified(take_in, word):
    user = {"loyalty_number": None, "email": "x@example.org", "email_verified": word}

    take_in("web_events", [people.seen("e", "d", user=user)])

    assert not Identifier.objects.filter(claims=True).exists()


def test_web__an_event_of_2099__makes_one_month_and_not_a_thousand(take_in, django_assert_max_num_queries):
    events = [people.seen("e1", "d", at="1995-01-01T00:00:00Z"), people.seen("e2", "d", at="2099-01-01T00:00:00Z")]

    with django_assert_max_num_queries(80):
        take_in("web_events", events)


def test_phone__a_figure_that_is_no_digit__is_none():
    assert cleanse.phone("+45²0123456") is None


def test_phone__says_what_the_library_says():
    rng = random.Random(5)
    codes = ["+45", "+46", "+47", "+44", "+1", "+49", "+39", "+33", "+7", "+354", "+800", "+999", "0045", "+0"]
    numbers = [rng.choice(codes) + "".join(rng.choices("0123456789", k=rng.randint(4, 12))) for _ in range(3000)]
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    numbers += [
        phonenumbers.format_number(phonenumbers.example_number(region), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        for region in regions
    ]

    different = {n: (cleanse.phone(n), library(n)) for n in numbers if cleanse.phone(n) != library(n)}

    assert different == {}


def library(number: str) -> str | None:
    try:
        parsed = phonenumbers.parse("+" + number[2:] if number.startswith("00") else number)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize(
    ("written", "name"),
    [("ANNAMRS", "Anna"), ("ANNA MARIAMS", "Anna Maria"), ("  O'BRIEN ", "O'Brien"), ("de la Cruz", "de la Cruz"),
     ("Ng", "Ng"), ("ÅSE", "Åse"), (" . ", None)],
)  # fmt: skip
def test_names__shouted_ones_are_spoken__titles_go(written, name):
    assert cleanse.name(written) == name


@pytest.mark.parametrize(
    ("written", "name"), [("ADAMS", "Adams"), ("WILLIAMS", "Williams"), ("DE LA CRUZ", "De La Cruz")]
)
def test_surnames__that_end_like_a_title__stay_whole(written, name):
    assert cleanse.surname(written) == name


def test_bookings__scan_reads_the_key_that_read_gives():
    line = json.dumps(people.booking("TRIP01", [ANN])).encode()
    lines = pnr.Lines([line], None)

    _, [key] = pnr.scan(None, lines)

    assert pnr.read(None, lines).native_key == [f"{key}/1"]
