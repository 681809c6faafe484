"""The review of identity: pairs one at a time, decided by keys, by those who may; and what reviewed pairs tell."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone

from privacy.models import AuditEvent
from profiles.models import IdentityAct, PairReason, PairState, ReviewPair
from profiles.selectors import survivor_of
from tests import world as people

SERVICING = "?purpose=servicing"
PARTS = [["prior", "1 in 330 pairs", -8.4], ["surname", "exact", 7.9], ["given_name", "alike", 4.1]]


@pytest.fixture
def pair(take_in, customer) -> ReviewPair:
    """Ann and Anna, alike and not sure enough."""
    take_in("loyalty_members", [
        people.member("7", "Ann", "Ekman", Email="ann@example.org", City="Lund"),
        people.member("8", "Anna", "Ekman", Email="ann@example.org"),
        people.member("9", "Bo", "Nyby"),
    ])  # fmt: skip
    one, other = sorted((customer("7"), customer("8")))
    ReviewPair.objects.all().delete()
    return waiting(one, other)


def waiting(one: UUID, other: UUID) -> ReviewPair:
    return ReviewPair.objects.create(
        one_id=one,
        other_id=other,
        reason=PairReason.GREY,
        weight=3.6,
        evidence={"parts": PARTS, "model": 0},
        model_version=0,
        found_at=timezone.now(),
    )


def test_the_queue__lists_whom_the_purpose_lets_one_see(pair, signed_in, django_assert_max_num_queries):
    client = signed_in("data_steward")

    with django_assert_max_num_queries(16):
        page = client.get("/identity/", {"purpose": "servicing"}).content.decode()

    assert f"/identity/pairs/{pair.pk}/" in page
    assert "Ekman" in page


def test_a_pair__is_compared_without_its_masks(pair, signed_in, django_assert_max_num_queries):
    client = signed_in("data_steward")
    route = "/identity/pairs/1/"

    with django_assert_max_num_queries(30):
        page = client.get(route.replace("1", str(pair.pk)), {"purpose": "servicing"}).content.decode()

    assert "ann@example.org" not in page
    assert "Same" in page
    assert "Differs" in page
    assert page.count("waterfall-bar") == len(PARTS) + 1
    assert AuditEvent.objects.filter(action="read pair to review", ids__contains=[pair.one_id]).exists()


def test_accepted__joins_the_two__and_goes_on_to_the_next(pair, signed_in, customer):
    further = waiting(*sorted((pair.one_id, customer("9"))))
    client = signed_in("data_steward")

    answer = client.post(f"/identity/pairs/{pair.pk}/{SERVICING}", {"verdict": "accepted"})

    assert answer.url == f"/identity/pairs/{further.pk}/{SERVICING}"
    assert survivor_of(pair.other_id) == pair.one_id
    assert IdentityAct.objects.get().actor.username.startswith("data_steward")


@pytest.mark.parametrize(("said", "state"), [("rejected", PairState.REJECTED), ("unsure", PairState.UNSURE)])
def test_said_otherwise__leaves_them_two(pair, signed_in, said, state):
    answer = signed_in("data_steward").post(f"/identity/pairs/{pair.pk}/{SERVICING}", {"verdict": said})

    pair.refresh_from_db()
    assert pair.state == state
    assert survivor_of(pair.other_id) == pair.other_id
    assert answer.url.startswith("/identity/")


def test_analysts__look_and_do_not_decide(pair, signed_in):
    client = signed_in("analyst")

    seen = client.get(f"/identity/pairs/{pair.pk}/{SERVICING}")
    said = client.post(f"/identity/pairs/{pair.pk}/{SERVICING}", {"verdict": "accepted"})

    assert seen.status_code == 200
    assert 'data-verdict-key="a"' not in seen.content.decode()
    assert said.status_code == 403
    assert ReviewPair.objects.get(id=pair.pk).state == PairState.OPEN


def test_quality__says_what_is_not_measured__and_counts_raw_against_unified(
    pair, signed_in, django_assert_max_num_queries
):
    client = signed_in("analyst")

    with django_assert_max_num_queries(20):
        page = client.get("/identity/quality/").content.decode()
    file = client.get("/identity/quality/?format=csv&table=sizes")

    assert "Not measured: nothing was reviewed" in page
    assert "from 3 raw records" in page
    assert b"".join(file.streaming_content).decode("utf-8-sig").splitlines() == ["records,people", "1,3"]


def test_quality__after_a_review__gives_an_interval(pair, signed_in):
    ReviewPair.objects.filter(id=pair.pk).update(reason=PairReason.LINKED)
    client = signed_in("data_steward")
    client.post(f"/identity/pairs/{pair.pk}/{SERVICING}", {"verdict": "accepted"})

    page = client.get("/identity/quality/").content.decode()

    assert "100.00%" in page
    assert ", of 1" in page
