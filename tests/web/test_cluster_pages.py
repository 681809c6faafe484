"""The map of behavioural groups, and the acts on the segments that they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from iaros.lib import clock
from iaros.lib.models import Job
from privacy.models import AuditEvent
from segmentation.models import BehaviouralCluster, Segment
from segmentation.segments.clusters import living
from segmentation.segments.clusters.base import Cluster
from tests.segmentation.population import AS_OF

CLUSTER: dict[str, Any] = {
    "name": "High bookings, low party size",
    "macro": "Often alone",
    "share": 0.6,
    "people": 600,
    "stability": 0.93,
    "confidence": 0.97,
    "distinct": 0.41,
    "active": True,
    "traits": ["high bookings"],
    "words": "bookings > 3.5",
    "rule": {"all": [{"feature": "booking:count_730d", "op": ">", "value": 3.5}]},
    "precision": 0.95,
    "recall": 0.9,
    "outcomes": {"churn_90d": 0.12},
}
MAP: dict[str, Any] = {
    "as_of": "2026-06-30T22:00:00+00:00",
    "sampled": 1_000,
    "population": 1_000,
    "refit_agreement": 0.96,
    "silhouette": 0.4,
    "confidence": 0.97,
    "tree_fidelity": 0.91,
    "warnings": [],
    "clusters": [
        CLUSTER,
        {**CLUSTER, "name": "The rest", "share": 0.4, "people": 400, "active": False, "rule": None, "words": ""},
    ],
}


@pytest.fixture
def mapped(db: None) -> Job:
    return Job.objects.create(kind="behavioural clusters", state="succeeded", finished_at=AS_OF, result=MAP)


def test_the_map__shows_groups_inside_macro_groups__with_worth_and_a_way_to_build(signed_in, mapped):
    page = signed_in("analyst").get("/segments/clusters/").content.decode()

    assert "Often alone" in page
    assert "0 of 2 groups are live" in page
    assert "95% of those selected are of the group, 90% of it are selected" in page
    assert "/segments/new/?rule=%7B%22all%22" in page
    assert "no short rule names it well enough" in page
    assert "held back" in page


def test_the_map__stays_while_a_later_look_fails(signed_in, mapped):
    Job.objects.create(kind="behavioural clusters", state="failed", problem={"detail": "160 rows: fewer"})

    page = signed_in("analyst").get("/segments/clusters/").content.decode()

    assert "did not end well: 160 rows: fewer" in page
    assert "Often alone" in page


def test_the_map__before_the_first_look__says_what_it_needs(signed_in, db):
    assert "No map yet" in signed_in("analyst").get("/segments/clusters/").content.decode()


def test_looking_again__is_a_job_for_those_who_publish(signed_in, db):
    assert signed_in("data_scientist").post("/segments/clusters/look/").status_code == 403

    response = signed_in("analyst").post("/segments/clusters/look/")

    assert response["Location"] == f"/jobs/{Job.objects.get(kind='behavioural clusters').id}/"


@pytest.fixture
def live(db: None) -> Segment:
    """A cluster that a refit made a segment of."""
    segment = living._begun(Cluster(**CLUSTER), "group")
    living._note(segment, Cluster(**CLUSTER), "group", AS_OF, None, "")
    return segment


@pytest.fixture
def live_map(live: Segment) -> Job:
    told = [
        {**CLUSTER, "segment": live.slug, "held_back": []},
        {**CLUSTER, "name": "Shaky", "held_back": ["holds to 0.70"]},
    ]
    return Job.objects.create(
        kind="behavioural clusters", state="succeeded", finished_at=AS_OF, result={**MAP, "clusters": told}
    )


def test_the_map__links_a_live_group_to_its_segment__and_says_why_another_is_held_back(signed_in, live_map, live):
    page = signed_in("analyst").get("/segments/clusters/").content.decode()

    assert "1 of 2 groups are live" in page
    assert f'href="/segments/{live.slug}/"' in page
    assert "Holds to 0.70" in page


def test_a_cluster__shows_where_it_comes_from_and_how_well_its_rule_stands_for_it(signed_in, live):
    page = signed_in("analyst").get(f"/segments/{live.slug}/").content.decode()

    assert "Behavioural cluster" in page
    assert "95% of those selected are of the group, 90% of it are selected" in page
    assert "0.93 over refits" in page


def test_a_held_back_group__is_adopted_by_those_who_publish(signed_in, live_map):
    told = {"job": str(live_map.id), "place": "1"}
    assert signed_in("data_scientist").post("/segments/clusters/adopt/", told).status_code == 403

    response = signed_in("analyst").post("/segments/clusters/adopt/", told)

    made = Segment.objects.get(name="Shaky")
    assert response["Location"] == f"/segments/{made.slug}/"
    assert (made.status, made.owner.username[:7]) == ("published", "analyst")
    assert AuditEvent.objects.filter(action="adopt cluster").exists()


@pytest.mark.parametrize("place", ["7", "x", "0"])
def test_a_group_that_is_none__is_not_adopted(signed_in, live_map, place):
    response = signed_in("analyst").post("/segments/clusters/adopt/", {"job": str(live_map.id), "place": place})

    assert response["Location"] == "/segments/clusters/"
    assert BehaviouralCluster.objects.count() == 1


def test_a_live_cluster__is_adopted_renamed_and_extended(signed_in, live):
    client = signed_in("analyst")
    until = (clock.now() + timedelta(days=200)).date()

    client.post("/segments/clusters/adopt/", {"slug": live.slug})
    client.post(f"/segments/{live.slug}/rename/", {"name": "Weekly flyers"})
    client.post(f"/segments/{live.slug}/extend/", {"until": until.isoformat()})

    live.refresh_from_db()
    assert (live.owner.username[:7], live.name) == ("analyst", "Weekly flyers")
    assert clock.airline_day(live.expires_at) == until


@pytest.mark.parametrize(
    ("act", "told"), [("rename", {"name": " "}), ("extend", {"until": "2020-01-01"}), ("extend", {"until": "soon"})]
)
def test_an_act_that_makes_no_sense__changes_nothing_and_says_so(signed_in, live, act, told):
    page = signed_in("analyst").post(f"/segments/{live.slug}/{act}/", told, follow=True).content.decode()

    assert "Nothing was changed" in page
    assert Segment.objects.get(id=live.id).name == live.name


def test_only_clusters__are_renamed_here(signed_in, settled):
    assert signed_in("analyst").post("/segments/bag-buyers/rename/", {"name": "Mine"}).status_code == 404
