"""Fares are compared like for like, and only while they are fresh."""

from __future__ import annotations

from datetime import timedelta

import pytest

from analytics import pricing
from iaros.lib.ids import uuid7
from profiles.models import EventKind, FareObservation
from tests.analytics.conftest import AS_OF, DAY
from tests.segmentation.population import event

pytestmark = pytest.mark.django_db
DEPARTURE = (AS_OF + 20 * DAY).date()


def fare(carrier: str, euros: int, *, brand: str = "LIGHT", cabin: str = "Y", days_ago: int = 1, departs=DEPARTURE):
    return FareObservation.objects.create(
        native_key=uuid7().bytes,
        content_hash=b"h" * 16,
        run_id=uuid7(),
        observed_at=AS_OF - days_ago * DAY,
        carrier=carrier,
        origin="CPH",
        destination="LIS",
        departure_date=departs,
        cabin=cabin,
        brand=brand,
        price_minor=euros * 100,
        currency="EUR",
        price_base_minor=euros * 100,
        source="competitor_fares",
    )


def test_fare_index__own_fare_is_100_and_the_gap_is_to_the_cheapest():
    fare("NV", 100)
    fare("8N", 80)
    fare("7K", 110)

    found = pricing.fare_index("CPH", "LIS", as_of=AS_OF).fare

    assert (found.fare_index, found.lowest_index, found.cheapest_carrier) == (95.0, 80.0, "8N")
    assert found.gap_rate == pytest.approx(0.25)
    assert (found.pairs, found.departures) == (2, 1)


def test_fare_index__another_cabin_brand_or_day_is_never_compared():
    fare("NV", 100)
    fare("8N", 50, cabin="C")
    fare("8N", 50, brand="FLEX")
    fare("8N", 50, departs=DEPARTURE + timedelta(days=1))

    assert not pricing.fare_index("CPH", "LIS", as_of=AS_OF).found


def test_fare_index__brands_of_other_names_but_one_class_are_alike():
    fare("NV", 100, brand="LIGHT")
    fare("8N", 90, brand="Basic")

    assert pricing.fare_index("CPH", "LIS", as_of=AS_OF).fare.lowest_fare == 90.0


def test_fare_index__newest_price_counts_and_old_ones_do_not():
    fare("NV", 100)
    fare("8N", 60, days_ago=5)
    fare("8N", 90, days_ago=1)
    fare("7K", 10, days_ago=20)

    found = pricing.fare_index("CPH", "LIS", as_of=AS_OF).fare

    assert (found.lowest_fare, found.pairs) == (90.0, 1)


def test_fare_gaps__names_what_is_in_play_and_who_is_exposed(alice):
    fare("NV", 100)
    for carrier in ("8N", "2B", "7K"):
        fare(carrier, 80)
    event(alice, EventKind.BOOKING_MADE, AS_OF - DAY, item="CPH-LIS", value_base_minor=12_345)

    (gap,) = pricing.fare_gaps(AS_OF)

    assert (gap.market, gap.in_play_minor, gap.exposed, gap.advice) == ("CPH-LIS", 12_345, 1, "undercut")
