"""Composes what is known of one person from the left of the house to the right. In goes an id and a reader; out comes
what was asked for and nothing else. Refuses before reading; writes one audit row after."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from iaros.intelligence.gate import Reader, UnknownCustomer, admit, note
from iaros.intelligence.limits import within
from iaros.lib import clock
from iaros.lib.purposes import BASIS
from privacy import consent
from profiles import knowledge
from profiles import selectors as profiles
from recommendations import selectors as recommendations
from segmentation import selectors as segmentation


class NotForThisPurpose(Exception):
    """Offers are not made for the purpose that was named; the message says so."""


EXPANDABLE = ("profile", "segments", "scores", "recommendations", "consent")


@dataclass(frozen=True)
class Intelligence:
    """What was asked for; a part that was not is None."""

    customer_id: UUID
    purpose: str
    channel: str | None
    as_of: datetime
    basis: str
    profile: Any = None
    segments: Any = None
    scores: Any = None
    recommendations: Any = None
    consent: Any = None


def customer(
    customer_id: UUID,
    *,
    reader: Reader,
    expand: Collection[str] = ("profile",),
    known_at: datetime | None = None,
) -> Intelligence:
    """Read one person for one purpose; the profile as it was known at a moment, where one is named.

    Raises UnknownCustomer, ConsentRequired, or TookTooLong past the airline's processing timeout.
    """
    decision = admit(customer_id, reader)
    with within(settings.INTELLIGENCE.profile.processing_timeout):
        parts = {part: _read(part, customer_id, reader, known_at) for part in EXPANDABLE if part in expand}
        note(f"read {', '.join(parts)}", reader, [customer_id])
    return Intelligence(
        customer_id=customer_id,
        purpose=str(reader.purpose),
        channel=str(reader.channel) if reader.channel else None,
        as_of=clock.now(),
        basis=str(decision.basis),
        **parts,
    )


def _read(part: str, customer_id: UUID, reader: Reader, known_at: datetime | None) -> Any:
    if part == "profile" and known_at:
        then = knowledge.profile_as_of(customer_id, known_at, purpose=reader.purpose, reveal=reader.reveal)
        if then is None:
            raise UnknownCustomer
        return then
    if part == "profile":
        profile = profiles.profile_of(customer_id, purpose=reader.purpose, reveal=reader.reveal)
        if profile is None:
            raise UnknownCustomer
        return profile
    if part == "segments":
        return tuple(segmentation.segments_of(customer_id))
    if part == "scores":
        return tuple(segmentation.scores_of(customer_id))
    if part == "consent":
        return tuple(consent.states(customer_id))
    return _recommend(customer_id, reader)


def offers(customer_id: UUID, *, reader: Reader, kind: str | None = None, limit: int = 10) -> Intelligence:
    """What to offer one person, by any id that was theirs: the hot route, so the gate is asked once, by the
    recommender, in the statement that reads. The audit row goes with the log of the decision.

    It keeps `real_time_timeout` itself, by falling back. Raises UnknownCustomer, ConsentRequired, NotForThisPurpose.
    """
    answer = _recommend(
        customer_id, reader, kind, limit, beside=lambda whom: note("read recommendations", reader, [whom])
    )
    if answer.refused:
        living = profiles.survivor_of(answer.customer_id)
        if living is None:
            raise UnknownCustomer
        admit(living, reader)
        raise NotForThisPurpose(answer.refused)
    return Intelligence(
        customer_id=answer.customer_id,
        purpose=str(reader.purpose),
        channel=str(reader.channel) if reader.channel else None,
        as_of=clock.now(),
        basis=str(BASIS[reader.purpose]),
        recommendations=answer,
    )


def _recommend(
    customer_id: UUID,
    reader: Reader,
    kind: str | None = None,
    limit: int = 10,
    beside: Callable[[UUID], None] | None = None,
) -> Any:
    return recommendations.recommend(
        customer_id,
        kind=kind,
        limit=limit,
        purpose=reader.purpose,
        channel=reader.channel,
        client=str(reader.client) if reader.client else "",
        beside=beside,
    )
