"""A person is read for a purpose, with consent where the purpose stands on it, and it is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.utils import timezone

from iaros.lib.ids import bucket_of, uuid7
from privacy import audit
from profiles.models import Customer
from segmentation.models import EntityKind, Score

PROFILE, SEGMENT = "intelligence/profile", "intelligence/segment"
PERSON_ROUTES = (PROFILE, SEGMENT, "intelligence/score", "intelligence/enrich")


def _post(client: Client, path: str, **said: Any) -> Any:
    return client.post(f"/api/v1/{path}", said, content_type="application/json")


def _kind(response: Any) -> str:
    return str(response.json()["type"]).removeprefix("urn:iaros:problem:")


def test_profile_is_masked_and_names_ground_and_purpose(partner: Client, alice: UUID) -> None:
    body = _post(partner, PROFILE, customer_id=str(alice), purpose="personalisation").json()

    assert (body["customer_id"], body["purpose"], body["basis"]) == (str(alice), "personalisation", "consent")
    assert body["profile"]["revealed"] is False
    assert "alice@example.org" not in str(body)
    assert body["scores"] is None


def test_profile_expands_to_what_is_asked(partner: Client, alice: UUID) -> None:
    body = _post(
        partner,
        PROFILE,
        customer_id=str(alice),
        purpose="personalisation",
        expand=["segments", "scores", "recommendations", "consent"],
    ).json()

    assert body["segments"] == body["scores"] == []
    assert body["recommendations"]["items"] == []
    assert body["consent"][0]["state"] == "granted"


@pytest.mark.parametrize(("scopes", "status"), [(["profiles:read"], 403), (["profiles:read", "profiles:reveal"], 200)])
def test_reveal_needs_its_own_scope(
    new_partner: Callable[..., Client], alice: UUID, scopes: list[str], status: int
) -> None:
    response = _post(new_partner(scopes), PROFILE, customer_id=str(alice), purpose="servicing", reveal=True)

    assert response.status_code == status
    assert ("alice@example.org" in response.content.decode()) is (status == 200)


def test_a_loyalty_number_names_its_holder(partner: Client, alice: UUID) -> None:
    body = _post(partner, PROFILE, loyalty_number=" NV000001 ", purpose="servicing").json()

    assert body["customer_id"] == str(alice)


def test_an_id_folded_into_another_leads_to_the_survivor(partner: Client, alice: UUID, carol: UUID) -> None:
    Customer.objects.filter(id=carol).update(merged_into=alice)

    body = _post(partner, PROFILE, customer_id=str(carol), purpose="servicing").json()

    assert body["customer_id"] == str(alice)


@pytest.mark.parametrize("path", PERSON_ROUTES)
def test_without_consent_no_personalisation(partner: Client, carol: UUID, path: str) -> None:
    response = _post(partner, path, customer_id=str(carol), purpose="personalisation")

    assert (response.status_code, _kind(response)) == (403, "consent-required")
    assert [line.action for line in audit.for_customer(carol)] == ["refused"]


def test_without_consent_no_offers(partner: Client, carol: UUID) -> None:
    response = partner.get(
        "/api/v1/intelligence/recommendations", {"customer_id": str(carol), "purpose": "personalisation"}
    )

    assert (response.status_code, _kind(response)) == (403, "consent-required")


def test_offers_are_not_made_for_servicing(partner: Client, alice: UUID) -> None:
    response = partner.get("/api/v1/intelligence/recommendations", {"customer_id": str(alice), "purpose": "servicing"})

    assert (response.status_code, _kind(response)) == (403, "purpose-not-allowed")


def test_without_a_champion_offers_name_the_fallback(partner: Client, alice: UUID) -> None:
    response = partner.get(
        "/api/v1/intelligence/recommendations", {"customer_id": str(alice), "purpose": "personalisation"}
    )

    assert response.status_code == 200
    assert response.json()["recommendations"]["fallback_level"] == 4


def test_without_consent_servicing_still_works(partner: Client, carol: UUID) -> None:
    assert _post(partner, PROFILE, customer_id=str(carol), purpose="servicing").status_code == 200


@pytest.mark.parametrize("path", PERSON_ROUTES)
def test_the_unknown_and_the_restricted_cannot_be_told_apart(partner: Client, rita: UUID, path: str) -> None:
    unknown = _post(partner, path, customer_id=str(uuid4()), purpose="servicing")
    restricted = _post(partner, path, customer_id=str(rita), purpose="servicing")

    assert unknown.status_code == restricted.status_code == 404
    assert unknown.json()["detail"] == restricted.json()["detail"]


def test_a_client_names_only_its_own_purposes(new_partner: Callable[..., Client], alice: UUID) -> None:
    shop = new_partner(purposes=["personalisation"])

    response = _post(shop, PROFILE, customer_id=str(alice), purpose="servicing")

    assert (response.status_code, _kind(response)) == (403, "purpose-not-allowed")


def test_a_person_is_named_once(partner: Client, alice: UUID) -> None:
    response = _post(partner, PROFILE, customer_id=str(alice), email="alice@example.org", purpose="servicing")

    assert response.status_code == 400


def test_a_read_leaves_one_row(partner: Client, alice: UUID) -> None:
    _post(partner, PROFILE, customer_id=str(alice), purpose="servicing", expand=["segments", "scores"])

    line = audit.for_customer(alice)[0]
    assert len(audit.for_customer(alice)) == 1
    assert (line.action, line.purpose) == ("read profile, segments, scores", "servicing")
    assert line.route == "POST /api/v1/intelligence/profile"
    assert line.client


@pytest.mark.parametrize("topic", ["behavior", "journey", "lifetime-value", "churn-risk"])
def test_analytics_of_one_person_is_a_read(partner: Client, alice: UUID, topic: str) -> None:
    response = partner.get(f"/api/v1/analytics/{topic}", {"customer_id": str(alice)})

    assert response.status_code == 200
    assert len(audit.for_customer(alice)) == 1


@pytest.mark.parametrize(("topic", "model"), [("lifetime-value", "value_12m"), ("churn-risk", "churn_90d")])
def test_analytics_of_one_person__says_what_the_model_said_and_why(
    partner: Client, alice: UUID, topic: str, model: str
) -> None:
    why = {"feature": "booking:count_365d", "contribution": -0.4, "value": 3.0}
    Score.objects.create(
        bucket=bucket_of(alice),
        entity_kind=EntityKind.CUSTOMER,
        entity_id=alice,
        customer_id=alice,
        name=model,
        value=0.38,
        reasons=[why],
        model_version_id=uuid7(),
        as_of=timezone.now(),
    )

    told = partner.get(f"/api/v1/analytics/{topic}", {"customer_id": str(alice)}).json()["customer"]

    assert told["state"] == "scored"
    assert told["score"]["reasons"] == [why]


@pytest.mark.parametrize("topic", ["behavior", "journey", "lifetime-value", "churn-risk"])
def test_analytics_of_everybody_reads_nobody(partner: Client, alice: UUID, topic: str) -> None:
    assert partner.get(f"/api/v1/analytics/{topic}").status_code == 200
    assert audit.for_customer(alice) == []


def test_a_job_belongs_to_the_client_that_started_it(
    partner: Client, new_partner: Callable[..., Client], alice: UUID
) -> None:
    started = _post(partner, "intelligence/enrich", customer_id=str(alice), purpose="servicing")

    assert started.status_code == 202
    assert partner.get(started["Location"]).json()["state"] == "queued"
    assert new_partner().get(started["Location"]).status_code == 404
    assert partner.delete(started["Location"]).json()["state"] == "cancelled"
