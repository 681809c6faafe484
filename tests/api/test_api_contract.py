"""Strangers' requests, drawn from the schema: no answer is a 5xx, and none is of another shape than the schema says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from oauth2_provider.models import get_access_token_model
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from iaros.accounts.models import ApiClient
from iaros.lib.purposes import Purpose
from iaros.wsgi import application

TOKEN = "token-of-the-contract-test"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


OPERATIONS = [
    ("POST", "/api/v1/intelligence/profile"),
    ("POST", "/api/v1/intelligence/segment"),
    ("POST", "/api/v1/intelligence/score"),
    ("GET", "/api/v1/intelligence/recommendations"),
    ("POST", "/api/v1/intelligence/enrich"),
    ("GET", "/api/v1/analytics/segments"),
    ("GET", "/api/v1/analytics/behavior"),
    ("GET", "/api/v1/analytics/journey"),
    ("GET", "/api/v1/analytics/lifetime-value"),
    ("GET", "/api/v1/analytics/churn-risk"),
    ("GET", "/api/v1/models/status"),
    ("GET", "/api/v1/models/performance"),
    ("POST", "/api/v1/models/retrain"),
    ("POST", "/api/v1/models/deploy"),
    ("GET", "/api/v1/segments"),
    ("POST", "/api/v1/segments"),
    ("POST", "/api/v1/segments/preview"),
    ("POST", "/api/v1/segments/count"),
    ("GET", "/api/v1/segments/overlap"),
    ("GET", "/api/v1/segments/{slug}/members"),
    ("POST", "/api/v1/segments/{slug}/why"),
    ("GET", "/api/v1/jobs/{job_id}"),
    ("DELETE", "/api/v1/jobs/{job_id}"),
]
DRAWN = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture
def _everything_is_open(db: None, settings: Any) -> None:
    """A client that may do everything, as often as it likes."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    client = ApiClient.objects.create(
        name="contract",
        client_id="contract",
        client_secret="a secret of the test",
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
        scopes=list(settings.OAUTH2_PROVIDER["SCOPES"]),
        purposes=[purpose.value for purpose in Purpose],
    )
    get_access_token_model().objects.create(
        token=TOKEN,
        application=client,
        scope=" ".join(client.scopes),
        expires=timezone.now() + timedelta(hours=1),
    )


@pytest.fixture
def _one_connection() -> Iterator[None]:
    """The server's end of a request would close the connection on which the test's own rows are."""
    ends = (request_started, request_finished)
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.fixture
def published(_everything_is_open: None, _one_connection: None) -> Any:
    """The schema as it is served."""
    return schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_drawn_requests_are_answered_as_the_schema_says(published: Any, method: str, path: str) -> None:
    @DRAWN
    @given(case=published[path][method].as_strategy())
    def answered(case: Any) -> None:
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, checks=CHECKS)

    answered()
