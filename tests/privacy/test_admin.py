"""The DPO's pages."""

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from iaros.accounts import roles
from iaros.accounts.models import User
from iaros.lib.models import Job
from privacy import requests
from privacy.models import RequestState, RightsRequest


@pytest.fixture
def dpo(db, client) -> User:
    return _signed_in(client, roles.DPO)


@pytest.fixture
def operator(db, client) -> User:
    return _signed_in(client, roles.OPERATOR)


def _signed_in(client, role: str) -> User:
    user = User.objects.create_user(role, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client.force_login(user)
    return user


def test_evidence__the_dpo_reads_it_and_cannot_change_it(client, dpo, alice):
    page = client.get(reverse("admin:privacy_consentevidence_changelist"), {"q": str(alice)}, secure=True)

    assert page.status_code == 200
    assert str(alice) in page.content.decode()
    assert client.get(reverse("admin:privacy_consentevidence_add"), secure=True).status_code == 403


@pytest.mark.parametrize("model", ["consentevidence", "auditevent", "policytext", "tombstone", "rightsrequest"])
def test_pages__open_for_the_dpo__not_for_an_operator(client, dpo, model):
    page = reverse(f"admin:privacy_{model}_changelist")

    assert client.get(page, secure=True).status_code == 200
    _signed_in(client, roles.OPERATOR)
    assert client.get(page, secure=True).status_code == 403


def test_request__taken_in_verified_and_ordered(client, dpo, alice):
    add = reverse("admin:privacy_rightsrequest_add")
    asked = {"kind": "erasure", "customer_id": str(alice), "received_at_0": "2026-03-01", "received_at_1": "09:00"}
    steps = {"steps-TOTAL_FORMS": "0", "steps-INITIAL_FORMS": "0"}

    assert client.post(add, asked | steps, secure=True).status_code == 302
    request = RightsRequest.objects.get(customer_id=alice)
    assert request.due_at.date().isoformat() == "2026-04-01"

    _act(client, "run_as_a_job", request)
    assert not Job.objects.exists()
    _act(client, "verify_identity", request)
    assert RightsRequest.objects.get(id=request.id).state == RequestState.RECEIVED

    change = reverse("admin:privacy_rightsrequest_change", args=[request.id])
    client.post(change, {"verification": "called back on the known number"} | steps, secure=True)
    _act(client, "verify_identity", request)
    _act(client, "run_as_a_job", request)

    request.refresh_from_db()
    assert request.verified_by == dpo
    assert Job.objects.get(id=request.job_id).owner == dpo
    assert client.get(change, secure=True).status_code == 200


def test_package__handed_to_the_dpo_only(client, dpo, alice):
    request = requests.open_request("access", alice)
    requests.verify_identity(request, how="signed in", by=dpo)
    requests.answer(request.id)
    link = reverse("admin:privacy_rightsrequest_package", args=[request.id])

    page = client.get(link, secure=True)

    assert page.json()["customer_id"] == str(alice)
    assert "no-store" in page["Cache-Control"]
    _signed_in(client, roles.OPERATOR)
    assert client.get(link, secure=True).status_code == 403


def _act(client, action: str, request: RightsRequest) -> None:
    page = reverse("admin:privacy_rightsrequest_changelist")
    client.post(page, {"action": action, "_selected_action": [str(request.id)]}, secure=True)
