"""One happening told by two systems stands once; two of one system are two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from profiles.models import Ancillary, Booking, Coupon, Customer, Event, EventKind, Passenger, ServiceRequest
from profiles.sources import pnr
from profiles.sources.catalogue import CONNECTORS
from tests import world as people

ANN = people.passenger(1, "ANN", "EK", loyalty_number="NV1")


@pytest.fixture
def other_system(monkeypatch):
    """A second reservation system that speaks the same format."""
    monkeypatch.setitem(CONNECTORS, "other", replace(pnr.CONNECTOR, name="other"))
    return "other"


def kinds() -> list[int]:
    return sorted(Event.objects.values_list("kind", flat=True))


def test_a_booking_told_by_two_systems__is_one_booking_of_one_person(take_in, other_system):
    told = people.booking("TRIP01", [ANN])
    take_in("pnr", [told])
    before = kinds()

    take_in(other_system, [told])

    assert Customer.objects.count() == Booking.objects.count() == Passenger.objects.count() == 1
    assert (Coupon.objects.count(), Ancillary.objects.count()) == (1, 1)
    assert kinds() == before


def test_two_trips__are_two(take_in, other_system):
    take_in("pnr", [people.booking("TRIP01", [ANN])])

    take_in(other_system, [people.booking("TRIP02", [ANN], departs=people.AS_OF - 3 * people.WEEK)])

    assert Event.objects.filter(kind=EventKind.COUPON_FLOWN).count() == 2


def test_who_knows_what_was_paid__stands(take_in, other_system):
    take_in("pnr", [people.booking("TRIP01", [ANN])])
    Event.objects.filter(kind=EventKind.COUPON_FLOWN).update(value_base_minor=None)

    take_in(other_system, [people.booking("TRIP01", [ANN])])

    assert Event.objects.get(kind=EventKind.COUPON_FLOWN).value_base_minor > 0


def test_services__those_of_health_are_sealed_and_the_others_are_not(take_in, monkeypatch):
    asked = [
        {"passenger": 1, "leg_number": 1, "code": "WCHR", "status": "HK", "text": None},
        {"passenger": 1, "leg_number": 1, "code": "PETC", "status": "HK", "text": "ONE DOG"},
    ]
    together = pnr.together
    monkeypatch.setattr(pnr, "together", lambda documents: [{**one, "services": asked} for one in together(documents)])

    take_in("pnr", [people.booking("TRIP01", [ANN])])

    told = {row.code: bool(row.cipher) for row in ServiceRequest.objects.all()}
    assert told == {None: True, "PETC": False}
