"""What a mention told while nobody was known to be it is written once somebody is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from profiles import late, pipeline
from profiles.models import Ancillary, Coupon, Event, IngestRun, Passenger
from profiles.pipeline import CannotRollBack
from profiles.sources import pnr
from profiles.sources.catalogue import CONNECTORS
from tests import world as people
from tests.profiles.test_rollback import database


@pytest.fixture
def desk(monkeypatch) -> str:
    """A feed of bookings that makes nobody a customer."""
    monkeypatch.setitem(CONNECTORS, "desk", replace(pnr.CONNECTOR, name="desk", introduces=False))
    return "desk"


def ida() -> dict[str, Any]:
    return people.booking("IDAFLY", [people.passenger(1, "IDA", "FALK", loyalty_number="NV000500")])


def test_known_later__coupons_and_extras_are_hers(db, take_in, desk):
    take_in(desk, [ida()])
    assert not Coupon.objects.exists()
    take_in("loyalty_members", [people.member("NV000500", "Ida", "Falk")])

    assert late.link_waiting() == 1

    who = people.customer("NV000500")
    assert list(Coupon.objects.values_list("customer_id", "ticket_number")) == [(who, "999IDAFLY1")]
    assert Ancillary.objects.get().customer_id == who
    assert Passenger.objects.get().customer_id == who
    assert set(Event.objects.values_list("customer_id", flat=True)) == {who}
    assert late.link_waiting() == 0


def test_nobody_found__no_run_says_so(db, take_in, desk):
    take_in(desk, [ida()])
    runs = IngestRun.objects.count()

    assert late.link_waiting() == 0
    assert IngestRun.objects.count() == runs


def test_taken_back__the_mention_waits_again(db, take_in, desk):
    take_in(desk, [ida()])
    take_in("loyalty_members", [people.member("NV000500", "Ida", "Falk")])
    before = database()
    late.link_waiting()

    pipeline.roll_back(IngestRun.objects.order_by("-started_at")[0].id)

    assert database() == before


def test_the_run_that_made_her_known__goes_only_after_what_was_linked(db, take_in, desk):
    take_in(desk, [ida()])
    before = database()
    made_known = take_in("loyalty_members", [people.member("NV000500", "Ida", "Falk")])
    late.link_waiting()

    with pytest.raises(CannotRollBack, match="waited"):
        pipeline.roll_back(made_known.run_id)
    pipeline.roll_back(made_known.run_id, later=True)

    assert database() == before
