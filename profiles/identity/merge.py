"""Folds customers found to be one person into the oldest: links end and begin, facts follow, nothing is lost.

A set act over all tables of this app; called by the pipeline only, which replays survivorship afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from iaros.lib.ids import as_block
from privacy import ledger
from profiles.models import LinkRule

_LINK_SQL = """
WITH ended AS (
    UPDATE profiles_link l SET ended_at = %(at)s
    FROM merge_pairs m
    WHERE l.bucket = m.duplicate_bucket AND l.customer_id = m.duplicate AND l.ended_at IS NULL
    RETURNING l.record_id, l.record_bucket, l.rule, m.survivor, m.survivor_bucket, m.duplicate
),
begun AS (
    INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule, score, evidence)
    SELECT survivor_bucket, survivor, record_id, record_bucket, %(at)s, %(rule)s, 1.0,
           jsonb_build_object('merged_from', duplicate, 'was', rule)
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
# The survivor may hold the same look-up already: then the duplicate's row goes, and a claim it held passes on.
_IDENTIFIERS_SQL = """
WITH gone AS (
    DELETE FROM profiles_identifier i USING merge_pairs m WHERE i.customer_id = m.duplicate
    RETURNING i.lookup, i.kind, m.survivor, i.record_id, i.claims, i.verified_at, i.purpose
),
kept AS (
    INSERT INTO profiles_identifier (lookup, kind, customer_id, record_id, claims, verified_at, purpose)
    SELECT DISTINCT ON (lookup, kind, survivor) lookup, kind, survivor, record_id, false, verified_at, purpose
    FROM gone g
    WHERE NOT EXISTS (
        SELECT FROM profiles_identifier i
        WHERE i.lookup = g.lookup AND i.kind = g.kind AND i.customer_id = g.survivor
    )
    ORDER BY lookup, kind, survivor, claims DESC
    RETURNING *
)
SELECT count(lib_note_new('profiles_identifier', customer_id, to_jsonb(kept))) FROM kept
"""
_CLAIMS_SQL = """
UPDATE profiles_identifier i SET claims = true
FROM merge_claims c WHERE i.lookup = c.lookup AND i.kind = c.kind AND i.customer_id = c.survivor
"""
_REMEMBER_CLAIMS_SQL = """
SELECT i.lookup, i.kind, m.survivor
FROM merge_pairs m JOIN profiles_identifier i ON i.customer_id = m.duplicate WHERE i.claims
"""
_FACTS_SQL = """
UPDATE {table} f SET customer_id = m.survivor, bucket = m.survivor_bucket
FROM merge_pairs m WHERE f.customer_id = m.duplicate {bucket}
"""
_FACTS = (
    "profiles_passenger",
    "profiles_coupon",
    "profiles_ancillary",
    "profiles_servicerequest",
    "profiles_loyaltyactivity",
)
_FORGET_SQL = "DELETE FROM {table} t USING merge_pairs m WHERE t.bucket = m.duplicate_bucket AND t.id = m.duplicate"


def fold(pairs: Sequence[tuple[UUID, UUID]], *, at: datetime) -> list[bytes]:
    """Fold each (survivor, duplicate) in the running transaction; returns the survivors, to be rebuilt."""
    pairs = _final(pairs)
    if not pairs:
        return []
    survivors, duplicates = as_block([s for s, _ in pairs]), as_block([d for _, d in pairs])
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "merge_pairs",
            "survivor uuid, survivor_bucket smallint, duplicate uuid, duplicate_bucket smallint",
            {
                "survivor": copying.uuids(survivors),
                "survivor_bucket": copying.smallints(survivors[:, 15]),
                "duplicate": copying.uuids(duplicates),
                "duplicate_bucket": copying.smallints(duplicates[:, 15]),
            },
        )
        cursor.execute(_LINK_SQL, {"at": at, "rule": int(LinkRule.MERGE)})
        _fold_identifiers(cursor)
        for table in _FACTS:
            cursor.execute(_FACTS_SQL.format(table=table, bucket="AND f.bucket = m.duplicate_bucket"))
        cursor.execute(_FACTS_SQL.format(table="profiles_event", bucket="AND f.bucket = m.duplicate_bucket"))
        cursor.execute(_REDIRECT_SQL)
        cursor.execute(_REDIRECT_EARLIER_SQL)
        for table in ("profiles_profile", "profiles_enrichment", "profiles_searchkeys"):
            cursor.execute(_FORGET_SQL.format(table=table))
    ledger.move_all(pairs)
    return [survivor.bytes for survivor, _ in pairs]


def _fold_identifiers(cursor: object) -> None:
    execute = cursor.execute  # type: ignore[attr-defined]
    execute(_REMEMBER_CLAIMS_SQL)
    claims = cursor.fetchall()  # type: ignore[attr-defined]
    execute(_IDENTIFIERS_SQL)
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
