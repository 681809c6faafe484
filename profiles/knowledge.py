"""What was known of a person at a moment, and what else was said: reads that replay survivorship over the records.

Whoever reads names a purpose; who may not be read for it is None. Values are masked unless they are revealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles import masking
from profiles.golden import misspelt, survivorship, witnesses
from profiles.golden.survivorship import Mention
from profiles.selectors import CustomerProfile, origins, survivor_of
from profiles.sources.contract import DISRUPTION_CONTACTS, PERSON_FIELDS

_SOURCES_SQL = """
SELECT r.id, s.name AS source
FROM profiles_sourcerecord r JOIN profiles_message m ON m.id = r.message_id JOIN profiles_source s ON s.id = m.source_id
WHERE (r.bucket, r.id) IN (
    SELECT l.record_bucket, l.record_id FROM profiles_link l WHERE l.bucket = %(bucket)s AND l.customer_id = %(id)s
)
"""


@dataclass(frozen=True)
class Witness:
    """A record that states a value: which source, and when it came."""

    record_id: UUID
    source: str
    received_at: datetime


@dataclass(frozen=True)
class CandidateValue:
    """One value that was stated of a field. `published` says that it stands in the profile; of a field whose likeliest
    value is below `published_from`, none does."""

    field: str
    value: str
    probability: float
    published: bool
    published_from: float
    witnesses: list[Witness]


def profile_as_of(customer_id: UUID, at: datetime, *, purpose: Purpose, reveal: bool = False) -> CustomerProfile | None:
    """The golden profile as it was known at the moment, under this very id; None where nothing was known of it yet.

    Before a merge the two were two: each id answers with what was its own.
    """
    mentions = witnesses.mentions_at(customer_id, at) if _allowed(customer_id, purpose) else []
    if not mentions:
        return None
    values, packed = survivorship.survive(mentions, misspelt.in_force())
    told = dict(zip(PERSON_FIELDS, values, strict=True))
    came = [mention.received_at for mention in mentions]
    return CustomerProfile(
        customer_id=customer_id,
        values={name: _shown(name, value, purpose, reveal=reveal) for name, value in told.items()},
        revealed=reveal,
        records=len(mentions),
        updated_at=max(came),
        known_since=min(came),
        origins=origins(customer_id, packed),
    )


def candidates_of(
    customer_id: UUID, *, purpose: Purpose, at: datetime | None = None, reveal: bool = False
) -> list[CandidateValue]:
    """What else was said: every value of the fields on which sources differ, or on which none is sure enough."""
    mentions = survivorship.in_order(witnesses.mentions_at(customer_id, at)) if _allowed(customer_id, purpose) else []
    if not mentions:
        return []
    sources = _sources(customer_id)
    found: list[CandidateValue] = []
    by_field = survivorship.candidates(mentions, misspelt.in_force())
    for place, (name, stated) in enumerate(zip(PERSON_FIELDS, by_field, strict=True)):
        least = survivorship.published_from(place)
        if not stated or (len(stated) == 1 and stated[0].probability >= least):
            continue
        for rank, candidate in enumerate(stated):
            value = _shown(name, candidate.value, purpose, reveal=reveal)
            if value is None:
                continue
            published = rank == 0 and candidate.probability >= least
            told = [_witness(mentions[at_], sources) for at_ in candidate.stated_by]
            found.append(CandidateValue(name, value, candidate.probability, published, least, told))
    return found


def _witness(mention: Mention, sources: dict[UUID, str]) -> Witness:
    record = UUID(bytes=mention.record_id)
    return Witness(record, sources.get(record, ""), mention.received_at)


def _sources(customer_id: UUID) -> dict[UUID, str]:
    params = {"bucket": bucket_of(customer_id), "id": customer_id}
    return {row["id"]: row["source"] for row in sql.query(_SOURCES_SQL, params)}


def _shown(name: str, value: str | None, purpose: Purpose, *, reveal: bool) -> str | None:
    if name in DISRUPTION_CONTACTS and purpose != Purpose.SERVICING_IROPS:
        return None
    return value if reveal else masking.masked(name, value)


def _allowed(customer_id: UUID, purpose: Purpose) -> bool:
    """What holds for whom this id means today holds for what was known of it."""
    living = survivor_of(customer_id)
    return living is not None and consent.decide(living, purpose).allowed
