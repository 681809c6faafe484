"""Who may call what: a scope opens a route to a client, a permission to a person, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

ROLES = ("analyst", "data_scientist", "dpo", "operator", "partner")
SEE, RUN, MANAGE = "accounts.view_customer_360", "accounts.run_jobs", "accounts.manage_models"
OPEN_TO = {
    SEE: ("analyst", "data_scientist", "dpo"),
    RUN: ("analyst", "data_scientist", "dpo", "operator"),
    MANAGE: ("data_scientist",),
    "segmentation.view_segment": ("analyst", "data_scientist", "dpo", "partner"),
}


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    scope: str
    permission: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def call(self, client: Client) -> Any:
        return client.generic(self.method, f"/api/v1/{self.path}", "{}", content_type="application/json")


ROUTES = (
    Route("POST", "intelligence/profile", "profiles:read", SEE),
    Route("POST", "intelligence/segment", "segments:read", SEE),
    Route("POST", "intelligence/score", "scores:read", SEE),
    Route("GET", "intelligence/recommendations", "recommendations:read", SEE),
    Route("POST", "intelligence/enrich", "profiles:write", RUN),
    Route("GET", "analytics/segments", "analytics:read", "segmentation.view_segment"),
    Route("GET", "analytics/behavior", "analytics:read", SEE),
    Route("GET", "analytics/journey", "analytics:read", SEE),
    Route("GET", "analytics/lifetime-value", "analytics:read", SEE),
    Route("GET", "analytics/churn-risk", "analytics:read", SEE),
    Route("GET", "models/status", "models:read", SEE),
    Route("GET", "models/performance", "models:read", SEE),
    Route("POST", "models/retrain", "models:write", MANAGE),
    Route("POST", "models/deploy", "models:write", MANAGE),
    Route("GET", "jobs/01a2053c-f6de-7d91-be4f-7318ebfddd16", "jobs:read", RUN),
    Route("DELETE", "jobs/01a2053c-f6de-7d91-be4f-7318ebfddd16", "jobs:read", RUN),
)


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_nobody_is_let_in(db: None, client: Client, route: Route) -> None:
    assert route.call(client).status_code == 401


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_client_without_the_scope_is_refused(new_partner: Callable[..., Client], route: Route) -> None:
    other = "events:write"

    assert route.call(new_partner([other])).status_code == 403


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_the_scope_opens_the_route(new_partner: Callable[..., Client], route: Route) -> None:
    """An empty body is then a 400, an id nobody has a 404: the door is passed."""
    assert route.call(new_partner([route.scope])).status_code in (200, 400, 404)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_person_is_let_in_by_role(signed_in: Callable[[str], Client], role: str, route: Route) -> None:
    refused = route.call(signed_in(role)).status_code == 403

    assert refused is (role not in OPEN_TO[route.permission])
