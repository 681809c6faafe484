"""Building a segment: what a rule may name, who would be reached, why somebody is in, and when the clock moves them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from iaros.lib import clock, jobs
from iaros.lib.ids import uuid7
from iaros.lib.models import JobState
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from profiles.models import EventKind, Identifier, IdentifierKind
from segmentation import features, pipeline, selectors, tasks
from segmentation.models import MembershipRun, Segment, SegmentVersion, Transition
from segmentation.segments import boundaries, dag, health, membership, publishing, reach, rules, sizes
from tests.segmentation import population
from tests.segmentation.population import AS_OF

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
AUDIENCE = reach.Audience(Purpose.MARKETING, Channel.EMAIL, holdout_percent=0)


def flights(count: int, days: int = 365) -> dict[str, Any]:
    return {"feature": f"flown:count_{days}d", "op": ">=", "value": count}


def published(name: str, *parts: dict[str, Any], **more: Any) -> Segment:
    told = {"purpose": Purpose.MARKETING, "channel": Channel.EMAIL, "holdout_percent": 0, **more}
    return publishing.publish(publishing.draft(name=name, rule={"all": list(parts)}, **told))


def granted(person: UUID) -> None:
    said = {"customer_id": person, "purpose": Purpose.MARKETING, "state": "granted", "occurred_at": AS_OF}
    consent.record([consent.ConsentEntry(**said, method="letter", source="dpo")])


def addressed(person: UUID) -> None:
    Identifier.objects.create(
        lookup=person.bytes, kind=IdentifierKind.EMAIL, customer_id=person, record_id=uuid7(), claims=True
    )


def refresh(at: Any = AS_OF) -> None:
    features.materialise(at)
    membership.refresh(at)


@pytest.fixture
def flyers() -> list[UUID]:
    """Six people with two flights each, 10 and 100 days ago."""
    made = population.customers(6)
    for one in made:
        for days in (10, 100):
            population.event(one, EventKind.COUPON_FLOWN, AS_OF - days * DAY)
    return made


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"event": "teleported"}, "there is no event 'teleported'"),
        ({"event": "booking_made", "where": {"seat": ["1A"]}}, "where: expected an object with some of"),
        ({"event": "booking_made", "within_days": -1}, "expected a whole number of days"),
        ({"event": "booking_made", "op": ">=", "value": -1}, "expected how many times, a whole number from 0 on"),
        ({"event": "booking_made", "op": ">=", "value": 1.5}, "expected how many times, a whole number from 0 on"),
        ({"sequence": [{"event": "booking_made"}]}, "a list of 2 to 4 steps"),
        ({"sequence": [{"event": "claim", "absent": True}, {"event": "refund"}]}, "only the last step may be absent"),
        ({"segment": "nobody-knows", "op": "in"}, "there is no segment 'nobody-knows'"),
        ({"has_been": "nobody-knows", "for_days": 3}, "there is no segment 'nobody-knows'"),
        ({"list": "no-list"}, "there is no list 'no-list'"),
        ({"random": "spring", "from": 30, "below": 20}, "from lower than below"),
        ({"feature": "flown:count_365d", "op": ">=", "value": "four"}, "expected a number"),
        ({"attribute": "tier", "op": "is", "value": 3}, "expected a word"),
        ({"feature": "flown:count_365d", "op": ">=", "value": 1, "colour": 2}, "'colour' does not belong here"),
        ({"attribute": "tier", "op": "is", "value": "a\x00b"}, "expected a word"),
    ],
)
def test_rule__wrong_condition__says_what(condition: dict[str, Any], said: str) -> None:
    with pytest.raises(rules.InvalidRule) as refused:
        rules.read({"all": [condition]}, names=dag.names())

    assert said in str(refused.value)


def test_sentence__events_sequences_and_segments__read_as_english() -> None:
    published("Frequent", flights(2))
    tree = {
        "all": [
            {"event": "web_searched", "where": {"to": ["LPA"]}, "within_days": 30, "op": ">=", "value": 2},
            {"sequence": [{"event": "web_searched"}, {"event": "booking_made", "absent": True}], "within_days": 7},
            {"segment": "frequent", "op": "not in"},
            {"random": "spring", "from": 0, "below": 10},
        ]
    }

    found = selectors.preview(tree, purpose=Purpose.MARKETING, channel=Channel.EMAIL)

    assert found.sentence == (
        "Customers with at least 2 searches to lpa in the last 30 days and searches, and no bookings after in the last "
        "7 days and no membership of segment frequent and a place from 0 to 10 % of the draw spring."
    )


def test_reword__segments_that_would_name_each_other__are_refused_with_the_way_round() -> None:
    first = published("First", flights(1))
    published("Second", {"segment": "first", "op": "in"})
    published("Third", {"segment": "second", "op": "in"})

    with pytest.raises(rules.InvalidRule, match="in a circle"):
        publishing.reword(first, {"all": [{"segment": "third", "op": "not in"}]})


def test_retire__segment_that_others_name__is_refused_with_their_names() -> None:
    first = published("First", flights(1))
    published("Second", {"segment": "first", "op": "in"})

    with pytest.raises(publishing.StillUsed, match="second"):
        publishing.retire(first)
    assert [one.slug for one in selectors.used_by(first)] == ["second"]


def test_refresh__segment_made_before_the_one_it_names__follows_it(flyers: list[UUID]) -> None:
    inner = published("Inner", flights(9))
    published("Outer", {"segment": "inner", "op": "in"})
    refresh()
    publishing.reword(inner, {"all": [flights(2)]})

    membership.refresh(AS_OF)

    assert {one.slug for one in selectors.segments_of(flyers[0])} == {"inner", "outer"}


def test_preview__steps__lose_those_without_address_consent_or_room(flyers: list[UUID]) -> None:
    for one in flyers:
        population.profile(one, birth_year=1980)
    for one in flyers[:5]:
        addressed(one)
    for one in flyers[1:]:
        granted(one)
    for _ in range(4):
        population.event(flyers[2], EventKind.MESSAGE_SENT, AS_OF - DAY, channel="email")
    minor = flyers[3]
    population.Profile.objects.filter(id=minor).update(birth_year=AS_OF.year - 12)
    features.materialise(AS_OF)

    found = reach.preview({"all": [flights(2)]}, AUDIENCE)

    assert [(step.name, step.people) for step in found.steps] == [
        ("matched", 6),
        ("identified", 5),
        ("consented", 4),
        ("not_held_out", 4),
        ("under_cap", 3),
        ("exportable", 2),
    ]
    assert found.steps[1].lost == 1
    assert found.steps[-1].share == pytest.approx(2 / 6)


def test_preview__the_airline_allows_more_messages_and_exports_the_young__so_do_the_steps(
    flyers: list[UUID], settings: Any
) -> None:
    limits = replace(settings.INTELLIGENCE.segmentation, most_messages=5, message_days=60, adult_years=12)
    settings.INTELLIGENCE = replace(settings.INTELLIGENCE, segmentation=limits)
    for one in flyers:
        population.profile(one, birth_year=AS_OF.year - 12)
        addressed(one)
        granted(one)
    for days in (1, 2, 40, 50):
        population.event(flyers[0], EventKind.MESSAGE_SENT, AS_OF - days * DAY, channel="email")
    for days in (1, 2, 40, 50, 59):
        population.event(flyers[1], EventKind.MESSAGE_SENT, AS_OF - days * DAY, channel="email")
    features.materialise(AS_OF)

    found = reach.preview({"all": [flights(2)]}, AUDIENCE)

    assert [(step.name, step.people) for step in found.steps][-2:] == [("under_cap", 5), ("exportable", 5)]


def test_preview__large_base__is_an_estimate_and_says_so(flyers: list[UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    features.materialise(AS_OF)
    monkeypatch.setattr(reach, "COUNTED_WHOLE", 3)
    monkeypatch.setattr(reach, "SAMPLED", 3)

    found = reach.preview({"all": [flights(2)]}, AUDIENCE)

    assert found.estimated
    assert found.customers < 6


def test_preview__every_condition__has_its_own_count_and_examples_their_reasons(flyers: list[UUID]) -> None:
    population.event(flyers[0], EventKind.COUPON_FLOWN, AS_OF - 5 * DAY)
    features.materialise(AS_OF)

    found = selectors.preview({"all": [flights(2), {"any": [flights(3), flights(9)]}]}, **_for_mail(), examples=3)

    assert {one.path: one.people for one in found.conditions} == {
        "rule": 1,
        "rule.all[0]": 6,
        "rule.all[1]": 1,
        "rule.all[1].any[0]": 1,
        "rule.all[1].any[1]": 0,
    }
    assert {one.path: one.so_far for one in found.conditions if one.so_far is not None} == {
        "rule.all[1]": 1,
        "rule.all[1].any[1]": 1,
    }
    assert [member.customer_id for member in found.members] == [flyers[0]]
    assert [reason.holds for reason in found.members[0].reasons] == [True, True, False]


def _for_mail() -> dict[str, Any]:
    return {"purpose": Purpose.MARKETING, "channel": Channel.EMAIL}


def test_reach_of__members_as_refreshed__are_the_steps_of_the_rule(flyers: list[UUID]) -> None:
    segment = published("Frequent", flights(2))
    for one in flyers[:3]:
        granted(one)
        addressed(one)
    refresh()

    assert selectors.reach_of(segment) == reach.preview({"all": [flights(2)]}, AUDIENCE).steps


def test_count_exactly__as_a_job__has_the_same_steps(flyers: list[UUID]) -> None:
    features.materialise(AS_OF)
    job = pipeline.count_exactly({"all": [flights(2)]}, AUDIENCE)

    tasks.count_reach(job_id=str(job.id))

    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED
    assert job.result["steps"][0]["people"] == 6


def test_count_exactly__cancelled__counts_nothing(flyers: list[UUID]) -> None:
    job = pipeline.count_exactly({"all": [flights(2)]}, AUDIENCE)
    jobs.cancel(job)

    tasks.count_reach(job_id=str(job.id))

    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.CANCELLED, None)


def test_overlap__of_three__has_pairs_and_combinations(flyers: list[UUID]) -> None:
    population.event(flyers[0], EventKind.COUPON_FLOWN, AS_OF - 5 * DAY)
    for name, count in (("Two", 2), ("Three", 3), ("Nine", 9)):
        published(name, flights(count))
    refresh()

    found = selectors.overlap(["two", "three", "nine"])

    assert found.sizes == [6, 1, 0]
    assert found.matrix[0][1] == 1
    assert found.jaccard[0][1] == pytest.approx(1 / 6)
    assert [(one.slugs, one.people) for one in found.intersections] == [(["two"], 5), (["two", "three"], 1)]


def test_explain__in_by_a_window__says_until_when_and_what_is_missing(flyers: list[UUID]) -> None:
    segment = published("Frequent", flights(2, 180))
    refresh()

    found = selectors.explain(segment, flyers[0])

    assert found.inside
    assert found.since == AS_OF
    assert found.changes_at is not None
    assert timedelta(0) < found.changes_at - (AS_OF + 80 * DAY) <= timedelta(minutes=1)
    assert "in the last 180 days" in found.changes_because
    assert found.missing[0] == "an address for E-mail"
    assert found.missing[1].startswith("consent for E-mail")
    assert found.told.startswith(
        "In because of at least 2 flights flown in the last 180 days; would leave on 19 September"
    )


def test_explain__not_in__says_what_it_lacks_and_when_time_would_tell(flyers: list[UUID]) -> None:
    segment = published("Long away", {"feature": "flown:recency_days", "op": ">", "value": 90})
    refresh()

    found = selectors.explain(segment, flyers[0])

    assert not found.inside
    assert [reason.value for reason in found.reasons] == [10.0]
    assert found.changes_at is not None
    assert timedelta(0) < found.changes_at - (AS_OF + 80 * DAY) <= timedelta(minutes=2)


def test_explain__events_and_a_stay__are_foreseen(flyers: list[UUID]) -> None:
    segment = published("Just flew", {"event": "coupon_flown", "within_days": 30, "op": ">=", "value": 1})
    stayed = published("Stayed", {"has_been": "just-flew", "for_days": 7})
    refresh()

    assert selectors.explain(segment, flyers[0]).changes_at is not None
    found = selectors.explain(stayed, flyers[0])
    assert not found.inside
    assert found.changes_at is not None
    assert timedelta(0) <= found.changes_at - (AS_OF + 7 * DAY) <= timedelta(minutes=1)


def test_refresh_customer__one_event__evaluates_only_what_reads_it(
    flyers: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    published("Frequent", flights(3))
    published("Searching", {"feature": "web:searches_30d", "op": ">=", "value": 1})
    published("Both", {"segment": "searching", "op": "in"}, {"segment": "frequent", "op": "in"})
    refresh()
    asked: list[set[str]] = []
    again = membership.members_again

    def noted(block: Any, some: list[membership.Wording], *rest: Any) -> None:
        asked.append({str(one.segment.slug) for one in some})
        again(block, some, *rest)

    monkeypatch.setattr(membership, "members_again", noted)
    population.event(flyers[0], EventKind.WEB_SEARCHED, AS_OF - timedelta(hours=1))

    moved = pipeline.refresh_customer(flyers[0], AS_OF)

    assert asked == [{"searching", "both"}]
    assert moved == 1
    assert [one.slug for one in selectors.segments_of(flyers[0])] == ["searching"]


def test_pass_boundaries__window_ran_out__member_leaves_without_an_event(flyers: list[UUID]) -> None:
    published("Lately", flights(1, 30))
    refresh()
    boundaries.passed(AS_OF)

    assert pipeline.pass_boundaries(AS_OF + 19 * DAY) == 0
    assert pipeline.pass_boundaries(AS_OF + 21 * DAY) == 6

    assert Transition.objects.filter(direction="left").count() == 6
    assert pipeline.pass_boundaries(AS_OF + 21 * DAY) == 0


def test_refresh__that_dies__leaves_the_last_good_membership_and_says_so(
    flyers: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    published("Frequent", flights(2))
    refresh()
    good = selectors.refresh_state()

    def die(*_: Any, **__: Any) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(membership, "refresh_block", die)
    with pytest.raises(MemoryError):
        membership.refresh(AS_OF + DAY)

    state = selectors.refresh_state()
    assert (good.state, state.state, state.problem) == ("fresh", "died", "MemoryError: no more")
    assert state.last_success_at == good.last_success_at
    assert [one.slug for one in selectors.segments_of(flyers[0])] == ["frequent"]


def test_refresh__worker_killed__is_seen_as_silent() -> None:
    assert selectors.refresh_state().state == "never"
    run = MembershipRun.objects.create(as_of=AS_OF)
    assert selectors.refresh_state().state == "running"

    MembershipRun.objects.filter(id=run.id).update(heartbeat_at=clock.now() - health.SILENT_AFTER)

    assert "silent" in selectors.refresh_state().problem


def test_expired__segment__is_retired_and_stays_where_others_name_it() -> None:
    published("Summer", flights(1), expires_at=AS_OF)
    published("Named", flights(1), expires_at=AS_OF)
    published("Names", {"segment": "named", "op": "in"})

    assert publishing.retire_expired(AS_OF) == 1
    assert Segment.objects.get(slug="summer").status == "retired"


def test_moves_of_all__after_the_last_count__wait_for_the_next(flyers: list[UUID]) -> None:
    segment = published("Thrice", flights(3))
    for one in flyers[:4]:
        population.event(one, EventKind.COUPON_FLOWN, AS_OF - DAY)
    refresh()
    population.event(flyers[5], EventKind.COUPON_FLOWN, AS_OF + timedelta(hours=1))
    pipeline.refresh_customer(flyers[5], AS_OF + timedelta(hours=2))

    told = sizes.moves_of_all()[segment.id]

    segment.refresh_from_db()
    assert list(told.values()) == [(4, 0)]
    assert segment.size == sizes.over_time(segment)[-1].size == 4
    refresh(AS_OF + DAY)
    assert sum(came for came, _ in sizes.moves_of_all()[segment.id].values()) == 5


def test_refresh__rule_names_a_feature_that_is_gone__its_members_stay_and_the_others_are_counted(
    flyers: list[UUID],
) -> None:
    gone = published("Gone", flights(2))
    published("Named", {"segment": "gone"})
    refresh()
    no_more = {"all": [{"feature": "flown:count_13d", "op": ">", "value": 1}]}
    SegmentVersion.objects.filter(segment=gone).update(rule=no_more)
    other = published("Other", flights(1))
    population.event(population.customers(1)[0], EventKind.COUPON_FLOWN, AS_OF - DAY)

    refresh(AS_OF + DAY)

    sizes_now = dict(Segment.objects.values_list("slug", "size"))
    assert sizes_now == {"gone": 6, "named": 6, "other": 7}
    assert len(selectors.segment_members(other, purpose=Purpose.ANALYTICS)) == 7
    told = {one.slug: (one.state, one.problem) for one in selectors.health()}
    assert told["gone"] == ("broken", "rule.all[0]: there is no feature 'flown:count_13d'")
    assert selectors.refresh_state().state == "fresh"
    assert selectors.why_in(gone, flyers[0]) == (False, [])
    assert not selectors.explain(gone, flyers[0]).reasons
    pipeline.pass_boundaries(AS_OF + 2 * DAY)
    assert len(selectors.segments_of(flyers[0])) == 3


def test_sizes_over_time__come_and_gone__are_reckoned_back(flyers: list[UUID]) -> None:
    segment = published("Lately", flights(1, 30))
    refresh(AS_OF - 2 * DAY)
    refresh(AS_OF)
    segment.refresh_from_db()

    found = selectors.sizes_over_time(segment, days=4)

    assert [day.size for day in found] == [0, 6, 6, 6]
    assert [one.state for one in selectors.health()] == ["small"]


def test_empty_population__everything_answers() -> None:
    segment = published("Frequent", flights(2))
    refresh()

    found = reach.preview({"all": [flights(2)]}, AUDIENCE)

    assert (found.customers, found.steps[0].people, found.steps[0].share) == (0, 0, None)
    assert selectors.overlap(["frequent"]).intersections == []
    assert not selectors.explain(segment, uuid7()).inside


@pytest.mark.parametrize("name", publishing.RESERVED)
def test_draft__named_like_a_page__has_an_address_of_its_own(name: str) -> None:
    rule = {"all": [{"feature": "flown:count_365d", "op": ">=", "value": 2}]}

    made = publishing.draft(name=name, rule=rule, purpose=Purpose.MARKETING, channel=Channel.EMAIL)

    assert made.slug == f"{name}-segment"
