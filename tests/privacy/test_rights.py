"""What people may ask of us, and that it is really done."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, models, transaction

from iaros.accounts.models import User
from iaros.lib.models import Job, JobState
from iaros.lib.purposes import Purpose
from privacy import audit, consent, encryption, erasure, requests, subjects
from privacy.erasure import CannotAnswer, ErasureFailed, IdentityNotVerified
from privacy.models import ConsentEvent, RequestState, RightsRequest, StepState, Subject, Tombstone
from privacy.tasks import answer_rights_request


class Cabinet:
    """A holder kept in memory, which can be told to stick or to forget a drawer."""

    models: tuple[type[models.Model], ...] = ()

    def __init__(self, name: str, walked: list[str]) -> None:
        self.name, self.walked = name, walked
        self.papers: dict = {}
        self.stuck = self.forgetful = False

    def export(self, customer_id):
        return {"papers": self.papers.get(customer_id, [])}

    def erase(self, customer_ids):
        if self.stuck:
            raise OSError("the drawer is stuck")
        self.walked.append(self.name)
        if self.forgetful:
            return {"papers": 0}
        return {"papers": sum(len(self.papers.pop(each, [])) for each in customer_ids)}


class Registry:
    """A locator: who was folded into whom, and the look-ups of each."""

    def __init__(self) -> None:
        self.folded: dict = {}
        self.known: dict = {}

    def customers(self, customer_id):
        return [customer_id, *self.folded.get(customer_id, [])]

    def lookups(self, customer_ids):
        return [key for each in customer_ids for key in self.known.get(each, [])]


@pytest.fixture
def walked() -> list[str]:
    return []


@pytest.fixture
def cabinets(holders, walked, monkeypatch):
    """Two holders of other apps beside privacy's own, upstream first."""
    monkeypatch.setattr(holders, "missing", lambda: [])
    records, scores = Cabinet("records", walked), Cabinet("scores", walked)
    holders.connect(records)
    holders.connect(scores)
    return records, scores


@pytest.fixture
def registry(holders) -> Registry:
    registry = Registry()
    holders.connect_locator(registry)
    return registry


@pytest.fixture
def dpo(db) -> User:
    return User.objects.create_user("dora", is_staff=True)


@pytest.fixture
def wish(alice, dpo, cabinets, registry) -> RightsRequest:
    """Alice wants to be forgotten, and is Alice."""
    records, scores = cabinets
    records.papers[alice], scores.papers[alice] = ["booking"], ["churn", "value"]
    registry.known[alice] = encryption.lookup_keys("email", ["alice@example.org"])
    request = requests.open_request("erasure", alice, by=dpo)
    requests.verify_identity(request, how="signed in to her account", by=dpo)
    return request


def test_erase__walks_holders_backwards_and_shreds_the_key_last(wish, alice, walked):
    erasure.erase(wish.id)

    wish.refresh_from_db()
    assert walked == ["scores", "records"]
    assert wish.state == RequestState.COMPLETED
    assert consent.history(alice) == []
    assert subjects.sealers([alice]) == {}
    counts = {step.holder: step.counts for step in wish.steps.order_by("position")}
    assert list(counts) == ["scores", "records", "privacy"]
    assert counts["scores"] == {"papers": 2}


def test_erase__others_are_left_as_they_were(wish, carol):
    before = consent.history(carol)

    erasure.erase(wish.id)

    assert consent.history(carol) == before
    assert carol in subjects.sealers([carol])


def test_erase__folded_duplicates_go_with_the_survivor(wish, alice, carol, cabinets, registry):
    registry.folded[alice] = [carol]
    cabinets[0].papers[carol] = ["old booking"]

    erasure.erase(wish.id)

    assert cabinets[0].papers == {}
    assert subjects.sealers([alice, carol]) == {}


def test_erase__identity_not_verified__nothing_is_touched(alice, cabinets, registry):
    request = requests.open_request("erasure", alice)

    with pytest.raises(IdentityNotVerified):
        erasure.erase(request.id)

    assert subjects.frozen([alice]) == set()
    assert Tombstone.objects.count() == 0


def test_erase__status_forged_in_the_table__is_refused_by_the_database(alice):
    request = requests.open_request("erasure", alice)

    with pytest.raises(IntegrityError, match="verified"), transaction.atomic():
        RightsRequest.objects.filter(id=request.id).update(state=RequestState.VERIFIED)


def test_erase__app_without_a_holder__is_refused_by_name(wish, alice, holders, monkeypatch):
    monkeypatch.undo()

    assert any(label.startswith("profiles.") for label in holders.missing())
    with pytest.raises(CannotAnswer, match=r"profiles\."):
        erasure.erase(wish.id)
    assert subjects.frozen([alice]) == set()


