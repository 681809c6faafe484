"""Before anything of a person is read: may this reader, for this purpose? And afterwards: that it was read.

A refusal is written down as well, since the data protection officer answers for attempts too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from iaros.accounts.models import ApiClient, User
from iaros.lib.purposes import Channel, Purpose
from privacy import audit, consent, subjects


class UnknownCustomer(Exception):
    """Nobody by this id whom the reader may know of: never there, folded away, erased or restricted."""


class ConsentRequired(Exception):
    """The person is there and did not agree to this purpose, or objected to it."""

    def __init__(self, decision: consent.Decision) -> None:
        super().__init__(decision.reason)
        self.decision = decision


@dataclass(frozen=True)
class Reader:
    """Who reads, why, and by which door. `reveal` shows names and contacts unmasked."""

    purpose: Purpose
    channel: Channel | None = None
    actor: User | None = None
    client: ApiClient | None = None
    route: str = ""
    request_id: str = ""
    reveal: bool = False


def admit(customer_id: UUID, reader: Reader) -> consent.Decision:
    """The decision that lets this reader in; raises UnknownCustomer or ConsentRequired."""
    decision = consent.decide(customer_id, reader.purpose, reader.channel)
    if decision.allowed:
        return decision
    # On a legal obligation nothing is asked of the person, so a refusal there means that there is nobody.
    if not consent.decide(customer_id, Purpose.LEGAL_OBLIGATION).allowed:
        raise UnknownCustomer
    note("refused", reader, [customer_id], reason=decision.reason)
    if subjects.frozen([customer_id]):
        raise UnknownCustomer
    raise ConsentRequired(decision)


def note(action: str, reader: Reader, ids: list[UUID], *, reason: str = "", **details: Any) -> None:
    """The one audit row of the request."""
    audit.record(
        action=action,
        actor=reader.actor,
        client=reader.client,
        purpose=reader.purpose,
        ids=ids,
        route=reader.route,
        reason=reason,
        details=details | ({"request_id": reader.request_id} if reader.request_id else {}),
    )
