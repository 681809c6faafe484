"""Behavioural groups of the base: found again where they were planted, and told as rules that select them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest

from profiles.models import EventKind
from segmentation import features
from segmentation.segments.clusters import base
from tests.segmentation import population
from tests.segmentation.population import AS_OF

DAY = timedelta(days=1)


@pytest.fixture
def two_habits(db: None) -> tuple[list[UUID], list[UUID]]:
    """Eighty who book often, short and late, and eighty who book once, far ahead and for many."""
    people, rng = population.customers(160), np.random.default_rng(3)
    often, seldom = people[::2], people[1::2]
    for one in often:
        for days in rng.integers(1, 600, 12).tolist():
            population.event(
                one,
                EventKind.BOOKING_MADE,
                AS_OF - days * DAY,
                value_base_minor=int(rng.integers(8_000, 12_000)),
                lead_days=int(rng.integers(1, 6)),
                quantity=1,
                haul="S",
                channel="web",
            )
    for one in seldom:
        for days in rng.integers(300, 700, 2).tolist():
            population.event(
                one,
                EventKind.BOOKING_MADE,
                AS_OF - days * DAY,
                value_base_minor=int(rng.integers(300_000, 400_000)),
                lead_days=int(rng.integers(100, 200)),
                quantity=4,
                haul="L",
                channel="agency",
            )
    features.materialise(AS_OF)
    return often, seldom


def test_find__two_habits__are_told_apart_and_each_has_a_rule(two_habits):
    found = base.find()

    assert found.sampled == found.population == 160
    assert sum(one.people for one in found.clusters) == 160
    assert len(found.clusters) >= 2
    assert found.tree_fidelity > 0.8
    ruled = [one for one in found.clusters if one.rule]
    assert max(one.precision or 0 for one in ruled) > 0.9
    assert all(0 <= one.stability <= 1 for one in found.clusters)


def test_find__nothing_stored__is_refused(db):
    with pytest.raises(base.NothingStored):
        base.find()


@pytest.mark.parametrize(
    ("words", "conditions"),
    [
        ("bookings > 3.5", [("booking:count_730d", ">=", 4)]),
        ("bookings > 3 and routes <= 2.5", [("booking:count_730d", ">=", 4), ("booking:routes_730d", "<=", 2)]),
        (
            "days since booking <= 90 and money spent > 1e+03",
            [("booking:recency_days", "<=", 90), ("spend:value_sum_730d", ">", 1000)],
        ),
        ("loyalty step is not 2", [("loyalty:tier_rank", "!=", 2)]),
        ("days booked ahead absent is yes", [("booking:lead_days_mean_730d", "unknown", None)]),
        ("days booked ahead absent is not yes", [("booking:lead_days_mean_730d", "known", None)]),
    ],
)
def test_a_path__becomes_a_rule_of_those_who_booked(words, conditions):
    rule = base.as_rule(words)

    assert rule is not None
    told = [(one["feature"], one["op"], one.get("value")) for one in rule["all"]]
    assert told == [("booking:count_730d", ">=", 1), *conditions]


@pytest.mark.parametrize("words", ["", "something else > 3", "bookings > 1 and x is y"])
def test_a_path__that_no_rule_can_ask__gives_none(words):
    assert base.as_rule(words) is None
