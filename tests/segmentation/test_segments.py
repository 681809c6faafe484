"""Segments: what a rule may say, who is in, who came and went, and who may see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import override_settings

from iaros.lib.ids import uuid7
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from profiles.models import EventKind, Identifier, IdentifierKind
from segmentation import features, pipeline, selectors
from segmentation.data_holder import SegmentationHolder
from segmentation.models import Membership, Segment, SegmentStatus, Transition
from segmentation.segments import growing, lattice, membership, publishing, rules, sentences
from segmentation.segments.catalogue import SEEDS, ensure_default_segments
from tests.segmentation import population
from tests.segmentation.population import AS_OF

DAY = timedelta(days=1)
FLEW_TWICE: dict[str, Any] = {"all": [{"feature": "flown:count_365d", "op": ">=", "value": 2}]}


def test_rule__everything_wrong__every_error_is_named_with_its_place() -> None:
    raw = {
        "all": [
            {"feature": "flown:count_13d", "op": ">=", "value": 1},
            {"feature": "flown:count_365d", "op": "~", "value": 1},
            {"attribute": "tier", "op": "in", "value": "gold"},
        ]
    }

    with pytest.raises(rules.InvalidRule) as refused:
        rules.read(raw)

    assert refused.value.errors[0] == "rule.all[0]: there is no feature 'flown:count_13d'"
    assert [error.split(":")[0] for error in refused.value.errors] == ["rule.all[0]", "rule.all[1]", "rule.all[2]"]


def test_rule__ten_thousand_conditions__is_refused() -> None:
    with pytest.raises(rules.InvalidRule, match="200 at most"):
        rules.read({"any": FLEW_TWICE["all"] * 10_000})


def test_rule__four_levels__is_refused() -> None:
    with pytest.raises(rules.InvalidRule, match="3 deep"):
        rules.read({"all": [{"any": [{"all": [{"any": FLEW_TWICE["all"]}]}]}]})


def test_sentence__limits_of_the_same_thing__are_said_together() -> None:
    rule = {
        "all": [
            {"feature": "booking:recency_days", "op": ">", "value": 120},
            {"feature": "booking:recency_days", "op": "<=", "value": 270},
            {"feature": "web:visits_30d", "op": ">=", "value": 1},
            {"feature": "web:visits_30d", "op": "<", "value": 5},
            {"feature": "booking:lead_days_mean_730d", "op": ">", "value": 14},
            {"feature": "booking:lead_days_mean_730d", "op": "<=", "value": 60},
        ]
    }

    said = sentences.sentence(rules.read(rule))

    assert "days since the last of bookings above 120 and at most 270 and" in said
    assert "above 14 and at most 60 days" in said
    assert "at least 1 and below 5" in said


def test_sentences_of_the_lattice__ask_for_nothing_that_holds_for_everybody() -> None:
    said = [sentences.sentence(rules.read(cell.rule)) for cell in lattice.cells()]

    assert not [one for one in said if "-1" in one or "−1" in one]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"feature": "booking:count_730d", "op": ">=", "value": 1}, "at least 1 booking in the last 730 days"),
        ({"feature": "booking:count_730d", "op": ">=", "value": 2}, "at least 2 bookings in the last 730 days"),
        ({"feature": "web:visits_1d", "op": ">", "value": 1}, "above 1 visit of web or app in the last day"),
        ({"feature": "ancillary:extra_bag_count_365d", "op": "=", "value": 1}, "exactly 1 extra bag bought in"),
        ({"feature": "partner:stay_count_90d", "op": "<=", "value": 1}, "at most 1 stay or drive with partners in"),
        (
            {"event": "points_earned", "op": ">=", "value": 1, "within_days": 30},
            "at least 1 time points were",
        ),
        ({"event": "web_searched", "op": ">=", "value": 1, "within_days": 1}, "at least 1 search in the last day"),
        ({"feature": "booking:lead_days_mean_730d", "op": "<=", "value": 1}, "at most 1 day"),
        ({"feature": "booking:business_count_90d", "op": ">=", "value": 1}, "at least 1 business class booking in"),
    ],
)
def test_sentence__one_of_something__is_told_in_the_singular(condition: dict[str, Any], said: str) -> None:
    assert said in sentences.sentence(rules.read({"all": [condition]}))


def test_sentence__a_rule__reads_as_english() -> None:
    rule = {
        "all": [
            *FLEW_TWICE["all"],
            {"attribute": "tier", "op": "in", "value": ["Platinum", "Gold"]},
            {
                "any": [
                    {"feature": "booking:count_90d", "op": "=", "value": 0},
                    {"score": "churn_90d", "op": ">", "value": 0.7},
                ]
            },
        ]
    }

    said = sentences.sentence(rules.read(rule))

    assert said == (
        "Customers with at least 2 flights flown in the last 365 days and tier gold or platinum "
        "and (no bookings in the last 90 days or score churn_90d above 0.7)."
    )


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.slug)
def test_seeds__each__is_a_rule_with_purpose_and_channel(seed: Any) -> None:
    assert rules.conditions(rules.read(seed.rule))
    assert seed.purpose in Purpose
    assert seed.channel in Channel


@pytest.mark.django_db
class TestMembership:
    def test_refresh__one_flew_twice__is_in_and_the_log_says_why(self, flyer: UUID, segment: Segment) -> None:
        refresh()

        assert [held.slug for held in selectors.segments_of(flyer)] == ["frequent"]
        log = Transition.objects.get()
        assert (log.customer_id, log.direction, log.why) == (flyer, "entered", {"because": "rule", "version": 1})
        segment.refresh_from_db()
        assert segment.size == 1

    def test_refresh__again__changes_nothing(self, flyer: UUID, segment: Segment) -> None:
        refresh()
        before = list(Membership.objects.values_list("id", "as_of"))

        report = membership.refresh(AS_OF + DAY)

        assert report.note == "0 changes"
        assert list(Membership.objects.values_list("id", "as_of")) == before

    def test_refresh__rule_no_longer_holds__customer_leaves(self, flyer: UUID, segment: Segment) -> None:
        refresh()

        features.materialise(AS_OF + 400 * DAY)
        membership.refresh(AS_OF + 400 * DAY)

        assert selectors.segments_of(flyer) == []
        assert list(Transition.objects.order_by("at").values_list("direction", flat=True)) == ["entered", "left"]

    def test_refresh__retired_segment__everyone_leaves(self, flyer: UUID, segment: Segment) -> None:
        refresh()
        publishing.retire(segment)

        membership.refresh(AS_OF)

        assert Transition.objects.filter(direction="left").get().why["because"] == "retired"
        assert Membership.objects.count() == 0

    def test_refresh__twenty_segments__each_has_its_own_bit(self, flyer: UUID) -> None:
        wanted = [published(f"At least {n}", flights_at_least(n)) for n in range(20)]

        refresh()

        held = {one.name for one in selectors.segments_of(flyer)}
        assert held == {one.name for one in wanted[:4]}

    def test_attribute_rule__tier_in_another_case__matches(self, flyer: UUID) -> None:
        population.profile(flyer, tier="Gold")
        published("Gold", {"all": [{"attribute": "tier", "op": "is", "value": "gold"}]})

        refresh()

        assert [one.name for one in selectors.segments_of(flyer)] == ["Gold"]

    def test_why__agrees_with_the_batch_and_shows_the_value(self, flyer: UUID, segment: Segment) -> None:
        refresh()

        inside, reasons = selectors.why_in(segment, flyer)

        assert inside
        assert (reasons[0].value, reasons[0].holds) == (3.0, True)

    def test_members__without_consent_to_marketing__are_counted_and_not_shown(
        self, flyer: UUID, segment: Segment
    ) -> None:
        refresh()

        segment.refresh_from_db()
        assert (segment.size, segment.reach) == (1, 0)
        assert selectors.segment_members(segment) == []

    def test_members__consent_given__are_shown_and_with_an_address_reached(self, flyer: UUID, segment: Segment) -> None:
        consent.record([statement(flyer, Purpose.MARKETING, "granted")])
        refresh()
        segment.refresh_from_db()
        without_address = segment.reach
        address = {"lookup": flyer.bytes, "kind": IdentifierKind.EMAIL, "customer_id": flyer, "claims": True}
        Identifier.objects.create(**address, record_id=uuid7())

        refresh()

        segment.refresh_from_db()
        assert (without_address, segment.reach) == (0, 1)
        assert selectors.segment_members(segment) == [flyer]
        told = {step.name: step.people for step in selectors.reach_of(segment)}
        assert told["consented"] == segment.reach

    def test_objection_to_analytics__segments_and_log_go(self, flyer: UUID, segment: Segment) -> None:
        refresh()
        consent.record([statement(flyer, Purpose.ANALYTICS, "objected")])

        assert selectors.segments_of(flyer) == []
        refresh()

        assert (Membership.objects.count(), Transition.objects.count()) == (0, 0)

    def test_erasure__nothing_derived_is_left(self, flyer: UUID, segment: Segment) -> None:
        refresh()
        holder = SegmentationHolder()
        assert holder.export(flyer)["segments"] == [segment.name]

        erased = holder.erase([flyer])

        assert erased["segmentation_featurevector"] == 1
        assert holder.export(flyer) == {}


def test_lattice__every_cell__is_a_rule_with_a_name_of_its_own() -> None:
    cells = lattice.cells()

    assert len({cell.slug for cell in cells}) == len({cell.name for cell in cells}) == len(cells) >= 500
    assert all(rules.conditions(rules.read(cell.rule)) for cell in cells)
    assert max(len(cell.slug) for cell in cells) <= 80


@pytest.mark.django_db
class TestLattice:
    def test_ensure__twice__adds_each_cell_once(self) -> None:
        added = growing.ensure_lattice()

        assert added == len(lattice.cells())
        assert growing.ensure_lattice() == 0
        assert Segment.objects.published().count() == added

    def test_ensure__retired_cell__stays_retired(self) -> None:
        growing.ensure_lattice()
        publishing.retire(Segment.objects.get(slug="rfm-555"))

        growing.ensure_lattice()

        assert Segment.objects.get(slug="rfm-555").status == SegmentStatus.RETIRED

    def test_refresh__each_customer__is_in_one_cell_of_a_family(self) -> None:
        people = population.customers(40)
        population.facts(people, each=20)
        growing.ensure_lattice()

        refresh()

        slugs = [[held.slug for held in selectors.segments_of(one)] for one in people[:10]]
        assert [sum(slug.startswith("lifecycle-") for slug in mine) for mine in slugs] == [1] * 10
        assert max(sum(slug.startswith("rfm-") for slug in mine) for mine in slugs) == 1


@pytest.mark.django_db
class TestPublishing:
    def test_publish__one_more_than_the_airline_allows__is_refused(self, segment: Segment) -> None:
        second = draft("Second", FLEW_TWICE)
        narrow = replace(settings.INTELLIGENCE.segmentation, max_segments=1)

        with (
            override_settings(INTELLIGENCE=replace(settings.INTELLIGENCE, segmentation=narrow)),
            pytest.raises(publishing.TooManySegments),
        ):
            publishing.publish(second)

    def test_reword__same_rule__is_no_new_version(self, segment: Segment) -> None:
        assert publishing.reword(segment, FLEW_TWICE).number == 1
        assert publishing.reword(segment, flights_at_least(5)).number == 2

    def test_draft__score_of_no_model__is_refused(self) -> None:
        with pytest.raises(rules.InvalidRule, match="no score"):
            draft("Guess", {"all": [{"score": "luck", "op": ">", "value": 0}]})

    def test_default_segments__twice__are_five(self) -> None:
        ensure_default_segments()
        ensure_default_segments()

        assert Segment.objects.filter(is_system=True, status=SegmentStatus.PUBLISHED).count() == 5


@pytest.mark.django_db
def test_pipeline__no_champion__features_and_segments_are_there_and_scores_say_so(flyer: UUID) -> None:
    reports = {report.stage: report for report in pipeline.refresh(AS_OF)}

    assert list(reports) == ["features", "scores", "segments"]
    assert "churn_90d: no champion" in reports["scores"].note
    assert selectors.feature_values(flyer)["flown:count_365d"] == 3


@pytest.mark.django_db
def test_refresh_customer__one_more_flight__only_that_customer_changes(flyer: UUID, segment: Segment) -> None:
    other = population.customers(1)[0]
    refresh()
    population.event(other, EventKind.COUPON_FLOWN, AS_OF - DAY)
    population.event(other, EventKind.COUPON_FLOWN, AS_OF - 2 * DAY)

    pipeline.refresh_customer(other, AS_OF)

    assert [one.slug for one in selectors.segments_of(other)] == ["frequent"]
    assert [one.slug for one in selectors.segments_of(flyer)] == ["frequent"]
    assert Transition.objects.count() == 2


def refresh() -> None:
    features.materialise(AS_OF)
    membership.refresh(AS_OF)


def flights_at_least(count: int) -> dict[str, Any]:
    return {"all": [{"feature": "flown:count_365d", "op": ">=", "value": count}]}


def draft(name: str, rule: dict[str, Any]) -> Segment:
    return publishing.draft(name=name, rule=rule, purpose=Purpose.MARKETING, channel=Channel.EMAIL)


def published(name: str, rule: dict[str, Any]) -> Segment:
    return publishing.publish(draft(name, rule))


def statement(person: UUID, purpose: Purpose, state: str) -> consent.ConsentEntry:
    return consent.ConsentEntry(
        customer_id=person, purpose=purpose, state=state, occurred_at=AS_OF, method="letter", source="dpo"
    )


@pytest.fixture
def segment() -> Segment:
    return published("Frequent", FLEW_TWICE)


@pytest.fixture
def flyer() -> UUID:
    """Flew three times in the last year."""
    person = population.customers(1)[0]
    for days in (10, 100, 300):
        population.event(person, EventKind.COUPON_FLOWN, AS_OF - days * DAY)
    return person
