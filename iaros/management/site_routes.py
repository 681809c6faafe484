"""Every route of the API, called over HTTP as the demo's partner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from iaros.management.site_pages import SECONDS, Failure
from segmentation.models import ModelVersion


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    said: dict[str, Any] | None = None
    holds: Callable[[Any], bool] = bool


class Partner:
    """The demo's API client with its token."""

    def __init__(self, url: str, client: dict[str, Any]) -> None:
        self.url = url
        self.session = requests.Session()
        answer = self.session.post(
            f"{url}/oauth2/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
            timeout=SECONDS,
        )
        self.refusal = None if answer.ok else Failure(f"{url}/oauth2/token", answer.status_code, answer.text[:200])
        if answer.ok:
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def failure_of(self, call: Call) -> Failure | None:
        url = f"{self.url}{call.path}"
        said: dict[str, Any] = {"params": call.said} if call.method == "GET" else {"json": call.said}
        try:
            answer = self.session.request(call.method, url, timeout=SECONDS, **said)
        except requests.RequestException as error:
            return Failure(url, 0, type(error).__name__)
        where = f"{call.method} {url}"
        if not answer.ok:
            return Failure(where, answer.status_code, answer.text[:300])
        if answer.status_code == 202:
            return self._followed(answer)
        body = answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.text
        return None if call.holds(body) else Failure(where, answer.status_code, "answers without content")

    def _followed(self, answer: requests.Response) -> Failure | None:
        """The job is there; then it is stopped, since a check leaves the installation as it was."""
        where = f"{self.url}{answer.headers['Location']}"
        seen, stopped = self.session.get(where, timeout=SECONDS), self.session.delete(where, timeout=SECONDS)
        failed = next((each for each in (seen, stopped) if not each.ok), None)
        return Failure(where, failed.status_code, failed.text[:300]) if failed is not None else None


def check(url: str, client: dict[str, Any], customer_id: str | None) -> tuple[int, list[Failure]]:
    """Call every route; how many were called, and which failed."""
    partner = Partner(url, client)
    if partner.refusal:
        return 1, [partner.refusal]
    if customer_id is None:
        return 1, [Failure(url, 0, "nobody agreed to personalisation, so no person can be asked for")]
    calls = list(_calls(customer_id))
    return 1 + len(calls), [failure for call in calls if (failure := partner.failure_of(call))]


def _calls(customer_id: str) -> Iterator[Call]:
    v1, person = "/api/v1", {"customer_id": customer_id, "purpose": "personalisation"}
    for path in ("/livez", "/readyz", f"{v1}/schema/", f"{v1}/docs/", "/metrics"):
        yield Call("GET", path)
    yield Call("POST", f"{v1}/intelligence/profile", person, lambda body: body["profile"])
    yield Call("POST", f"{v1}/intelligence/segment", person, lambda body: "segments" in body)
    yield Call("POST", f"{v1}/intelligence/score", person, lambda body: "scores" in body)
    yield Call("GET", f"{v1}/intelligence/recommendations", person, lambda body: body["recommendations"])
    yield Call("POST", f"{v1}/intelligence/enrich", person)
    yield Call("GET", f"{v1}/analytics/segments", None, lambda body: body["results"])
    for topic in ("behavior", "lifetime-value", "churn-risk"):
        yield Call("GET", f"{v1}/analytics/{topic}", {"purpose": "analytics"})
        yield Call("GET", f"{v1}/analytics/{topic}", {"purpose": "analytics", "customer_id": customer_id})
    yield Call("GET", f"{v1}/analytics/journey", {"purpose": "analytics"})
    yield Call("GET", f"{v1}/analytics/journey", {"purpose": "analytics", "customer_id": customer_id})
    yield Call("GET", f"{v1}/models/status", None, lambda body: body["results"])
    yield Call("GET", f"{v1}/models/performance", None, lambda body: body["results"])
    model = ModelVersion.objects.order_by("-id").first()
    if model:
        yield Call("POST", f"{v1}/models/retrain", {"model": model.name})
        yield Call("POST", f"{v1}/models/deploy", {"model": model.name, "version": model.number})
