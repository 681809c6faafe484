"""What an answer costs: the number of statements of each route is pinned, and does not grow with what is found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

# One statement finds the token and its client; a limit of time takes two to four, the audit row one.
COST = {
    "intelligence/profile": 12,
    "intelligence/segment": 9,
    "intelligence/score": 10,
    "intelligence/recommendations": 9,  # five outside of a transaction: token, limit, one read, decision, audit
    "analytics/segments": 4,
    "analytics/behavior": 8,
    "analytics/journey": 7,
    "analytics/lifetime-value": 8,
    "analytics/churn-risk": 7,
    "models/status": 4,
    "models/performance": 3,
}


@pytest.mark.parametrize("path", COST)
def test_statements_of_a_route(partner: Client, alice: UUID, path: str) -> None:
    _ask(partner, path, alice)

    with CaptureQueriesContext(connection) as spent:
        _ask(partner, path, alice)

    assert len(spent) == COST[path], "\n".join(query["sql"][:150] for query in spent)


def _ask(partner: Client, path: str, person: UUID) -> None:
    said: dict[str, Any] = {"customer_id": str(person), "purpose": "personalisation"}
    posted = path in ("intelligence/profile", "intelligence/segment", "intelligence/score")
    named = said if path == "intelligence/recommendations" else {}
    url = f"/api/v1/{path}"
    response = partner.post(url, said, "application/json") if posted else partner.get(url, named)
    assert response.status_code == 200
