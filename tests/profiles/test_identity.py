"""Who is one person: by number and confirmed e-mail, never against name and birth date, never two of one booking."""

from __future__ import annotations

from collections import Counter

import pytest

from iaros.lib import clock
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles import pipeline, selectors
from profiles.models import (
    Coupon,
    Customer,
    Event,
    Identifier,
    IdentifierKind,
    Link,
    LinkRule,
    Passenger,
    Profile,
    UnlinkedKey,
)
from tests import world as people

AT = "ann@example.org"
ANN = people.member("7", "Ann", "Ek", Email=AT, Email_Verified="Y", Birth_Date="1984-05-17")


def living() -> int:
    return Customer.objects.living().count()


def signed_in(number: str | None, email: str | None = None, *, verified: bool = False) -> dict:
    return {"loyalty_number": number, "email": email, "email_verified": verified}


def test_same_number__is_one_person_in_every_source(take_in, customer):
    take_in("loyalty_activity", [people.month("7", 1)])
    take_in("loyalty_members", [ANN])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EK", loyalty_number="7")])])
    take_in("web_events", [people.seen("e1", "dev", user=signed_in("7"))])
    take_in("consents", [people.said("c1", {"loyalty_number": "7"}, "granted")])

    assert living() == 1
    assert set(Event.objects.values_list("customer_id", flat=True)) == {customer("7")}
    assert Profile.objects.get().records == 2
    assert selectors.profile_of(customer("7"), purpose=Purpose.SERVICING).name == "Ann Ek"


def test_verified_email__links(take_in):
    take_in("loyalty_members", [ANN])
    contact = people.email_of(AT.upper(), passenger=1, verified=True)

    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EK")], contacts=[contact])])

    assert living() == 1
    assert Link.objects.filter(rule=LinkRule.VERIFIED_EMAIL).count() == 1


def test_unverified_email__does_not_link(take_in):
    take_in("loyalty_members", [ANN])

    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EK")],
                                   contacts=[people.email_of(AT, passenger=1)])])  # fmt: skip

    assert living() == 2


@pytest.mark.parametrize(
    ("given_name", "surname", "born", "persons"),
    [
        ("Ann", "Ek", "1984-05-17", 1),
        ("Ann", "Nyby", "1984-05-17", 1),
        ("Ann", "Ek", "1984-05-18", 1),
        ("Ann", "Ek", None, 1),
        ("Olof", "Nyby", None, 2),
        ("Olof", "Ek", None, 2),
        ("Annie", "Ek", None, 1),
        ("Ann", "Ek", "1951-01-01", 2),
        ("Olof", "Ek", "2015-01-01", 2),
        ("Olof", "Nyby", "1951-01-01", 2),
    ],
)
def test_name_and_birth_date_that_both_differ__veto(take_in, given_name, surname, born, persons):
    take_in("loyalty_members", [ANN])
    other = people.passenger(1, given_name, surname, birth_date=born)

    take_in("pnr", [people.booking("TRIP01", [other],
                                   contacts=[people.email_of(AT, passenger=1, verified=True)])])  # fmt: skip

    assert living() == persons


def test_two_passengers_of_one_booking__never_become_one(take_in):
    pair = [people.passenger(1, "ANN", "EK", loyalty_number="7"), people.passenger(2, "ANN", "EK", loyalty_number="7")]
    shared = [people.email_of(AT, passenger=n, verified=True) for n in (1, 2)]

    take_in("pnr", [people.booking("TRIP01", pair, contacts=shared), people.booking("TRIP02", pair, contacts=shared)])

    seats = Counter(Passenger.objects.values_list("booking_id", "customer_id"))
    assert set(seats.values()) == {1}
    assert Identifier.objects.filter(claims=True).values("customer_id").distinct().count() == 1


def test_what_an_agency_leaves__is_nobodys(take_in):
    desk = {"iata": "12345678", "email": "desk@agency.example", "phone": None}
    contacts = [people.email_of("desk@agency.example", verified=True)]

    take_in("pnr", [
        people.booking("TRIP01", [people.passenger(1, "ANN", "EK")], agency=desk, channel="agency", contacts=contacts),
        people.booking("TRIP02", [people.passenger(1, "BO", "NYBY")], agency=desk, channel="agency", contacts=contacts),
    ])  # fmt: skip

    assert living() == 2
    assert not Identifier.objects.exclude(kind=IdentifierKind.TRAVELLER).exists()


