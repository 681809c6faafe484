"""Every page of the platform, found in the urlconf, opened over HTTP as the people of the demo."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests
from django.urls import URLPattern, URLResolver, get_resolver

from iaros.lib.models import Job
from iaros.lib.purposes import Purpose
from profiles.models import Customer, IngestRun, ReviewPair, Source
from segmentation.models import Segment

# Not pages: the API has its own list, and these two need an answer in the query.
NOT_PAGES = ("api/", "oauth2/", "admin/autocomplete/", "admin/logout/", "sign-out/", "static/")
TABS = ("timeline", "identities", "segments", "scores", "recommendations", "consent", "audit")
SECONDS = 30
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Failure:
    url: str
    status: int
    why: str


class Person:
    """A signed-in person of the demo, with the browser's cookies."""

    def __init__(self, url: str, login: dict[str, str]) -> None:
        self.url, self.role, self.login = url, login["role"], login
        self.session = requests.Session()

    def sign_in(self) -> Failure | None:
        page = f"{self.url}/sign-in/"
        form = self.session.get(page, timeout=SECONDS)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        if form.status_code != 200 or token is None:
            return Failure(page, form.status_code, "no sign-in form")
        said = {
            "username": self.login["username"],
            "password": self.login["password"],
            "csrfmiddlewaretoken": token[1],
        }
        answer = self.session.post(page, data=said, headers={"Referer": page}, timeout=SECONDS, allow_redirects=False)
        return None if answer.status_code == 302 else Failure(page, answer.status_code, f"{self.role} cannot sign in")

    def open(self, address: str) -> Failure | None:
        """None when the page answers with content."""
        url = f"{self.url}/{address}"
        answer = self.session.get(url, timeout=SECONDS)
        if not answer.ok:
            return Failure(url, answer.status_code, f"as {self.role}")
        if "/sign-in/" in answer.url or "/admin/login/" in answer.url:
            return Failure(url, 403, f"{self.role} is asked to sign in")
        return None if answer.content.strip() else Failure(url, answer.status_code, "nothing on it")


def check(url: str, logins: list[dict[str, str]]) -> tuple[int, list[Failure]]:
    """Open every page; it passes when one of the people sees it. How many were opened, and which failed."""
    people = [Person(url, login) for login in logins]
    failures = [failure for person in people if (failure := person.sign_in())]
    if failures:
        return len(people), failures
    addresses = sorted(set(_addresses()))
    for address in addresses:
        answers = [failure for person in people if (failure := _opened(person, address))]
        if len(answers) == len(people) and not _closed_to_all(address, answers):
            failures.append(max(answers, key=lambda failure: (failure.status >= 500, failure.status != 403)))
    return len(people) + len(addresses), failures


def _closed_to_all(address: str, answers: list[Failure]) -> bool:
    """No page at all: it takes a POST; or a form of the administration that no role of the demo is meant to use."""
    statuses = {failure.status for failure in answers}
    return statuses == {405} or (address.startswith("admin/") and statuses == {403})


def _opened(person: Person, address: str) -> Failure | None:
    try:
        return person.open(address)
    except requests.RequestException as error:
        return Failure(f"{person.url}/{address}", 0, type(error).__name__)


def _addresses() -> Iterator[str]:
    known = _real_ids()
    for route in _routes(get_resolver().url_patterns, ""):
        if route.startswith((*NOT_PAGES, "^")) or "(?P" in route or route.endswith(("metrics", "$", "*")):
            continue
        if "<tab>" in route or "<str:tab>" in route or "<slug:tab>" in route:
            for tab in TABS:
                yield from _filled(re.sub(r"<(\w+:)?tab>", tab, route), known)
        else:
            yield from _filled(route, known)


def _routes(patterns: list[Any], before: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, before + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield before + str(pattern.pattern)


def _filled(route: str, known: dict[str, dict[str, str]]) -> Iterator[str]:
    """The route with real ids of its topic; a route that asks for something else has no page of its own."""
    topic = known.get(route.split("/")[0], {})
    names = _ARGUMENT.findall(route)
    if all(name in topic for name in names):
        yield _ARGUMENT.sub(lambda argument: topic[argument[1]], route)


def _real_ids() -> dict[str, dict[str, str]]:
    """For each topic of addresses, what its arguments may be."""
    customer = someone()
    segment = Segment.objects.order_by("-size", "id").first()
    job = Job.objects.order_by("-created_at").first()
    run = IngestRun.objects.order_by("-started_at").first()
    source = Source.objects.order_by("id").first()
    pair = ReviewPair.objects.order_by("id").first()
    found: dict[str, dict[str, Any]] = {
        "customers": {"customer_id": customer, "id": customer, "pk": customer},
        "segments": {"slug": segment and segment.slug},
        "features": {"name": "booking:count_90d"},
        "identity": {"pair_id": pair and pair.pk},
        "jobs": {"job_id": job and job.id, "id": job and job.id, "pk": job and job.id},
        "sources": {"name": source and source.name, "run_id": run and run.id, "id": run and run.id},
    }
    return {topic: {k: str(v) for k, v in values.items() if v} for topic, values in found.items()}


def someone() -> str | None:
    """A customer who agreed to personalisation, so that every page and route has something to say."""
    living = Customer.objects.living().allowed_for(Purpose.PERSONALISATION)
    customer = living.order_by("bucket", "id").first()
    return str(customer.id) if customer else None
