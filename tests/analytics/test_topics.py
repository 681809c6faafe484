"""What analytics says about everybody and about one person, on days we can count by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analytics import behaviour, churn, dashboards, journeys, lifetime_value, measured, pipeline, sales, selectors
from analytics.behaviour import Behaviour
from iaros.lib.ids import uuid7
from iaros.lib.purposes import Purpose
from privacy import consent, subjects
from privacy.consent import ConsentEntry
from profiles.models import EventKind
from segmentation.models import Score
from tests.analytics.conftest import AS_OF, DAY
from tests.segmentation.population import event, profile

pytestmark = pytest.mark.django_db


def trip(customer, *, days_ago: int, fare: int = 10_000, extra: bool = False, flown: bool = True, **more):
    """A search, a booking two days later, perhaps an extra, and the flight ten days after the booking."""
    booking, at = uuid7(), AS_OF - days_ago * DAY
    event(customer, EventKind.WEB_SEARCHED, at - 2 * DAY, item="CPH-LIS", channel="web")
    known = {"item": "CPH-LIS", "booking_id": booking, "value_base_minor": fare, "channel": "web", "lead_days": 10}
    event(customer, EventKind.BOOKING_MADE, at, **{**known, **more})
    if extra:
        event(customer, EventKind.ANCILLARY_BOUGHT, at, item="seat", booking_id=booking, value_base_minor=1_000)
    if flown:
        event(customer, EventKind.COUPON_FLOWN, at + 10 * DAY, item="CPH-LIS", booking_id=booking)


def test_behaviour__two_searches_for_two_bookings__look_to_book_is_one(alice, bob):
    trip(alice, days_ago=20)
    trip(bob, days_ago=30, channel="agency", lead_days=2)

    found = behaviour.behaviour(as_of=AS_OF)

    assert (found.searches, found.bookings, found.look_to_book) == (2, 2, 1.0)
    assert {share.name: share.share for share in found.channels} == {"web": 0.5, "agency": 0.5}
    assert [(share.name, share.bookings) for share in found.lead_times] == [("0-3", 1), ("8-14", 1)]


def test_behaviour__alice_alone__counts_only_alice(alice, bob):
    trip(alice, days_ago=20)
    trip(bob, days_ago=30)

    assert behaviour.behaviour(alice, as_of=AS_OF).bookings == 1


def test_behaviour__who_objected_to_analytics__is_in_no_figure(alice, bob):
    trip(alice, days_ago=20)
    trip(bob, days_ago=30)
    consent.record([ConsentEntry(bob, Purpose.ANALYTICS, "objected", AS_OF)])

    assert behaviour.behaviour(as_of=AS_OF).bookings == 1


def test_journey__flying_is_a_share_of_booking_not_of_extras(alice, bob):
    trip(alice, days_ago=40, extra=True)
    trip(bob, days_ago=40, flown=False)

    stages = {stage.name: stage for stage in journeys.journey(as_of=AS_OF).stages}

    assert [stages[name].travellers for name in ("searched", "booked", "added an extra", "flew")] == [2, 2, 1, 1]
    assert stages["flew"].conversion_rate == 0.5
    assert stages["booked"].median_days == 2.0


def test_journey__one_customer__newest_trip_first_with_its_stage(alice):
    trip(alice, days_ago=300, extra=True)
    trip(alice, days_ago=5, flown=False)

    trips = journeys.journey(alice, as_of=AS_OF).trips

    assert [each.stage for each in trips] == ["booked", "flew"]
    assert trips[1].extras == ["seat"]
    assert trips[0].searched_at == AS_OF - 7 * DAY


def test_journey__restricted_customer__shows_nothing(alice):
    trip(alice, days_ago=5)
    subjects.restrict(alice)

    assert journeys.journey(alice, as_of=AS_OF).trips == []


def test_lifetime_value__no_model__says_so_and_shows_what_was_paid(alice, bob):
    profile(alice)
    profile(bob)
    trip(alice, days_ago=20, fare=30_000)
    trip(bob, days_ago=500, fare=90_000)

    found = lifetime_value.lifetime_value(AS_OF)

    assert (found.state, found.measure) == ("no champion", "paid, last 12 months")
    assert (found.customers, found.total, found.top_tenth_share) == (2, 300.0, 1.0)


def test_lifetime_value__scored__gives_the_interval_beside_what_was_paid(alice):
    trip(alice, days_ago=20, fare=30_000)
    _score(alice, "value_12m", 420.0, low=100.0, high=900.0)

    found = lifetime_value.customer_value(alice, AS_OF)

    assert (found.state, found.value, found.low, found.high, found.paid_12m) == ("scored", 420.0, 100.0, 900.0, 300.0)


def test_churn__no_model__says_no_champion_and_no_money_is_at_risk(alice):
    found = churn.churn_risk(AS_OF)

    assert (found.state, found.value_at_risk, found.bands) == ("no champion", None, [])


def test_churn__value_at_risk_is_risk_times_value(alice, bob):
    _score(alice, "churn_90d", 0.1)
    _score(bob, "churn_90d", 0.7)
    _score(bob, "value_12m", 200.0)
    trip(alice, days_ago=20, fare=50_000)

    bands = {band.name: band for band in churn.churn_risk(AS_OF).bands}

    assert bands["low"].value_at_risk == 50.0
    assert bands["high"].value_at_risk == 140.0
    assert bands["medium"].customers == 0


@pytest.mark.parametrize(("risk", "band"), [(0.29, "low"), (0.3, "medium"), (0.6, "high"), (0.95, "very high")])
def test_churn__a_bound_belongs_to_the_band_above(risk, band):
    assert churn.band_of(risk) == band


def test_sales__change_is_against_the_same_weekdays_a_year_ago(alice):
    trip(alice, days_ago=10, fare=15_000)
    trip(alice, days_ago=10 + 364, fare=10_000)

    found = sales.sales(AS_OF)

    assert found.total(30).revenue_minor == 15_000
    assert found.change(30, "revenue_minor") == 0.5
    assert found.change(7, "revenue_minor") is None


def test_sales__weeks__stand_beside_last_year(alice):
    trip(alice, days_ago=10, fare=15_000)
    trip(alice, days_ago=10 + 364, fare=10_000)

    weeks = [week for week in sales.sales(AS_OF).weeks if week.this_year_minor]

    assert [(week.this_year_minor, week.last_year_minor) for week in weeks] == [(15_000, 10_000)]


def test_refresh__keeps_answers_that_come_back_as_they_were(alice):
    trip(alice, days_ago=10)

    pipeline.refresh(AS_OF)

    assert measured.newest("behaviour", Behaviour) == behaviour.behaviour(as_of=AS_OF)
    assert selectors.behaviour().as_of == AS_OF


def test_home__shows_the_last_measurement_with_its_moment(alice):
    trip(alice, days_ago=10, fare=15_000)
    pipeline.refresh(AS_OF)

    home = dashboards.home(window_days=30)

    tiles = {tile.name: tile for tile in home.tiles}
    assert (tiles["profiles"].value, tiles["profiles"].as_of) == (1, AS_OF)
    assert (tiles["revenue"].value, tiles["revenue"].delta_text) == (15_000, "no last year to compare with")
    assert (tiles["value_at_risk"].value, tiles["value_at_risk"].delta_text) == (None, "no champion")


def test_home__five_checks__what_is_not_measured_says_so(db):
    checks = {check.name: check.state for check in dashboards.home().checks}

    assert checks == {
        "enrichment": "not measured",
        "models": "not measured",
        "latency": "not measured",
        "sources": "warning",
        "privacy": "passed",
    }


def test_home__asked_for_another_purpose__is_refused(db):
    with pytest.raises(dashboards.PurposeNotServed):
        dashboards.home(Purpose.MARKETING)


def test_home__email_consent__is_the_share_that_may_be_written_to(alice, bob):
    consent.record([ConsentEntry(alice, Purpose.MARKETING, "granted", AS_OF - timedelta(days=9), channel="email")])

    assert dashboards.reach(AS_OF).email_share == 0.5


def _score(customer, name: str, value: float, **more) -> None:
    Score.objects.create(
        bucket=customer.bytes[15],
        entity_kind="customer",
        entity_id=customer,
        customer_id=customer,
        name=name,
        value=value,
        model_version_id=uuid7(),
        as_of=AS_OF,
        **more,
    )