def test_two_found_to_be_one__fold_into_the_oldest__nothing_doubled(take_in, customer):
    contact = people.email_of(AT, passenger=1, verified=True)
    trip = people.booking("TRIP01", [people.passenger(1, "ANN", "EK")], contacts=[contact])
    take_in("pnr", [trip])
    oldest = Customer.objects.get().id
    take_in("loyalty_members", [people.member("7", "Ann", "Ek")])
    take_in("loyalty_activity", [people.month("7", 1)])
    take_in("consents", [people.said("c1", {"loyalty_number": "7"}, "withdrawn")])
    events, coupons = Event.objects.count(), Coupon.objects.count()
    assert living() == 2

    take_in("web_events", [people.seen("e1", "dev", user=signed_in("7", AT, verified=True))])

    assert customer("7") == oldest
    assert Customer.objects.living().get().id == oldest
    assert (Event.objects.count(), Coupon.objects.count()) == (events + 1, coupons)
    assert set(Event.objects.values_list("customer_id", flat=True)) == {oldest}
    assert set(Identifier.objects.values_list("customer_id", flat=True)) == {oldest}
    assert set(Link.objects.filter(ended_at=None).values_list("customer_id", flat=True)) == {oldest}
    assert Counter(Link.objects.filter(ended_at=None).values_list("record_id", flat=True)).most_common(1)[0][1] == 1
    assert Profile.objects.get().id == oldest
    assert not consent.decide(oldest, Purpose.PERSONALISATION).allowed


def test_folded_twice__leads_straight_to_the_oldest(take_in):
    def trip(locator: str, email: str) -> dict:
        contact = people.email_of(email, passenger=1, verified=True)
        return people.booking(locator, [people.passenger(1, "ANN", "EK")], contacts=[contact])

    take_in("pnr", [trip("TRIP01", "a@example.org")])
    oldest = Customer.objects.get().id
    take_in("pnr", [trip("TRIP02", "b@example.org")], "2")
    take_in("loyalty_members", [people.member("7", "Ann", "Ek")])
    newest = people.customer("7")
    take_in("web_events", [people.seen("e1", "d", user=signed_in("7", "b@example.org", verified=True))])

    take_in("web_events", [people.seen("e2", "d", user=signed_in("7", "a@example.org", verified=True))], "2")

    assert Customer.objects.living().get().id == oldest
    assert set(Customer.objects.exclude(id=oldest).values_list("merged_into", flat=True)) == {oldest}
    assert selectors.survivor_of(newest) == oldest


def test_a_booking_corrected_to_another_number__moves_and_joins_nobody(take_in, customer):
    take_in("loyalty_members", [ANN, people.member("8", "Bo", "Ek")])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "BO", "EK", loyalty_number="7")])])

    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "BO", "EK", loyalty_number="8")])], "corrected")

    assert living() == 2
    assert set(Event.objects.values_list("customer_id", flat=True)) == {customer("8")}
    assert Coupon.objects.get().customer_id == customer("8")
    assert Profile.objects.get(id=customer("7")).records == 1


def test_anonymous_visits__are_linked_once_somebody_signs_in(take_in, customer):
    take_in("web_events", [people.seen("e1", "dev-1"), people.seen("e2", "dev-2"), people.seen("e3", "dev-3")])
    take_in("web_events", [
        people.seen("e4", "dev-1", user=signed_in("7")),
        people.seen("e5", "dev-2", user=signed_in("7")), people.seen("e6", "dev-2", user=signed_in("8")),
    ], "2")  # fmt: skip

    pipeline.refresh(as_of=clock.now())
    pipeline.refresh(as_of=clock.now())

    assert Event.objects.filter(customer_id=customer("7")).count() == 3
    assert UnlinkedKey.objects.count() == 2
    assert Link.objects.filter(rule=LinkRule.DEVICE).count() == 1


def test_an_anonymous_visit_told_anew__is_counted_once(take_in, customer):
    take_in("web_events", [people.seen("e1", "dev-1")])
    take_in("web_events", [people.seen("e1", "dev-1", page="seat")], "changed")
    take_in("web_events", [people.seen("e2", "dev-1", user=signed_in("7"))], "2")

    pipeline.refresh(as_of=clock.now())

    assert sorted(Event.objects.values_list("item", flat=True)) == ["bag", "seat"]
    assert Event.objects.filter(customer_id=customer("7")).count() == 2
    assert not UnlinkedKey.objects.exists()