def test_erase__holder_fails__frozen_at_once_and_resumed_where_it_stopped(wish, alice, cabinets, walked):
    records, _ = cabinets
    records.stuck = True

    with pytest.raises(ErasureFailed, match="stuck"):
        erasure.erase(wish.id)

    wish.refresh_from_db()
    assert wish.state == RequestState.FAILED
    assert subjects.frozen([alice]) == {alice}
    assert alice in subjects.sealers([alice])
    assert [step.state for step in wish.steps.order_by("position")] == [
        StepState.DONE,
        StepState.FAILED,
        StepState.PENDING,
    ]

    records.stuck = False
    erasure.erase(wish.id)

    wish.refresh_from_db()
    assert wish.state == RequestState.COMPLETED
    assert walked == ["scores", "records"]
    assert subjects.sealers([alice]) == {}


def test_erase__holder_only_says_it_erased__is_found_out(wish, alice, cabinets):
    records, _ = cabinets
    records.forgetful = True

    with pytest.raises(ErasureFailed, match="still holds papers"):
        erasure.erase(wish.id)

    assert alice in subjects.sealers([alice])
    records.forgetful = False
    assert erasure.erase(wish.id).state == RequestState.COMPLETED


def test_erase__run_again__changes_nothing(wish, walked):
    erasure.erase(wish.id)
    done_at = RightsRequest.objects.get(id=wish.id).completed_at

    again = erasure.erase(wish.id)

    assert again.completed_at == done_at
    assert walked == ["scores", "records"]


def test_erase__feed_brings_the_person_again__is_recognised(wish):
    alices, bobs = encryption.lookup_keys("email", ["alice@example.org", "bob@example.org"])

    erasure.erase(wish.id)

    assert erasure.tombstoned([alices, bobs]) == {alices}


def test_erase__the_trail_stays(wish, alice):
    audit.reads("profile", ids=[alice], purpose=Purpose.SERVICING)

    erasure.erase(wish.id)

    assert [line.action for line in audit.for_customer(alice)] == [
        "erasure carried out",
        "read profile",
        "identity verified",
        "request received",
    ]


def test_access__package_holds_what_every_app_holds__and_is_sealed(alice, dpo, cabinets):
    cabinets[0].papers[alice] = ["booking"]
    request = requests.open_request("access", alice)
    requests.verify_identity(request, how="signed in", by=dpo)

    requests.answer(request.id)

    request.refresh_from_db()
    assert b"booking" not in bytes(request.package)
    package = json.loads(requests.package_of(request, by=dpo))
    assert package["data"]["records"] == {"papers": ["booking"]}
    assert package["data"]["privacy"]["consent_now"][0]["state"] == "granted"
    assert audit.for_customer(alice)[0].action == "access package handed out"


def test_access__erased_afterwards__the_answer_is_gone_too(wish, alice, dpo):
    request = requests.open_request("access", alice)
    requests.verify_identity(request, how="signed in", by=dpo)
    requests.answer(request.id)

    erasure.erase(wish.id)

    request.refresh_from_db()
    with pytest.raises(CannotAnswer):
        requests.package_of(request, by=dpo)


def test_objection__to_analytics__is_kept_from_then_on(bob, dpo):
    request = requests.open_request("objection", bob, purpose=Purpose.ANALYTICS)
    requests.verify_identity(request, how="signed in", by=dpo)

    requests.answer(request.id)

    assert not consent.decide(bob, Purpose.ANALYTICS).allowed


def test_clock__one_calendar_month_or_the_last_day_of_the_next(db):
    due = [
        requests.a_month_after(datetime(2026, month, day, tzinfo=UTC)).date().isoformat()
        for month, day in [(1, 31), (2, 28), (8, 31), (12, 15)]
    ]

    assert due == ["2026-02-28", "2026-03-28", "2026-09-30", "2027-01-15"]


def test_job__ordered_and_rung_twice__runs_once(wish, dpo, walked):
    job = requests.run_as_job(wish, by=dpo)

    answer_rights_request(job_id=str(job.id))
    answer_rights_request(job_id=str(job.id))

    job = Job.objects.get(id=job.id)
    assert job.state == JobState.SUCCEEDED
    assert job.result["steps"]["records"] == {"papers": 1}
    assert walked == ["scores", "records"]
    with pytest.raises(CannotAnswer, match="completed"):
        requests.run_as_job(wish, by=dpo)


def test_holder__of_privacy__empties_what_it_exports(holders, alice):
    (privacy,) = holders.connected()

    privacy.erase([alice])

    assert ConsentEvent.objects.filter(customer_id=alice).count() == 0
    assert [name for name, held in privacy.export(alice).items() if held] == ["kept_by_law"]
    assert Subject.objects.filter(id=alice).exists()
