"""Folds customers found to be one person into the oldest: links end and begin, facts follow, nothing is lost.

A set act over all tables of this app; called by the pipeline and by `identity_acts`, which replay survivorship
afterwards. It refuses, where a feed asks for it, to join two whom a person has split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.accounts.models import User
from iaros.lib import arrays, copying, staging
from iaros.lib.ids import as_block
from privacy import ledger
from profiles.identity import resealing
from profiles.models import LinkRule

# A record that was split off the very customer it goes back to is linked as it was before the split.
_LINK_SQL = """
WITH ended AS (
    UPDATE profiles_link l SET ended_at = %(at)s
    FROM merge_pairs m
    WHERE l.bucket = m.duplicate_bucket AND l.customer_id = m.duplicate AND l.ended_at IS NULL
    RETURNING l.record_id, l.record_bucket, l.rule, l.score, l.evidence, m.survivor, m.survivor_bucket, m.duplicate,
              m.rule AS because, m.score AS sure, m.why,
              coalesce(l.evidence ->> 'split_from' = m.survivor::text, false) AS home
),
begun AS (
    INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule, score, evidence,
                               actor_id)
    SELECT survivor_bucket, survivor, record_id, record_bucket, %(at)s,
           CASE WHEN home THEN (evidence ->> 'was')::smallint ELSE because END,
           CASE WHEN home THEN (evidence ->> 'score')::real ELSE sure END,
           CASE WHEN home THEN evidence -> 'evidence' ELSE jsonb_strip_nulls(jsonb_build_object(
               'merged_from', duplicate, 'was', rule, 'score', score, 'evidence', evidence
           )) || coalesce(why::jsonb, '{}') END,
           %(actor)s
    FROM ended
    RETURNING *
)
SELECT count(lib_note_new('profiles_link', customer_id, to_jsonb(begun))) FROM begun
"""
_REDIRECT_SQL = """
UPDATE profiles_customer c SET merged_into = m.survivor
FROM merge_pairs m
WHERE c.bucket = m.duplicate_bucket AND c.id = m.duplicate
"""
# Those who were folded into the duplicate before now lead to the survivor.
_REDIRECT_EARLIER_SQL = """
UPDATE profiles_customer c SET merged_into = m.survivor FROM merge_pairs m WHERE c.merged_into = m.duplicate
"""
# The survivor may hold the same look-up already: then the duplicate's row goes, and a claim it held passes on. What is
# new is noted by a part of its own: joined to those who are gone it would not be asked where nobody is.
_IDENTIFIERS_SQL = """
WITH held AS (
    SELECT i.lookup, i.kind, m.duplicate, m.survivor, i.claims,
           row_number() OVER (PARTITION BY i.lookup, i.kind, m.survivor ORDER BY i.claims DESC, m.duplicate) > 1
           OR EXISTS (
               SELECT FROM profiles_identifier s
               WHERE s.lookup = i.lookup AND s.kind = i.kind AND s.customer_id = m.survivor
           ) AS twice
    FROM merge_pairs m
    CROSS JOIN LATERAL (
        SELECT f.lookup, f.kind, f.claims FROM profiles_identifier f WHERE f.customer_id = m.duplicate OFFSET 0
    ) i
),
gone AS (
    DELETE FROM profiles_identifier i USING held h
    WHERE h.twice AND i.lookup = h.lookup AND i.kind = h.kind AND i.customer_id = h.duplicate
    RETURNING h.lookup, h.kind, h.survivor, h.claims
),
moved AS (
    UPDATE profiles_identifier i SET customer_id = h.survivor FROM held h
    WHERE NOT h.twice AND i.lookup = h.lookup AND i.kind = h.kind AND i.customer_id = h.duplicate
    RETURNING i.*
),
noted AS (SELECT count(lib_note_new('profiles_identifier', customer_id, to_jsonb(moved))) AS rows FROM moved)
SELECT gone.lookup, gone.kind, gone.survivor FROM gone WHERE gone.claims
UNION ALL SELECT NULL, NULL, NULL FROM noted WHERE noted.rows < 0
"""
_CLAIMS_SQL = """
UPDATE profiles_identifier i SET claims = true
FROM merge_claims c WHERE i.lookup = c.lookup AND i.kind = c.kind AND i.customer_id = c.survivor
"""
_FACTS_SQL = """
UPDATE {table} f SET customer_id = m.survivor, bucket = m.survivor_bucket
FROM merge_pairs m WHERE f.customer_id = m.duplicate {bucket}
"""
FACTS = (
    "profiles_passenger",
    "profiles_coupon",
    "profiles_ancillary",
    "profiles_servicerequest",
    "profiles_loyaltyactivity",
)
# Either way round: who was split from whom does not matter to those who are to be two.
_SPLIT_SQL = """
SELECT m.survivor, m.duplicate
FROM unnest(%(survivors)s::uuid[], %(duplicates)s::uuid[]) AS m (survivor, duplicate)
JOIN profiles_identityact a ON (a.customer_id, a.other_id) IN ((m.survivor, m.duplicate), (m.duplicate, m.survivor))
WHERE a.kind = 'split' AND a.undone_at IS NULL
"""
_FORGET_SQL = "DELETE FROM {table} t USING merge_pairs m WHERE t.bucket = m.duplicate_bucket AND t.id = m.duplicate"


@dataclass(frozen=True)
class Reason:
    """Why somebody was folded, as their links say it: the rule, how sure it was, and the evidence as JSON."""

    rule: LinkRule
    score: float = 1.0
    evidence: str | None = None


def fold(
    pairs: Sequence[tuple[UUID, UUID]],
    *,
    at: datetime,
    by: User | None = None,
    why: Mapping[UUID, Reason] | None = None,
) -> list[bytes]:
    """Fold each (survivor, duplicate) in the running transaction; returns the survivors, to be rebuilt.

    Without a person `by` who decides it, those who were split by one stay two. `why`: the reason by duplicate.
    """
    pairs = _final(pairs if by else _not_split(pairs))
    if not pairs:
        return []
    survivors, duplicates = as_block([s for s, _ in pairs]), as_block([d for _, d in pairs])
    usual = Reason(LinkRule.MANUAL if by else LinkRule.MERGE)
    reasons = [why.get(duplicate, usual) if why else usual for _, duplicate in pairs]
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "merge_pairs",
            "survivor uuid, survivor_bucket smallint, duplicate uuid, duplicate_bucket smallint, "
            "rule smallint, score real, why text",
            {
                "survivor": copying.uuids(survivors),
                "survivor_bucket": copying.smallints(survivors[:, 15]),
                "duplicate": copying.uuids(duplicates),
                "duplicate_bucket": copying.smallints(duplicates[:, 15]),
                "rule": copying.smallints(np.array([int(reason.rule) for reason in reasons])),
                "score": copying.reals(np.array([reason.score for reason in reasons])),
                "why": copying.texts([reason.evidence for reason in reasons]),
            },
        )
        cursor.execute(_LINK_SQL, {"at": at, "actor": by.pk if by else None})
        _fold_identifiers(cursor)
        resealing.reseal(pairs)
        for table in FACTS:
            cursor.execute(_FACTS_SQL.format(table=table, bucket="AND f.bucket = m.duplicate_bucket"))
        cursor.execute(_FACTS_SQL.format(table="profiles_event", bucket="AND f.bucket = m.duplicate_bucket"))
        cursor.execute(_REDIRECT_SQL)
        cursor.execute(_REDIRECT_EARLIER_SQL)
        for table in ("profiles_profile", "profiles_enrichment", "profiles_searchkeys"):
            cursor.execute(_FORGET_SQL.format(table=table))
    ledger.move_all(pairs)
    return [survivor.bytes for survivor, _ in pairs]


def _not_split(pairs: Sequence[tuple[UUID, UUID]]) -> Sequence[tuple[UUID, UUID]]:
    if not pairs:
        return pairs
    with connection.cursor() as cursor:
        asked = {"survivors": arrays.of_uuids(s for s, _ in pairs), "duplicates": arrays.of_uuids(d for _, d in pairs)}
        cursor.execute(_SPLIT_SQL, asked)
        split = set(cursor.fetchall())
    return [pair for pair in pairs if pair not in split]


def _fold_identifiers(cursor: object) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(_IDENTIFIERS_SQL)
    claims = cursor.fetchall()  # type: ignore[attr-defined]
    if not claims:
        return
    staging.stage(
        cursor,
        "merge_claims",
        "lookup bytea, kind smallint, survivor uuid",
        {
            "lookup": copying.blobs([bytes(lookup) for lookup, _, _ in claims]),
            "kind": copying.smallints(np.array([kind for _, kind, _ in claims])),
            "survivor": copying.uuids(as_block([survivor for _, _, survivor in claims])),
        },
    )
    execute(_CLAIMS_SQL)


def _final(pairs: Sequence[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    """Each duplicate once, straight into the oldest of its chain."""
    into: dict[UUID, UUID] = {}
    for survivor, duplicate in pairs:
        into[duplicate] = min(survivor, into.get(duplicate, survivor))

    def oldest(customer: UUID) -> UUID:
        while customer in into and into[customer] != customer:
            customer = into[customer]
        return customer

    return sorted((oldest(duplicate), duplicate) for duplicate in into if oldest(duplicate) != duplicate)
