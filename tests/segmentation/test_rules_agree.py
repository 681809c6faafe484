"""One rule, three ways to its answer: over a block, in SQL, and for one customer. They agree, whatever the rule."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iaros.lib import sql
from iaros.lib.ids import as_uuids
from iaros.lib.purposes import Channel, Purpose
from segmentation import features
from segmentation.features import store
from segmentation.features.facts import Which
from segmentation.models import CustomerList, CustomerListEntry, EntityKind, Score
from segmentation.segments import compiling, evaluation, membership, publishing, reach, rules
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)

FEATURES = (
    "flown:count_365d",
    "booking:count_730d",
    "booking:recency_days",
    "spend:value_sum_730d",
    "booking:premium_share_730d",
    "loyalty:tier_rank",
    "rfm:monetary",
    "profile:age_years",
)
EVENTS = ("booking_made", "coupon_flown", "web_searched", "ancillary_bought", "message_sent")
WHERE = {
    "channel": ["web", "app", "agency"],
    "cabin": ["Y", "C"],
    "haul": ["S", "L"],
    "item": ["extra_bag", "CPH-LIS"],
    "to": ["lis", "JFK"],
}
amounts = st.sampled_from([-1, 0, 0.3, 0.5, 1, 2, 3, 5, 30, 100.5, 365, 2500])
days = st.sampled_from([0, 1, 7, 30, 90, 365, 730])
wheres = st.sampled_from(sorted(WHERE)).flatmap(
    lambda column: st.fixed_dictionaries({column: st.lists(st.sampled_from(WHERE[column]), min_size=1, max_size=2)})
)


def compared(of: str, names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    named = st.sampled_from(names)
    plain = st.builds(lambda n, op, v: {of: n, "op": op, "value": v}, named, st.sampled_from(rules.COUNT_OPS), amounts)
    between = st.builds(lambda n, a, b: {of: n, "op": "between", "value": sorted((a, b))}, named, amounts, amounts)
    known = st.builds(lambda n, op: {of: n, "op": op}, named, st.sampled_from(["known", "unknown"]))
    return st.one_of(plain, between, known)


def step(**more: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda event, where: {"event": event, **({"where": where} if where else {}), **more},
        st.sampled_from(EVENTS),
        st.one_of(st.none(), wheres),
    )


attributes = st.builds(
    lambda op, words: {"attribute": "tier", "op": op, "value": words[0] if op.startswith("is") else words},
    st.sampled_from(["is", "is not", "in", "not in", "known"]),
    st.lists(st.sampled_from(["Gold", "silver", "none"]), min_size=1, max_size=2),
)
happened = st.builds(
    lambda one, within, op, value: {**one, "within_days": within, "op": op, "value": value},
    step(),
    days,
    st.sampled_from(rules.COUNT_OPS),
    st.integers(0, 4),
)
sequences = st.builds(
    lambda first, then, within: {"sequence": [*first, then], "within_days": within},
    st.lists(step(), min_size=1, max_size=2),
    st.one_of(step(), step(absent=True)),
    days,
)
others = st.one_of(
    st.builds(lambda op: {"segment": "frequent", "op": op}, st.sampled_from(["in", "not in"])),
    st.builds(lambda n: {"has_been": "frequent", "for_days": n}, st.sampled_from([1, 20, 40])),
    st.builds(lambda n: {"has_been": "frequent", "within_days": n}, st.sampled_from([1, 20, 40])),
    st.builds(lambda op: {"list": "guests", "op": op}, st.sampled_from(["in", "not in"])),
    st.builds(lambda a, b: {"random": "spring", "from": a, "below": a + b}, st.integers(0, 49), st.integers(1, 50)),
)
leaves = st.one_of(
    compared("feature", FEATURES), compared("score", ("churn_90d",)), attributes, happened, sequences, others
)


def grouped(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(
        lambda join, inside: {join: inside},
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3),
    )


trees = grouped(st.one_of(leaves, grouped(st.one_of(leaves, grouped(leaves)))))


@pytest.fixture(scope="module")
def people(django_db_setup: None, django_db_blocker: Any) -> Any:
    """Forty customers with facts, profiles, scores, memberships, and some on a list."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        made = population.customers(40)
        population.facts(made, each=25)
        for nth, one in enumerate(made):
            population.profile(one, tier=[None, "Gold", "silver", "None"][nth % 4], birth_year=1950 + nth)
        for one in made[::2]:
            score(one)
        listed = CustomerList.objects.create(slug="guests", name="Guests")
        for one in made[::3]:
            CustomerListEntry.objects.create(bucket=one.bytes[15], list_id=listed.id, customer_id=one)
        publishing.publish(
            publishing.draft(
                name="Frequent",
                rule={"all": [{"feature": "booking:count_365d", "op": ">=", "value": 2}]},
                purpose=Purpose.MARKETING,
                channel=Channel.EMAIL,
            )
        )
        for moment in (AS_OF - 30 * DAY, AS_OF - 10 * DAY, AS_OF):
            features.materialise(moment)
            membership.refresh(moment)
        yield made
        transaction.set_rollback(True)


def score(one: UUID) -> None:
    Score.objects.create(
        bucket=one.bytes[15],
        entity_kind=EntityKind.CUSTOMER,
        entity_id=one,
        customer_id=one,
        name="churn_90d",
        value=one.bytes[14] / 100,
        model_version_id=one,
        as_of=AS_OF,
    )


@given(tree=trees)
@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_rule__over_a_block_in_sql_and_for_one__select_the_same(people: list[UUID], tree: dict[str, Any]) -> None:
    rule = rules.read(tree)
    block = store.read(Which())

    inside = evaluation.holds(rule, evaluation.columns(block, [rule], AS_OF))

    by_batch = set(as_uuids(block.ids[inside]))
    assert in_sql(rule) == by_batch
    assert {one for one in people[::4] if evaluation.why(rule, one)[0]} == by_batch & set(people[::4])


def in_sql(rule: rules.Group) -> set[UUID]:
    told = compiling.compiled(rule, AS_OF)
    where = compiling.joined(rule, told.conditions)
    statement = (
        "SELECT v.id FROM segmentation_featurevector v "
        f"LEFT JOIN profiles_profile p ON p.bucket = v.bucket AND p.id = v.id WHERE {where}"
    )
    return {row["id"] for row in sql.query(statement, {**told.params, "low": 0, "high": 255})}


def test_order_of__any_two_floats__are_ordered_as_numbers_are() -> None:
    values = np.array([-3e38, -1.5, -1e-40, 0.0, 1e-45, 1e-40, 0.7, 1, 2**24, 3e38], dtype=np.float32)

    assert np.all(np.diff([compiling.order_of(float(value)) for value in values]) > 0)
    assert compiling.order_of(-0.0) == compiling.order_of(0.0) == 0


def test_preview__small_base__is_counted_whole_and_says_so(people: list[UUID]) -> None:
    tree = {"all": [{"feature": "booking:count_365d", "op": ">=", "value": 2}]}

    found = reach.preview(tree, reach.Audience(Purpose.MARKETING, Channel.EMAIL))

    block = store.read(Which())
    rule = rules.read(tree)
    inside = evaluation.holds(rule, evaluation.columns(block, [rule], AS_OF))
    assert (found.estimated, found.customers, found.population) == (False, 40, 40)
    assert found.steps[0].people == inside.sum() == found.conditions[1].people
    assert [step.people for step in found.steps[1:]] == [0] * 5
    assert reach.count_all(rule, reach.Audience(Purpose.MARKETING, Channel.EMAIL)).steps == found.steps
