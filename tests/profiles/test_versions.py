"""A booking changes: the latest version stands whenever its file comes, and whom it leaves out has no part in it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from profiles import pipeline
from profiles.models import Ancillary, Booking, Coupon, Event, Link, Passenger, QuarantinedRow, SourceRecord
from tests import world as people
from tests.world import AS_OF, WEEK

KIM = people.passenger(1, "KIM", "AASE", loyalty_number="NV000501")
LEO = people.passenger(2, "LEO", "BECH", loyalty_number="NV000502")


def version(day: int, passengers: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    changed = AS_OF - WEEK - timedelta(days=30 - day)
    return people.booking("VERSIO", passengers, modified_at=changed.isoformat(), **more)


def standing() -> dict[str, Any]:
    """What the database says of bookings now."""
    return {
        "bookings": list(Booking.objects.values_list("locator", "modified_at", "status", "party_size")),
        "passengers": sorted(Passenger.objects.values_list("number", "customer_id")),
        "coupons": sorted(Coupon.objects.values_list("ticket_number", "status")),
        "events": sorted(Event.objects.values_list("kind", "occurred_at", "customer_id")),
        "links": Link.objects.filter(ended_at=None).count(),
    }


@pytest.fixture
def both(db, take_in):
    """Kim and Leo, on one booking."""
    return take_in("pnr", [version(0, [KIM, LEO])])


def test_an_older_version__that_comes_after_a_newer__changes_nothing(both, take_in):
    take_in("pnr", [version(3, [KIM, LEO], status="cancelled")], "newer")
    before = standing()

    late = take_in("pnr", [version(1, [KIM, LEO], channel="agency")], "late").counts

    assert standing() == before
    assert (late.new, late.updated, late.unchanged, late.quarantined) == (0, 0, 0, 1)
    [waiting] = QuarantinedRow.objects.all()
    assert waiting.reason == "older than the version that stands"


def test_an_older_version__taken_in_again__waits_once(both, take_in):
    take_in("pnr", [version(3, [KIM, LEO])], "newer")
    take_in("pnr", [version(1, [KIM, LEO])], "late")

    again = take_in("pnr", [version(1, [KIM, LEO])], "late").counts

    assert again.quarantined == 1
    assert QuarantinedRow.objects.count() == 1


def test_the_version_that_stands__taken_in_again__is_unchanged(both, take_in):
    newer = [version(3, [KIM, LEO])]
    take_in("pnr", newer, "newer")

    again = take_in("pnr", newer, "again").counts

    assert (again.read, again.unchanged) == (2, 2)


def test_versions_in_one_file__the_latest_stands__not_the_last(db, take_in):
    counts = take_in("pnr", [version(3, [KIM], status="cancelled"), version(1, [KIM])]).counts

    assert (counts.new, counts.quarantined) == (1, 1)
    assert Booking.objects.get().status == "cancelled"


def test_a_passenger_whom_the_newer_version_leaves_out__has_no_part_in_it(both, take_in):
    leo = Passenger.objects.get(number=2).customer_id

    take_in("pnr", [version(2, [KIM])], "without Leo")

    assert list(Passenger.objects.values_list("number", flat=True)) == [1]
    assert not Coupon.objects.filter(customer_id=leo).exists()
    assert not Ancillary.objects.filter(customer_id=leo).exists()
    assert not Event.objects.filter(customer_id=leo).exists()
    assert not Link.objects.filter(customer_id=leo, ended_at=None).exists()
    assert SourceRecord.objects.filter(superseded_at=None).count() == 1


def test_a_passenger_left_out__and_named_again__is_back(both, take_in):
    leo = Passenger.objects.get(number=2).customer_id
    take_in("pnr", [version(2, [KIM])], "without Leo")

    take_in("pnr", [version(4, [KIM, LEO])], "with Leo")

    assert Passenger.objects.get(number=2).customer_id == leo
    assert Coupon.objects.filter(customer_id=leo).count() == 1


def test_a_run_that_left_a_passenger_out__taken_back__gives_the_seat_back(both, take_in):
    before = standing()
    report = take_in("pnr", [version(2, [KIM])], "without Leo")

    pipeline.roll_back(report.run_id)

    assert standing() == before
