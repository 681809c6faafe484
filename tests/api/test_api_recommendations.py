"""The route that is asked most: its short way says what the long way says, and nobody is told without a trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any
from uuid import UUID

import orjson
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from iaros import intelligence
from iaros.api.intelligence import RecommendationAnswerSerializer
from iaros.api.recommendations import as_json
from iaros.api.rendering import JsonRenderer
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.purposes import Channel, Purpose
from privacy import audit, consent
from privacy.models import AuditEvent
from profiles.models import Customer
from recommendations.models import Decision
from recommendations.ranking.ordering import Fallback
from recommendations.selectors import Offer, RecommendationSet

ROUTE = "/api/v1/intelligence/recommendations"


def ask(partner: Client, person: UUID, **more: Any) -> Any:
    return partner.get(ROUTE, {"customer_id": str(person), "purpose": "personalisation", **more})


def test_short_way__writes_what_the_serializer_writes() -> None:
    offer = Offer("CPH-LIS", "route", 0.9867, 1, "You booked “it” twice.", "content_based", 1.0, "route-1")
    told = RecommendationSet(uuid7(), [offer], uuid7(), "route-1", Fallback.NOTHING, timezone.now())
    answer = intelligence.Intelligence(uuid7(), "marketing", "email", timezone.now(), "consent", recommendations=told)

    with timezone.override(UTC):
        long_way = JsonRenderer().render(RecommendationAnswerSerializer(answer).data)

    assert orjson.loads(as_json(answer)) == orjson.loads(long_way)


@pytest.mark.parametrize("asked", [{}, {"channel": "email", "kind": "route", "limit": "3"}])
def test_short_and_long_way__say_the_same(partner: Client, alice: UUID, asked: dict[str, str]) -> None:
    consent.record([_yes(alice, "email")])

    short = ask(partner, alice, **asked).json()
    long = partner.get(ROUTE, {"loyalty_number": "NV000001", "purpose": "personalisation", **asked}).json()

    moving = ("as_of", "recommendations")
    assert {k: v for k, v in short.items() if k not in moving} == {k: v for k, v in long.items() if k not in moving}
    assert short["recommendations"].keys() == long["recommendations"].keys()


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"limit": "51"}, 400, "invalid"),
        ({"purpose": "gossip"}, 400, "invalid"),
        ({"email": "alice@example.org"}, 400, "invalid"),
        ({"purpose": "servicing"}, 403, "purpose-not-allowed"),
        ({"customer_id": str(uuid7())}, 404, "not-found"),
    ],
)
def test_refusals__are_problems(partner: Client, alice: UUID, asked: dict[str, str], status: int, code: str) -> None:
    response = ask(partner, alice, **asked)

    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.json()["type"].endswith(code)


def test_consent__withdrawn_between_two_requests__ends_it_at_once(partner: Client, alice: UUID) -> None:
    assert ask(partner, alice).status_code == 200

    consent.record([_yes(alice, "", state="withdrawn")])

    assert ask(partner, alice).status_code == 403


def test_an_id_that_was_folded_into_another__leads_to_whom_it_was_folded_into(partner: Client, alice: UUID) -> None:
    old = uuid7()
    Customer.objects.create(bucket=bucket_of(old), id=old, first_source=1, merged_into=alice)

    assert ask(partner, old).json()["customer_id"] == str(alice)
    assert AuditEvent.objects.latest("occurred_at").ids == [alice]


def test_answer__says_how_long_it_is(partner: Client, alice: UUID) -> None:
    response = ask(partner, alice)

    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.django_db(transaction=True)
def test_without_an_audit_row__there_is_no_answer_and_no_decision(
    new_partner: Callable[..., Client], alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = new_partner()
    monkeypatch.setattr(audit, "_RECORD_SQL", audit._RECORD_SQL.replace("privacy_auditevent", "privacy_gone"))
    partner.raise_request_exception = False

    response = ask(partner, alice)

    assert response.status_code == 500
    assert not Decision.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_time__ends_with_the_request(new_partner: Callable[..., Client], alice: UUID) -> None:
    assert ask(new_partner(), alice).status_code == 200

    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def _yes(person: UUID, channel: str, state: str = "granted") -> consent.ConsentEntry:
    return consent.ConsentEntry(
        customer_id=person,
        purpose=Purpose.PERSONALISATION.value,
        channel=Channel(channel).value if channel else "",
        state=state,
        occurred_at=timezone.now(),
        source="test",
    )
