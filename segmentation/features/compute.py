"""From tiles and profiles to a matrix: one row per (customer, T), one column per feature, rounded to float32 last."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segmentation.features import measures, rfm
from segmentation.features.catalogue import get
from segmentation.features.facts import People
from segmentation.features.grammar import Feature, Measure
from segmentation.features.tiles import DAY, Floats, Tiles


def matrix(
    folded: Tiles,
    people: People,
    at: NDArray[np.int64],
    features: Sequence[Feature],
    limits: rfm.Limits | None = None,
) -> NDArray[np.float32]:
    """Values of `features` for every row; `people` and `at` (microseconds since 1970) have one entry per row.

    `limits` places the `rfm:` features; without them these are NaN.
    """
    # A feature is written as one run of memory; the turn at the end costs less than a thousand strided writes.
    values = np.empty((len(features), folded.rows), dtype=np.float32)
    wanted = {one.measure for one in features}
    attributes = _attributes(people, at) if Measure.ATTRIBUTE in wanted else {}
    places = _places(folded, limits) if Measure.QUINTILE in wanted else {}
    for position, one in enumerate(features):
        if one.measure is Measure.ATTRIBUTE:
            values[position] = attributes[one.name]
        elif one.measure is Measure.QUINTILE:
            values[position] = places[one.name]
        else:
            values[position] = measures.column(folded, one)
    return np.ascontiguousarray(values.T)


def _attributes(people: People, at: NDArray[np.int64]) -> dict[str, Floats]:
    year = at.astype("datetime64[us]").astype("datetime64[Y]").astype(np.float64) + 1970
    tenure = np.where(np.isnat(people.enrolled), np.nan, at // DAY - people.enrolled.astype(np.int64))
    # A step without a date of enrolment counts; one from after T does not: nobody was a member before enrolling.
    member = ~np.isnan(people.tier_rank) & ~(tenure < 0) | (tenure >= 0)
    return {
        # Who enrolled after T had not told their age by then; that it is known today tells that they came back.
        "profile:age_years": np.where(tenure < 0, np.nan, year - people.birth_year),
        "loyalty:member": member.astype(np.float64),
        "loyalty:tier_rank": np.where(member, np.nan_to_num(people.tier_rank, nan=1.0), 0.0),
        "loyalty:tenure_days": np.where(tenure >= 0, tenure, np.nan),
        "household:size": people.household,
        "household:companions": people.companions,
        "household:lives_with_companions": np.where(
            np.isnan(people.household), np.nan, (people.household > 1) & (np.nan_to_num(people.companions) > 0)
        ),
    }


def _places(folded: Tiles, limits: rfm.Limits | None) -> dict[str, Floats]:
    recency, frequency, monetary = (
        measures.column(folded, get(name))
        for name in ("booking:recency_days", "booking:count_730d", "spend:value_sum_730d")
    )
    return rfm.place(limits, recency, frequency, monetary)
