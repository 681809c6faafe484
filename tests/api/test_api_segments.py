"""Partners and analysts make segments, count rules before saving them, and read members for a purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from iaros.lib.purposes import Purpose
from privacy import consent
from privacy.models import AuditEvent
from profiles.models import EventKind
from segmentation import features, tasks
from segmentation.models import Destination, Segment
from segmentation.segments import membership
from tests.segmentation import population
from tests.segmentation.population import AS_OF
from tests.segmentation.test_building import addressed

URL = "/api/v1/segments"
SCOPES = ["segments:read", "segments:write"]
RULE: dict[str, Any] = {"all": [{"feature": "flown:count_365d", "op": ">=", "value": 2}]}
NEW: dict[str, Any] = {"name": "Frequent", "rule": RULE, "purpose": "marketing", "channel": "email", "publish": True}

pytestmark = pytest.mark.django_db


@pytest.fixture
def maker(new_partner: Callable[..., Client]) -> Client:
    return new_partner(SCOPES)


@pytest.fixture
def flyers() -> list[UUID]:
    """Four who flew twice; the first two agree to marketing."""
    made = population.customers(4)
    for one in made:
        for days in (10, 20):
            population.event(one, EventKind.COUPON_FLOWN, AS_OF - timedelta(days=days))
    said = {"purpose": Purpose.MARKETING, "state": "granted", "occurred_at": AS_OF, "method": "letter", "source": "dpo"}
    consent.record([consent.ConsentEntry(customer_id=one, **said) for one in made[:2]])
    return sorted(made[:2], key=lambda one: (one.bytes[15], one)) + made[2:]


def post(client: Client, url: str, body: dict[str, Any]) -> Any:
    return client.post(url, body, "application/json")


def counted(maker: Client) -> None:
    post(maker, URL, NEW)
    features.materialise(AS_OF)
    membership.refresh(AS_OF)


def test_create__rule_with_purpose_and_channel__is_listed_with_its_sentence(maker: Client) -> None:
    made = post(maker, URL, NEW)

    assert made.status_code == 201
    assert made.json()["sentence"] == "Customers with at least 2 flights flown in the last 365 days."
    listed = maker.get(URL).json()["results"]
    assert [(one["slug"], one["status"], one["rule"]) for one in listed] == [("frequent", "published", RULE)]
    assert maker.get(f"{URL}/frequent").json()["version"] == 1


@pytest.mark.parametrize("left_out", ["purpose", "channel", "rule", "name"])
def test_create__without_what_is_mandatory__is_refused(maker: Client, left_out: str) -> None:
    answer = post(maker, URL, {key: value for key, value in NEW.items() if key != left_out})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == f"/{left_out}"


def test_create__rule_on_missing_feature__says_where(maker: Client) -> None:
    answer = post(maker, URL, {**NEW, "rule": {"all": [{"feature": "flown:luck", "op": ">", "value": 1}]}})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["detail"] == "rule.all[0]: there is no feature 'flown:luck'"
    assert not Segment.objects.exists()


def test_create__reading_scope_only__is_refused(new_partner: Callable[..., Client]) -> None:
    assert post(new_partner(["segments:read"]), URL, NEW).status_code == 403


def test_create__purpose_the_client_may_not_name__is_refused(new_partner: Callable[..., Client]) -> None:
    answer = post(new_partner(SCOPES, ["servicing"]), URL, NEW)

    assert answer.json()["type"] == "urn:iaros:problem:purpose-not-allowed"


def test_members__page_by_page__are_those_who_agreed_and_are_audited(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    first = maker.get(f"{URL}/frequent/members", {"purpose": "marketing", "channel": "email", "limit": 1}).json()
    second = maker.get(first["next"]).json()

    read = [one["customer_id"] for page in (first, second) for one in page["results"]]
    assert read == [str(one) for one in flyers[:2]]
    assert maker.get(second["next"]).json() == {"next": None, "results": []}
    assert AuditEvent.objects.filter(action="read segment members", ids__contains=[flyers[0]]).count() == 1


def test_members__for_another_purpose__are_refused(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    answer = maker.get(f"{URL}/frequent/members", {"purpose": "servicing"})

    assert answer.status_code == 403


def test_preview__counts_and_shows_only_examples_who_agreed(maker: Client, flyers: list[UUID]) -> None:
    features.materialise(AS_OF)
    asked = {"rule": RULE, "purpose": "marketing", "channel": "email", "examples": 20}

    answer = post(maker, f"{URL}/preview", asked).json()

    assert (answer["estimated"], answer["population"], answer["steps"][0]["people"]) == (False, 4, 4)
    assert {one["customer_id"] for one in answer["members"]} == {str(one) for one in flyers[:2]}
    assert answer["members"][0]["reasons"][0]["value"] == 2


def test_preview__analyst_without_sight_of_people__gets_counts_alone(
    signed_in: Callable[[str], Client], flyers: list[UUID]
) -> None:
    assert post(signed_in("partner"), f"{URL}/preview", {"rule": RULE}).status_code == 403


def test_count__is_a_job_that_can_be_followed(new_partner: Callable[..., Client]) -> None:
    partner = new_partner([*SCOPES, "jobs:read"])

    answer = post(partner, f"{URL}/count", {"rule": RULE, "purpose": "marketing", "channel": "email"})

    assert answer.status_code == 202
    assert partner.get(answer["Location"]).json()["kind"] == "segment.count"


def test_why__member__is_told_in_a_sentence(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    asked = {"customer_id": str(flyers[0]), "purpose": "marketing", "channel": "email"}
    answer = post(maker, f"{URL}/frequent/why", asked).json()

    assert answer["inside"]
    assert answer["told"].startswith("In because of at least 2 flights flown in the last 365 days; would leave on ")
    assert answer["missing"][0] == "an address for E-mail"


def test_why__without_consent__is_refused(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    answer = post(maker, f"{URL}/frequent/why", {"customer_id": str(flyers[3]), "purpose": "marketing"})

    assert answer.json()["type"] == "urn:iaros:problem:consent-required"


def test_overlap_and_reach__of_a_segment__add_up(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    overlap = maker.get(f"{URL}/overlap", {"slugs": "frequent"}).json()
    steps = maker.get(f"{URL}/frequent/reach").json()["steps"]

    assert overlap["sizes"] == [4]
    assert [step["people"] for step in steps][:3] == [4, 0, 0]


def test_overlap__thirteen__are_too_many(maker: Client) -> None:
    for nth in range(13):
        post(maker, URL, {**NEW, "name": f"Number {nth}"})

    answer = maker.get(f"{URL}/overlap", {"slugs": ",".join(f"number-{nth}" for nth in range(13))})

    assert answer.status_code == 400


def test_nothing_there__is_not_found(maker: Client) -> None:
    assert maker.get(f"{URL}/no-such-segment").status_code == 404


def test_activate__to_a_file__is_a_job_whose_file_holds_who_agreed(
    new_partner: Callable[..., Client], flyers: list[UUID], tmp_path: Path, settings: Any
) -> None:
    settings.VAR_DIR = tmp_path
    maker = new_partner([*SCOPES, "jobs:read"])
    counted(maker)
    Segment.objects.update(holdout_percent=0)
    Destination.objects.create(slug="file", name="File", kind="file")
    for one in flyers:
        population.profile(one)
        addressed(one)

    started = post(maker, f"{URL}/frequent/activations", {"destination": "file"})
    tasks.activate(job_id=started.json()["id"])

    told = maker.get(f"{URL}/frequent/activations").json()["results"][0]
    fetched = maker.get(f"/api/v1/activations/{told['id']}/file")
    assert started.status_code == 202
    assert told["counts"] == {"sent": 2, "no_consent": 2}
    assert told["power"]["treated"] == 2
    assert b"".join(fetched.streaming_content).decode().count("frequent") == 2  # type: ignore[attr-defined]
    assert AuditEvent.objects.filter(action="fetch activation file").count() == 1


def test_activate__no_such_destination__is_refused(maker: Client, flyers: list[UUID]) -> None:
    counted(maker)

    assert post(maker, f"{URL}/frequent/activations", {"destination": "nowhere"}).status_code == 400


def test_activate__with_a_scope_for_reading__is_refused(new_partner: Callable[..., Client]) -> None:
    reader = new_partner(["segments:read"])

    assert post(reader, f"{URL}/frequent/activations", {"destination": "file"}).status_code == 403


# One statement finds the token and its client; a limit of time takes two to four, the audit row one.
COST = {
    "segments": 3,
    "segments/preview": 10,
    "segments/count": 7,
    "segments/overlap": 7,
    "segments/frequent": 3,
    "segments/frequent/members": 8,
    "segments/frequent/reach": 8,
    "segments/frequent/why": 24,
    "segments/frequent/activations": 3,
}


@pytest.mark.parametrize("path", COST)
def test_statements_of_a_route(maker: Client, flyers: list[UUID], path: str) -> None:
    counted(maker)
    asked: dict[str, Any] = {"purpose": "marketing", "channel": "email", "slugs": "frequent"}
    if path.endswith(("preview", "count")):
        asked["rule"] = RULE
    if path.endswith("why"):
        asked["customer_id"] = str(flyers[0])
    ask = post if "rule" in asked or "customer_id" in asked else Client.get
    ask(maker, f"/api/v1/{path}", asked)

    with CaptureQueriesContext(connection) as spent:
        answer = ask(maker, f"/api/v1/{path}", asked)

    assert answer.status_code in (200, 202), answer.json()
    assert len(spent) == COST[path], "\n".join(query["sql"][:150] for query in spent)
