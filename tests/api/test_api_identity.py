"""Merging, splitting and taking back over the API: by people who may, after a look where one is asked for."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from iaros.accounts import roles
from iaros.accounts.models import User
from profiles.models import IdentityAct, Link
from profiles.selectors import survivor_of
from tests import world as people

SERVICING = {"purpose": "servicing", "reason": "seen at the desk"}


@pytest.fixture
def two(take_in, customer) -> tuple[UUID, UUID]:
    take_in("loyalty_members", [people.member("7", "Ann", "Ekman"), people.member("8", "Anna", "Ekman")])
    take_in("pnr", [people.booking("TRIP01", [people.passenger(1, "ANN", "EKMAN", loyalty_number="8")])])
    one, other = sorted((customer("7"), customer("8")))
    return one, other


@pytest.fixture
def steward(db) -> Client:
    return person(roles.DATA_STEWARD)


def person(role: str) -> Client:
    user = User.objects.create_user(f"{role}-{uuid4().hex[:6]}")
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, act: str, **said: Any) -> Any:
    key = {"HTTP_IDEMPOTENCY_KEY": uuid4().hex}
    return client.post(f"/api/v1/identity/{act}", {**SERVICING, **said}, content_type="application/json", **key)


def test_merge__is_tried__done__and_taken_back(two, steward):
    one, other = two
    both = {"customer_id": str(other), "other_id": str(one)}

    tried = post(steward, "merge", **both, preview=True)
    assert survivor_of(other) == other
    merged = post(steward, "merge", **both)
    assert survivor_of(other) == one
    back = post(steward, "undo", act_id=merged.json()["act_id"])

    assert tried.json()["act_id"] is None
    assert {"told", "profile"} <= {change["kind"] for change in tried.json()["changes"]}
    assert merged.json()["customer_ids"] == [str(one), str(other)]
    assert back.status_code == 200
    assert survivor_of(other) == other


def test_split__gives_the_records_to_somebody_new(two, steward):
    link = Link.objects.filter(ended_at=None).order_by("linked_at").last()
    holder = survivor_of(link.customer_id)
    record = Link.objects.filter(customer_id=holder, ended_at=None).latest("linked_at").record_id

    answer = post(steward, "split", customer_id=str(holder), record_ids=[str(record)])

    assert answer.status_code == 200
    assert IdentityAct.objects.get().other_id == UUID(answer.json()["customer_ids"][1])


def test_what_cannot_be__is_a_conflict_that_says_why(two, steward):
    one, _ = two

    answer = post(steward, "merge", customer_id=str(one), other_id=str(one))

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:iaros:problem:cannot-be")
    assert "one and the same" in answer.json()["detail"]
    assert post(steward, "undo", act_id=str(uuid4())).status_code == 404


def test_a_client_and_an_analyst__decide_nothing(two, new_partner):
    one, other = two
    both = {"customer_id": str(one), "other_id": str(other)}

    assert post(new_partner(), "merge", **both).status_code == 403
    assert post(person(roles.ANALYST), "merge", **both).status_code == 403
    assert survivor_of(other) == other


def test_the_profile_of_a_day__is_what_was_known_then(two, steward, customer):
    said = {"purpose": "servicing", "customer_id": str(customer("7"))}
    address = "/api/v1/intelligence/profile"

    then = steward.post(address, {**said, "as_of": "2020-01-01T00:00:00Z"}, content_type="application/json")
    now = steward.post(address, {**said, "as_of": "2999-01-01T00:00:00Z"}, content_type="application/json")

    assert then.status_code == 404
    assert now.json()["profile"]["values"]["surname"] == "Ekman"
