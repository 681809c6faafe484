"""Why a record is held to be somebody's: the link with its rule, weights and actor, and the keys it shares with the
person's other records, read from the raw lines again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy.consent import gate
from profiles import rereading
from profiles.identity import split
from profiles.models import IdentifierKind, LinkRule

MOST_REREAD = 200
_LINKS_SQL = """
SELECT s.name AS source, l.record_id, l.rule, coalesce(l.score, 1.0) AS score, l.evidence::text AS evidence,
       l.linked_at, l.ended_at,
       m.received_at, r.superseded_at, u.username AS actor
FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
LEFT JOIN accounts_user u ON u.id = l.actor_id
WHERE l.bucket = %(bucket)s AND l.customer_id = %(customer)s AND {gate}
ORDER BY l.ended_at DESC NULLS FIRST, m.received_at DESC, l.record_id
LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Step:
    """What one comparison added to the weight, in bits; the prior is the first."""

    comparison: str
    outcome: str
    weight: float


@dataclass(frozen=True)
class LinkTold:
    """One link of the ledger, as it is or was. `steps` are of a probable match; a certain one has none."""

    source: str
    record_id: UUID
    rule: LinkRule
    score: float
    actor: str
    linked_at: datetime
    ended_at: datetime | None
    received_at: datetime
    superseded: bool
    steps: tuple[Step, ...]
    merged_from: UUID | None
    split_from: UUID | None
    was: LinkRule | None

    @property
    def weight(self) -> float | None:
        return sum(step.weight for step in self.steps) if self.steps else None


@dataclass(frozen=True)
class SharedKey:
    """A key of the record: of which kind, how many other records of the person have it, and whether it claims them."""

    kind: str
    others: int
    claims: bool


def links_of(customer_id: UUID, *, purpose: Purpose, limit: int = 200) -> list[LinkTold]:
    """Links of this customer, those that hold first."""
    condition, params = gate(purpose, customer="l.customer_id", bucket="l.bucket")
    params |= {"bucket": bucket_of(customer_id), "customer": customer_id, "limit": limit}
    return [_told(row) for row in sql.query(_LINKS_SQL.format(gate=condition), params)]


def shared_keys(customer_id: UUID, record_id: UUID) -> list[SharedKey]:
    """The keys of one record of this customer, those of most other records first.

    Of people with hundreds of records nothing is read again: that would take longer than anybody waits.
    """
    linked = split.linked_to(customer_id)
    if len(linked) > MOST_REREAD or record_id not in {record for _, record in linked}:
        return []
    told = rereading.keys_of(linked)
    claimed = split.claimed_by(customer_id)
    times = Counter(key for keys in told.values() for key in set(keys))
    mine = dict.fromkeys(told.get(record_id, []))
    found = [SharedKey(IdentifierKind(key[0]).label, times[key] - 1, key in claimed) for key in mine]
    return sorted(found, key=lambda shared: (-shared.others, shared.kind))


def _told(row: dict[str, Any]) -> LinkTold:
    evidence = orjson.loads(row["evidence"]) if row["evidence"] else {}
    parts = evidence.get("parts", ())
    return LinkTold(
        source=row["source"],
        record_id=row["record_id"],
        rule=LinkRule(row["rule"]),
        score=row["score"],
        actor=row["actor"] or "",
        linked_at=row["linked_at"],
        ended_at=row["ended_at"],
        received_at=row["received_at"],
        superseded=row["superseded_at"] is not None,
        steps=tuple(Step(str(name), str(outcome), float(weight)) for name, outcome, weight in parts),
        merged_from=_id(evidence.get("merged_from")),
        split_from=_id(evidence.get("split_from")),
        was=LinkRule(evidence["was"]) if evidence.get("was") in LinkRule.values else None,
    )


def _id(said: str | None) -> UUID | None:
    return UUID(said) if said else None
