"""Whatever goes wrong, it is said in one shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

PROFILE = "/api/v1/intelligence/profile"
JSON = "application/json"


def _is_problem(response: Any, status: int, code: str) -> bool:
    body = response.json()
    return (
        response.status_code == status == body["status"]
        and response["Content-Type"] == "application/problem+json"
        and body["type"] == f"urn:iaros:problem:{code}"
        and body["instance"] == response["X-Request-ID"]
        and {"title", "detail"} <= body.keys()
    )


@pytest.mark.parametrize("path", ["/api/v1/nothing/here", "/api/v2/intelligence/profile", "/api/"])
def test_unknown_route_is_a_problem(partner: Client, path: str) -> None:
    assert _is_problem(partner.get(path), 404, "not-found")


def test_wrong_method_is_a_problem(partner: Client) -> None:
    response = partner.delete(PROFILE)

    assert _is_problem(response, 405, "method-not-allowed")
    assert "POST" in response["Allow"]


def test_wrong_media_type_is_a_problem(partner: Client) -> None:
    assert _is_problem(partner.post(PROFILE, "<x/>", content_type="text/xml"), 415, "unsupported-media-type")


def test_unspoken_media_type_is_a_problem(partner: Client) -> None:
    assert _is_problem(partner.get("/api/v1/models/status", headers={"accept": "text/csv"}), 406, "not-acceptable")


def test_broken_json_is_a_problem(partner: Client) -> None:
    assert _is_problem(partner.post(PROFILE, "{", content_type=JSON), 400, "parse-error")


@pytest.mark.parametrize(
    "body", ['{"a":' + "[" * 100_000, '{"a":' + "[" * 400 + "]" * 400 + "}", '{"a": NaN}', b"\xff"]
)
def test_a_body_that_nobody_could_mean__is_refused(partner: Client, body: str | bytes) -> None:
    assert _is_problem(partner.post(PROFILE, body, content_type=JSON), 400, "parse-error")


def test_missing_purpose_is_pointed_at(partner: Client) -> None:
    response = partner.post(PROFILE, {"customer_id": str(uuid4())}, content_type=JSON)

    assert _is_problem(response, 400, "invalid")
    assert response.json()["errors"][0]["pointer"] == "/purpose"


def test_nobody_is_asked_to_sign_in(client: Client, db: None) -> None:
    response = client.get("/api/v1/models/status")

    assert _is_problem(response, 401, "not-authenticated")
    assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_refused_although_the_cookie_is_good(signed_in: Callable[[str], Client]) -> None:
    analyst = signed_in("analyst")

    response = analyst.get("/api/v1/models/status", headers={"authorization": "Bearer nonsense"})

    assert _is_problem(response, 401, "authentication-failed")


def test_a_revoked_scope_ends_at_once(new_partner: Callable[..., Client]) -> None:
    from iaros.accounts.models import ApiClient

    partner = new_partner(["models:read"])
    ApiClient.objects.update(scopes=[])

    assert _is_problem(partner.get("/api/v1/models/status"), 403, "permission-denied")


def test_request_id_of_the_caller_is_kept(partner: Client) -> None:
    response = partner.get("/api/v1/nothing", headers={"x-request-id": "checkout-4711"})

    assert response["X-Request-ID"] == response.json()["instance"] == "checkout-4711"


def test_spent_budget_is_a_problem_and_says_when_to_return(partner: Client, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    partner.get("/api/v1/models/status")

    response = partner.get("/api/v1/models/status")

    assert _is_problem(response, 429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response["RateLimit"].startswith('"requests";r=0;')


def test_too_large_a_body_is_a_problem(partner: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100

    response = partner.post(PROFILE, {"purpose": "x" * 200}, content_type=JSON, headers={"idempotency-key": "k"})

    assert _is_problem(response, 413, "body-too-large")


def test_a_session_needs_the_csrf_token(signed_in: Callable[[str], Client]) -> None:
    analyst = signed_in("analyst")
    analyst.handler.enforce_csrf_checks = True

    response = analyst.post(PROFILE, {}, content_type=JSON)

    assert _is_problem(response, 403, "csrf-failed")
