"""The same POST sent twice is carried out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from iaros.api.idempotency import KEPT_FOR, forget_old
from iaros.api.models import IdempotentRequest
from iaros.lib.models import Job

ENRICH = "/api/v1/intelligence/enrich"


@pytest.fixture
def body(alice: UUID) -> dict[str, str]:
    return {"customer_id": str(alice), "purpose": "servicing"}


def _post(partner: Client, body: dict[str, str], key: str) -> Any:
    return partner.post(ENRICH, body, content_type="application/json", headers={"idempotency-key": key})


def test_replay_answers_the_same_job(partner: Client, body: dict[str, str]) -> None:
    first, again = _post(partner, body, "k-1"), _post(partner, body, "k-1")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Job.objects.count() == 1


def test_same_key_with_another_body_is_refused(partner: Client, body: dict[str, str]) -> None:
    _post(partner, body, "k-1")

    response = _post(partner, {**body, "purpose": "analytics"}, "k-1")

    assert response.status_code == 422
    assert response.json()["type"].endswith("idempotency-key-reused")


def test_in_flight_is_a_conflict(partner: Client, body: dict[str, str]) -> None:
    _post(partner, body, "k-1")
    IdempotentRequest.objects.update(finished_at=None, status=None, body=None)

    response = _post(partner, body, "k-1")

    assert response.status_code == 409
    assert response["Retry-After"] == "1"


def test_a_failure_leaves_no_trace(partner: Client, body: dict[str, str]) -> None:
    response = _post(partner, {**body, "purpose": "nonsense"}, "k-1")

    assert response.status_code == 400
    assert _post(partner, body, "k-1").status_code == 202


def test_two_partners_may_use_one_key(new_partner: Callable[..., Client], body: dict[str, str]) -> None:
    first, second = _post(new_partner(), body, "k-1"), _post(new_partner(), body, "k-1")

    assert first.json()["id"] != second.json()["id"]


def test_what_reads_a_person_is_read_again(partner: Client, alice: UUID) -> None:
    body = {"customer_id": str(alice), "purpose": "analytics"}
    partner.post("/api/v1/intelligence/segment", body, "application/json", headers={"idempotency-key": "k-2"})

    again = partner.post("/api/v1/intelligence/segment", body, "application/json", headers={"idempotency-key": "k-2"})

    assert again["Idempotency-Replayed"] == "true"
    assert IdempotentRequest.objects.get().body is None


def test_a_key_is_forgotten_after_a_day(partner: Client, body: dict[str, str]) -> None:
    _post(partner, body, "k-1")
    IdempotentRequest.objects.update(begun_at=timezone.now() - KEPT_FOR * 2)

    assert forget_old() == 1


def test_a_key_with_a_line_break_is_refused(partner: Client, body: dict[str, str]) -> None:
    assert _post(partner, body, "k 1").status_code == 400
