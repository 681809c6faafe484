"""Features mean one thing, however they are computed: in batch, singly, at a point in time, or by hand."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.db import connection

from iaros.lib.purposes import Purpose
from iaros.lib.sql import text
from privacy import consent, subjects
from profiles.models import Event, EventKind
from segmentation import features
from segmentation.features import catalogue, offline, online, packing, rfm, store
from segmentation.features.grammar import LIFETIME, EventFilter, Feature, Measure, Parity
from segmentation.ml.features import KNOWN_IN_THE_PAST
from segmentation.models import FeatureRun, FeatureVector
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PAST = [one.name for one in catalogue.FEATURES if one.parity is not Parity.NONE]


def stored() -> dict[UUID, dict[str, float]]:
    return {row.id: store.unpack(bytes(row.values)) for row in FeatureVector.objects.all()}


def matrix(rows: list[dict[str, float]]) -> np.ndarray:
    return np.array([list(row.values()) for row in rows], dtype=np.float32)


def test_parity__random_customers_and_window_edges__batch_single_and_past_agree() -> None:
    people = population.customers(60)
    population.facts(people, each=25)

    features.materialise(AS_OF)

    batch = stored()
    single = {one: online.vector(one, AS_OF) for one in people}
    past = offline.frame(pd.DataFrame({"customer_id": people, "at": AS_OF}), PAST)
    np.testing.assert_array_equal(matrix([batch[one] for one in people]), matrix([single[one] for one in people]))
    wanted = matrix([{name: batch[one][name] for name in PAST} for one in people])
    np.testing.assert_array_equal(wanted, past[PAST].to_numpy())


def test_parity__many_moments__the_frame_equals_a_count_by_hand() -> None:
    people = population.customers(12)
    population.facts(people, each=40, seed=3)
    rng = np.random.default_rng(5)
    moments = [AS_OF - int(days) * DAY for days in rng.integers(0, 400, 5)]
    owners = [people[place] for place in rng.integers(0, len(people), 5)]

    found = offline.frame(pd.DataFrame({"customer_id": owners, "at": moments}), PAST)

    facts = pd.DataFrame(list(Event.objects.values()))
    # Every feature is counted by hand once, at one of the moments.
    asked = [(nth, name) for nth in range(5) for name in EVENT_FEATURES[nth::5]]
    by_hand = [value_by_hand(facts[facts.customer_id == owners[nth]], moments[nth], name) for nth, name in asked]
    quick = [found.at[nth, name] for nth, name in asked]
    np.testing.assert_allclose(np.array(quick), np.array(by_hand, dtype=np.float32), rtol=1e-5)


def test_window__event_at_its_edge__is_inside_and_one_at_the_moment_is_not(person: UUID) -> None:
    population.event(person, EventKind.COUPON_FLOWN, AS_OF - 30 * DAY)
    population.event(person, EventKind.COUPON_FLOWN, AS_OF - 30 * DAY - timedelta(microseconds=1))
    population.event(person, EventKind.COUPON_FLOWN, AS_OF)

    values = online.vector(person, AS_OF)

    assert values["flown:count_30d"] == 1
    assert values["flown:count_90d"] == 2


def test_packing__zeros_absent_and_minus_zero__come_back_to_the_bit() -> None:
    values = np.random.default_rng(1).normal(size=(300, len(catalogue.FEATURES))).astype(np.float32)
    values[np.random.default_rng(2).random(values.shape) < 0.7] = 0
    values[:, ::7], values[0], values[1, 3] = np.nan, 0, -0.0

    packed = packing.pack(values)

    lengths = np.array([len(row) for row in packed])
    found = packing.unpack(b"".join(packed), lengths, values.shape[1])
    assert found.tobytes() == values.tobytes()
    assert lengths[0] == 2 * packing.width(values.shape[1])


def test_packing__values_that_repeat__stand_once__and_a_row_is_read_as_it_lies() -> None:
    places = len(catalogue.FEATURES)
    values = np.zeros((3, places), dtype=np.float32)
    values[0, ::5], values[0, 1::5], values[0, 2], values[1, :3] = 2.5, np.float32(1e-40), -7, (1, 2, 3)
    values[2] = np.arange(1, places + 1)  # too many to be numbered by a byte

    packed = packing.pack(values)

    maps, told = 2 * packing.width(places), int((values[0] != 0).sum())
    assert [len(row) - maps for row in packed] == [told + 4 * 3, 4 * 3, 4 * places]
    assert all((packing.unpack_one(row, places) == one).all() for row, one in zip(packed, values, strict=True))


@pytest.mark.parametrize("place", [0, 1, 2, 5, 9])
def test_feature_at__of_values_that_repeat_or_not__is_the_value(place: int) -> None:
    places = len(catalogue.FEATURES)
    values = np.zeros((2, places), dtype=np.float32)
    values[0, ::5], values[0, 1], values[0, 2] = 2.5, -0.125, np.nan
    values[1, :3] = (3, 2, 1)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS analytics")
        cursor.execute(text("segmentation.features", "feature_at.sql"))
        cursor.execute(
            "SELECT analytics.feature_at(one, %s, %s) FROM unnest(%s::bytea[]) WITH ORDINALITY v (one, n) ORDER BY n",
            [place, places, packing.pack(values)],
        )
        read = np.array([np.nan if row[0] is None else row[0] for row in cursor.fetchall()])

    assert np.array_equal(read, values[:, place].astype(float), equal_nan=True)


def test_frame__event_ingested_later__counts_only_without_the_second_cut(person: UUID) -> None:
    population.event(person, EventKind.WEB_SEARCHED, AS_OF - 40 * DAY)
    population.event(person, EventKind.WEB_SEARCHED, AS_OF - 2 * DAY, ingested_at=AS_OF + DAY)
    rows = pd.DataFrame({"customer_id": [person.bytes], "at": [AS_OF]})

    by_event_time = offline.frame(rows, ["web:searches_90d"])
    by_both = offline.frame(rows, ["web:searches_90d"], known_at=True)

    assert by_event_time["web:searches_90d"].tolist() == [2]
    assert by_both["web:searches_90d"].tolist() == [1]


def test_frame__feature_that_needs_the_whole_base__is_refused(person: UUID) -> None:
    with pytest.raises(offline.NotPointInTime):
        offline.frame(pd.DataFrame({"customer_id": [person], "at": [AS_OF]}), ["rfm:recency"])


def test_materialise__objection_to_analytics__leaves_nothing_derived(person: UUID) -> None:
    features.materialise(AS_OF)
    consent.record([objection(person)])

    features.materialise(AS_OF)

    assert FeatureVector.objects.count() == 0
    assert online.vector(person, AS_OF) == {}


def test_materialise__restricted_person__is_not_computed(person: UUID) -> None:
    subjects.restrict(person)

    report = features.materialise(AS_OF)

    assert report.profiles == 0


def test_materialise__nobody__runs_and_says_so() -> None:
    report = features.materialise(AS_OF)

    assert report.profiles == 0
    assert FeatureRun.objects.get().rfm_limits["population"] == 0


def test_profile_features__member_since_last_year__has_step_tenure_and_age(person: UUID) -> None:
    population.profile(person, tier="Gold", enrolled_on=(AS_OF - 365 * DAY).date(), birth_year=1990)

    values = online.vector(person, AS_OF)

    assert values["loyalty:tier_rank"] == 3
    assert values["loyalty:tenure_days"] == 365
    assert values["profile:age_years"] == 36


def test_frame__before_a_member_enrolled__they_were_none_and_of_no_known_age(person: UUID) -> None:
    population.profile(person, tier="Gold", enrolled_on=(AS_OF - 365 * DAY).date(), birth_year=1990)
    moments = pd.DataFrame({"customer_id": [person] * 2, "at": [AS_OF - 400 * DAY, AS_OF - 300 * DAY]})

    found = offline.frame(moments, ["loyalty:member", "profile:age_years"])

    assert found["loyalty:member"].tolist() == [0, 1]
    assert np.isnan(found["profile:age_years"][0])
    assert found["profile:age_years"][1] == 35


def test_frame__todays_step_on_the_ladder__is_refused_for_the_past(person: UUID) -> None:
    moment = pd.DataFrame({"customer_id": [person], "at": [AS_OF]})

    with pytest.raises(offline.NotPointInTime, match="tier_rank"):
        offline.frame(moment, ["loyalty:tier_rank"])

    assert "loyalty:tier_rank" not in KNOWN_IN_THE_PAST


def test_rfm__ten_customers__fall_into_fifths_and_equal_ones_share_theirs() -> None:
    people = population.customers(10)
    for place, one in enumerate(people):
        at = AS_OF - (place + 1) * DAY
        population.event(one, EventKind.BOOKING_MADE, at, value_base_minor=10_000 * (place // 2))

    features.materialise(AS_OF)

    cells = [stored()[one]["rfm:cell"] for one in people]
    assert [int(cell) // 100 for cell in cells] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert [int(cell) // 10 % 10 for cell in cells] == [1] * 10
    assert [int(cell) % 10 for cell in cells] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


@pytest.mark.parametrize(("cell", "name"), [(555, "Champions"), (155, "At risk"), (511, "Promising")])
def test_rfm__cell__has_a_name_of_the_trade(cell: int, name: str) -> None:
    assert rfm.name_of(cell) == name


def test_catalogue__names__are_unique_described_and_six_hundred() -> None:
    assert len(set(catalogue.NAMES)) == len(catalogue.NAMES) >= 600
    assert all(one.description and one.unit and one.owner and one.lineage for one in catalogue.FEATURES)


@pytest.fixture
def person() -> UUID:
    return population.customers(1)[0]


def objection(person: UUID) -> consent.ConsentEntry:
    return consent.ConsentEntry(
        customer_id=person,
        record_id=None,
        purpose=Purpose.ANALYTICS,
        channel="",
        state="objected",
        occurred_at=AS_OF,
        method="letter",
        policy_version="1",
        language="en",
        source="dpo",
    )


# A second reading of the grammar, slow and plain, against which the quick ones are held.
_BY_HAND = {
    Measure.COUNT,
    Measure.VALUE_SUM,
    Measure.VALUE_MEAN,
    Measure.QUANTITY_SUM,
    Measure.QUANTITY_MEAN,
    Measure.LEAD_DAYS_MEAN,
    Measure.RECENCY_DAYS,
    Measure.FIRST_DAYS,
    Measure.SHARE,
    Measure.DISTINCT_ITEMS,
    Measure.VALUE_MIN,
    Measure.VALUE_MAX,
    Measure.VALUE_STD,
    Measure.TOP_SHARE,
}
EVENT_FEATURES = [one.name for one in catalogue.FEATURES if one.measure in _BY_HAND]


def value_by_hand(facts: pd.DataFrame, at: object, name: str) -> float:
    feature = catalogue.get(name)
    assert feature.events is not None
    chosen = select_by_hand(facts, at, feature, feature.events)
    ages = (pd.Timestamp(at) - chosen.occurred_at).dt.total_seconds() / 86_400  # type: ignore[arg-type]
    answers = {
        Measure.COUNT: lambda: len(chosen),
        Measure.VALUE_SUM: lambda: chosen.value_base_minor.sum() / 100,
        Measure.VALUE_MEAN: lambda: chosen.value_base_minor.mean() / 100,
        Measure.QUANTITY_SUM: lambda: chosen.quantity.sum(),
        Measure.QUANTITY_MEAN: lambda: chosen.quantity.mean(),
        Measure.LEAD_DAYS_MEAN: lambda: chosen.lead_days.mean(),
        Measure.RECENCY_DAYS: lambda: ages.min(),
        Measure.FIRST_DAYS: lambda: ages.max(),
        Measure.DISTINCT_ITEMS: lambda: chosen["item"].nunique(),
        Measure.VALUE_MIN: lambda: chosen.value_base_minor.min() / 100,
        Measure.VALUE_MAX: lambda: chosen.value_base_minor.max() / 100,
        Measure.VALUE_STD: lambda: chosen.value_base_minor.astype(float).std() / 100,
        Measure.TOP_SHARE: lambda: chosen["item"].value_counts(normalize=True).max(),
        Measure.SHARE: lambda: share_by_hand(facts, at, feature, len(chosen)),
    }
    return float(answers[feature.measure]())


def share_by_hand(facts: pd.DataFrame, at: object, feature: Feature, whole: int) -> float:
    assert feature.part is not None
    return len(select_by_hand(facts, at, feature, feature.part)) / whole if whole else np.nan


def select_by_hand(facts: pd.DataFrame, at: object, feature: Feature, events: EventFilter) -> pd.DataFrame:
    end = pd.Timestamp(at)  # type: ignore[arg-type]
    keep = (facts.occurred_at < end) & facts.kind.isin([int(kind) for kind in events.kinds])
    if feature.window != LIFETIME:
        keep &= facts.occurred_at >= end - pd.Timedelta(days=feature.window)
    for column, wanted in (("item", events.items), ("channel", events.channels), ("cabin", events.cabins)):
        if wanted:
            keep &= facts[column].isin(wanted)
    if events.hauls:
        keep &= facts.haul.isin(events.hauls)
    if events.destinations:
        keep &= facts["item"].str.split("-").str[1].isin(events.destinations)
    if events.lead_days_to is not None:
        keep &= facts.lead_days <= events.lead_days_to
    if events.lead_days_from is not None:
        keep &= facts.lead_days >= events.lead_days_from
    local = facts.occurred_at.dt.tz_convert(settings.AIRLINE_TIME_ZONE)
    if events.weekdays:
        keep &= local.dt.isocalendar().day.isin(events.weekdays)
    if events.months:
        keep &= local.dt.month.isin(events.months)
    return facts[keep]
