"""Behavioural clusters live: they are segments with an id of their own, kept through refits, and gone when they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from iaros.accounts.models import User
from iaros.lib import clock, jobs
from segmentation import tasks
from segmentation.features import store
from segmentation.features.facts import Which
from segmentation.features.store import Block
from segmentation.models import BehaviouralCluster, Segment, SegmentStatus, Transition
from segmentation.segments import health, membership, publishing, steadiness
from segmentation.segments.clusters import living
from segmentation.segments.clusters.base import Cluster, ClusterMap
from tests.segmentation.population import AS_OF
from tests.segmentation.test_base_clusters import two_habits

__all__ = ["two_habits"]
LATER = AS_OF + timedelta(days=7)


def group(name: str, op: str, limit: float, **more: Any) -> Cluster:
    """A group of those who booked more, or less, than so often; it passes unless `more` says otherwise."""
    rule = {"all": [{"feature": "booking:count_730d", "op": op, "value": limit}]}
    known = {"precision": 0.95, "recall": 0.93, "outcomes": {"churn_90d": 0.2}, "differs": True}
    told = {"macro": "Everybody", "share": 0.5, "people": 80, "stability": 0.93, "confidence": 0.96, "distinct": 0.4}
    worth = {"active": True, "traits": [name.lower()], "words": "", "rule": rule}
    return Cluster(**{"name": name, **told, **worth, **known, **more})


OFTEN, SELDOM = group("Often", ">=", 6), group("Seldom", "<", 6)


def looked(*groups: Cluster, at: datetime = AS_OF, macros: tuple[Cluster, ...] = ()) -> ClusterMap:
    figures = {"refit_agreement": 0.96, "silhouette": 0.4, "confidence": 0.95, "tree_fidelity": 0.94}
    return ClusterMap(
        as_of=at, sampled=160, population=160, warnings=[], clusters=list(groups), macros=list(macros), **figures
    )


@pytest.fixture
def people(two_habits) -> Block:
    return store.read(Which())


def held(name: str) -> Segment:
    return Segment.objects.get(name=name)


def test_a_group_that_holds__is_a_live_segment_with_expiry_and_fidelity(people):
    told = living.keep(looked(OFTEN, SELDOM), people)

    often = held("Often")
    assert [one.segment for one in told.clusters] == ["cluster-often", "cluster-seldom"]
    assert (often.kind, often.status, often.stability, often.confidence) == ("cluster", "published", 0.93, 0.96)
    assert often.expires_at > clock.now() + timedelta(days=80)
    assert often.cluster.fidelity == pytest.approx(2 * 0.95 * 0.93 / (0.95 + 0.93))


def test_a_refit_that_swaps_the_labels__leaves_every_id_in_its_place(people):
    living.keep(looked(OFTEN, SELDOM), people)
    before = {one.name: one.id for one in Segment.objects.filter(kind="cluster")}
    # The next fit numbers the groups the other way round, calls them otherwise, and draws the line elsewhere.
    again = [group("Rarely", "<", 5), group("All the time", ">=", 5)]

    told = living.keep(looked(*again, at=LATER), people)

    assert [one.segment for one in told.clusters] == ["cluster-seldom", "cluster-often"]
    assert {one.name: one.id for one in Segment.objects.filter(kind="cluster")} == before
    assert held("Often").versions.count() == 2
    assert (held("Often").cluster.refits, held("Often").cluster.found_at) == (2, LATER)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (2, 1, 0)])
def test_whichever_order_the_groups_come_in__each_is_matched_with_itself(order):
    old = [np.arange(90) // 30 == place for place in range(3)]
    moved = [np.arange(-5, 85) // 30 == place for place in range(3)]

    found = living.same(old, [moved[place] for place in order])

    assert [found[nth][0] for nth in range(3)] == list(order)


def test_a_group_of_other_people__is_another_segment(people):
    living.keep(looked(OFTEN), people)

    told = living.keep(looked(group("Once", "=", 2)), people)

    assert told.clusters[0].segment == "cluster-once"
    assert Segment.objects.filter(kind="cluster").count() == 2


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"people": 14}, "fewer than 15 people"),
        ({"stability": 0.79}, "holds to 0.79 over refits, under 0.8"),
        ({"distinct": -0.01}, "lies among the others rather than apart"),
        ({"differs": False}, "the models expect of it what they expect of the rest"),
        ({"recall": 0.6}, "its rule stands for it to 0.74, under 0.8"),
        ({"rule": None}, "no short rule names it"),
    ],
)
def test_a_group_that_falls_short__is_no_segment__and_says_why(people, wrong, why):
    told = living.keep(looked(replace(OFTEN, **wrong)), people)

    assert (told.clusters[0].segment, told.clusters[0].held_back) == ("", [why])
    assert not Segment.objects.filter(kind="cluster").exists()


def test_where_no_model_spoke__the_outcome_is_not_held_against_a_group(people):
    assert living.keep(looked(replace(OFTEN, differs=None)), people).clusters[0].segment == "cluster-often"


def test_a_group_that_grew_unsteady__shows_as_such__and_is_not_renewed(people):
    living.keep(looked(OFTEN), people)
    ends = held("Often").expires_at

    living.keep(looked(replace(OFTEN, stability=0.5), at=LATER), people)

    assert (held("Often").stability, held("Often").expires_at) == (0.5, ends)
    assert held("Often").cluster.found_at == AS_OF


def test_a_group_not_found_again__ends_with_its_time__and_lives_again_under_its_id_when_it_is_back(people):
    living.keep(looked(OFTEN, SELDOM), people)
    first = held("Often").id
    Segment.objects.filter(id=first).update(expires_at=clock.now() - timedelta(days=1))

    publishing.retire_expired(clock.now())

    assert (held("Often").status, held("Seldom").status) == ("retired", "published")
    living.keep(looked(group("Back again", ">=", 6)), people)
    assert (held("Often").id, held("Often").status) == (first, "published")


def test_a_group_that_somebody_retired__stays_so(people):
    living.keep(looked(OFTEN), people)
    publishing.retire(held("Often"))

    told = living.keep(looked(OFTEN), people)

    assert told.clusters[0].held_back == ["somebody retired it"]
    assert held("Often").status == SegmentStatus.RETIRED


def test_members_of_a_cluster__are_in_the_bitmap_and_the_log_like_those_of_a_rule(people, two_habits):
    living.keep(looked(OFTEN, SELDOM), people)

    membership.refresh(AS_OF)

    entered = Transition.objects.filter(segment_id=held("Often").id, direction="entered")
    assert (held("Often").size, held("Seldom").size) == (80, 80)
    assert {one.customer_id for one in entered} == set(two_habits[0])


def test_groups_lie_in_their_macro_group(people):
    macro = group("Everybody", ">=", 1, people=160)

    living.keep(looked(OFTEN, macros=(macro,)), people)

    assert held("Often").cluster.parent == held("Everybody, all groups")
    assert held("Everybody, all groups").cluster.level == "macro"


def test_whoever_adopts_a_cluster__owns_it__and_refits_leave_it_theirs(people, django_user_model):
    ann = django_user_model.objects.create_user("ann")
    living.keep(looked(OFTEN), people)

    living.adopt(held("Often"), by=ann)
    publishing.rename(held("Often"), "  Weekly   flyers ")
    living.keep(looked(OFTEN, at=LATER), people)

    assert held("Weekly flyers").owner == ann
    assert held("Weekly flyers").slug == "cluster-often"


def test_a_group_held_back__may_be_adopted__and_has_an_owner(people, django_user_model):
    ann: User = django_user_model.objects.create_user("ann")
    told = living.keep(looked(replace(OFTEN, stability=0.7)), people).to_json()["clusters"][0]

    segment = living.adopt_group(told, AS_OF, by=ann)

    assert (segment.owner, segment.status, segment.cluster.refits) == (ann, "published", 1)


def test_nobody_adopts_a_group_that_no_rule_names(people, django_user_model):
    told = living.keep(looked(replace(OFTEN, rule=None)), people).to_json()["clusters"][0]

    with pytest.raises(living.NoGroup):
        living.adopt_group(told, AS_OF, by=django_user_model.objects.create_user("ann"))


def test_a_life_is_only_made_longer(people):
    living.keep(looked(OFTEN), people)
    ends = held("Often").expires_at

    with pytest.raises(publishing.NotReady):
        publishing.extend(held("Often"), ends - timedelta(days=1))

    assert publishing.extend(held("Often"), ends + timedelta(days=30)).expires_at == ends + timedelta(days=30)


def test_the_weekly_look__is_a_job_that_ends_with_the_map_and_its_segments(two_habits):
    job = jobs.start(living.JOB, {"seed": 1})

    tasks.find_clusters(job_id=str(job.id))

    job.refresh_from_db()
    live = [one["segment"] for one in job.result["clusters"] if one["segment"] and not one["held_back"]]
    assert job.state == "succeeded"
    assert sorted(live) == sorted(Segment.objects.filter(cluster__level="group").values_list("slug", flat=True))
    assert BehaviouralCluster.objects.filter(level="group").count() == len(live) > 0


def test_clusters_are_told_with_the_segments__and_keep_the_steadiness_of_their_refits(people):
    living.keep(looked(OFTEN), people)
    membership.refresh(AS_OF)

    told = steadiness.report()

    mine = next(one for one in told["segments"] if one["kind"] == "cluster")
    assert told["clusters"] == 1
    assert (mine["slug"], mine["stability"], mine["level"], mine["state"]) == ("cluster-often", 0.93, "group", "active")
    assert next(one for one in health.board() if one.kind == "cluster").stability == 0.93


def test_the_airline_allows_no_more_segments__the_group_says_so(people, settings):
    limits = settings.INTELLIGENCE.segmentation
    settings.INTELLIGENCE = replace(settings.INTELLIGENCE, segmentation=replace(limits, max_segments=1))

    told = living.keep(looked(OFTEN, SELDOM), people)

    assert "as many as the airline allows" in told.clusters[1].held_back[0]
    assert Segment.objects.filter(kind="cluster").count() == 1
