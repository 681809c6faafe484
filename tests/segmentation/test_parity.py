"""The ways to a value agree, on a day with events at the edges, late and doubled ones; where not, it is said."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pa_parquet
import pytest

from iaros import sdk
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles.models import EventKind
from segmentation import features
from segmentation.features import parity
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_compare__edges_late_and_doubled_events__no_value_differs() -> None:
    people = population.customers(20)
    population.facts(people, each=20)
    for days in (1, 7, 14, 30, 60, 90, 180, 365, 730):
        population.event(people[0], EventKind.BOOKING_MADE, AS_OF - days * DAY, value_base_minor=12_345, lead_days=days)
    for _ in range(2):
        population.event(people[1], EventKind.COUPON_FLOWN, AS_OF - 3 * DAY, ingested_at=AS_OF + DAY, item="CPH-LPA")
    features.materialise(AS_OF)

    report = parity.compare(20)

    assert (report.customers, report.mismatches, report.features) == (20, 0, {})
    assert report.values > 20 * 600


def test_compare__event_that_came_after_the_run__is_a_mismatch_with_its_feature() -> None:
    person = population.customers(1)[0]
    population.event(person, EventKind.COUPON_FLOWN, AS_OF - 100 * DAY)
    features.materialise(AS_OF)
    population.event(person, EventKind.COUPON_FLOWN, AS_OF - 10 * DAY)

    report = parity.compare(5)

    assert report.mismatches > 0
    assert report.rate > 0
    assert any(name.startswith("flown:") for name in report.features)


def test_compare__no_run__is_refused() -> None:
    with pytest.raises(parity.NothingToCompare):
        parity.compare()


def test_sdk__ids_and_a_moment__a_row_each() -> None:
    people = population.customers(2)
    population.event(people[0], EventKind.COUPON_FLOWN, AS_OF - 10 * DAY)

    frame = sdk.features(people, ["flown:count_30d", "flown:count_365d"], AS_OF)

    assert frame["flown:count_30d"].tolist() == [1, 0]


def test_sdk__no_moment__is_refused() -> None:
    with pytest.raises(ValueError, match="moment"):
        sdk.features(pd.DataFrame({"customer_id": ["x"], "at": [pd.NaT]}), ["flown:count_30d"])


def test_export__who_objects_to_analytics__is_not_in_the_file(tmp_path: Path) -> None:
    people = population.customers(3)
    features.materialise(AS_OF)
    consent.record(
        [
            consent.ConsentEntry(
                customer_id=people[0],
                purpose=Purpose.ANALYTICS,
                state="objected",
                occurred_at=AS_OF,
                method="letter",
                source="dpo",
            )
        ]
    )

    written = sdk.export_features(tmp_path / "out.parquet", ["flown:count_30d"])

    table = pa_parquet.read_table(tmp_path / "out.parquet")
    assert written == 2
    assert table.column_names == ["customer_id", "flown:count_30d"]
    assert str(people[0]) not in table["customer_id"].to_pylist()
