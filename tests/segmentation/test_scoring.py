"""Scores: only a champion speaks, of those its question applies to, and a trip is seen as it stood when booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pandas as pd
import pytest

from profiles.models import Booking, EventKind
from segmentation import features, scoring, selectors
from segmentation.features import offline
from segmentation.ml import training
from segmentation.ml.catalogue import SPECS
from segmentation.ml.catalogue.churn_90d import CHURN_90D
from segmentation.ml.catalogue.extra_bag import EXTRA_BAG
from segmentation.ml.spec import Gate, ModelSpec
from segmentation.models import Score
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OPEN_GATE = Gate(at_least={}, coverage=(0.0, 1.0), min_rows=1, min_outcomes=1)


def test_score_all__no_champion__nothing_is_written() -> None:
    population.facts(population.customers(5))
    features.materialise(AS_OF)

    report = scoring.score_all(AS_OF)

    assert Score.objects.count() == 0
    assert report.note.count("no champion") == len(SPECS)


def test_score_all__champion__speaks_of_those_who_flew_and_says_why(churn: ModelSpec) -> None:
    population.customers(1)
    features.materialise(AS_OF)

    scoring.score_all(AS_OF)

    flew = training.population(churn, training.Moment(AS_OF, AS_OF), labelled=False)
    assert set(Score.objects.values_list("customer_id", flat=True)) == set(flew["customer_id"])
    held = selectors.scores_of(flew["customer_id"][0])
    assert [one.name for one in held] == ["churn_90d"]
    assert 0 <= held[0].low <= held[0].value <= held[0].high <= 1
    assert 1 <= len(held[0].reasons) <= 3


def test_score_all__again__replaces_and_one_customer_scores_alike(churn: ModelSpec) -> None:
    features.materialise(AS_OF)
    scoring.score_all(AS_OF)
    before = dict(Score.objects.values_list("customer_id", "value"))
    someone = next(iter(before))

    scoring.score_all(AS_OF)
    scoring.score_customer(someone, AS_OF)

    # The exponential of one number and that of a row of them may differ in the last bit.
    assert dict(Score.objects.values_list("customer_id", "value")) == pytest.approx(before, rel=1e-12)
    assert Score.objects.filter(customer_id=someone).count() == 1


def test_trip__booking_and_passenger__is_told_with_the_customers_past() -> None:
    traveller, booking = trip()
    rows = pd.DataFrame({"customer_id": [traveller], "booking_id": [booking], "at": [AS_OF - 5 * DAY]})

    found = offline.frame(
        rows, ["trip:haul", "trip:length_days", "trip:fare", "trip:winter_sun", "booking:count_90d"], entity="booking"
    )

    assert found.iloc[0, 3:].tolist() == [1.0, 7.0, 250.0, 1.0, 0.0]


def test_trip__booking_of_nobody_we_know__is_empty() -> None:
    rows = pd.DataFrame({"customer_id": [uuid4()], "booking_id": [uuid4()], "at": [AS_OF]})

    found = offline.frame(rows, ["trip:haul", "booking:count_90d"], entity="booking")

    assert found[["trip:haul", "booking:count_90d"]].isna().all(axis=None)


def test_trip__asked_of_a_customer__is_refused() -> None:
    rows = pd.DataFrame({"customer_id": [uuid4()], "at": [AS_OF]})

    with pytest.raises(offline.NotPointInTime):
        offline.frame(rows, ["trip:haul"])


def test_bookings_to_be_scored__ahead_without_a_bag__are_the_passengers() -> None:
    traveller, booking = trip()

    look = training.Moment(AS_OF - 400 * DAY, AS_OF)
    asked = training.population(EXTRA_BAG, look, labelled=False)

    assert asked[["customer_id", "booking_id"]].values.tolist() == [[traveller, booking]]


def trip() -> tuple[UUID, UUID]:
    """A week in Gran Canaria, booked five days ago, leaving in twenty."""
    traveller, booking = population.customers(1)[0], uuid4()
    booked_at = AS_OF - 5 * DAY
    Booking.objects.create(
        bucket=booking.bytes[15],
        id=booking,
        locator="ABC123",
        created_at=booked_at,
        modified_at=booked_at,
        status="active",
        channel="web",
        currency="EUR",
        total_minor=50_000,
        total_base_minor=50_000,
        party_size=2,
        origin="CPH",
        destination="LPA",
        departs_at=AS_OF + 20 * DAY,
        returns_at=AS_OF + 27 * DAY,
    )
    population.event(
        traveller,
        EventKind.BOOKING_MADE,
        booked_at,
        booking_id=booking,
        value_base_minor=25_000,
        haul="M",
        cabin="Y",
        lead_days=25,
        item="CPH-LPA",
        channel="web",
    )
    return traveller, booking


@pytest.fixture
def churn(settings: Any) -> ModelSpec:
    """Four hundred customers with a past, and a churn model that speaks whatever it is worth."""
    asked = replace(settings.INTELLIGENCE.segmentation, confidence_threshold=0.0)
    settings.INTELLIGENCE = replace(settings.INTELLIGENCE, segmentation=asked)
    population.facts(population.customers(400), each=25)
    spec = replace(CHURN_90D, gate=OPEN_GATE, snapshots=2)
    training.train(spec, AS_OF)
    return spec
