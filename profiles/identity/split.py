"""Takes records from one customer to another, by the ledger: links end and begin, and what the records told follows.

Comes in: the records that are somebody else's. Goes out: every version of them, moved. Records stay where they are;
survivorship is replayed by the caller. It refuses nothing: `identity_acts` has looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from iaros.accounts.models import User
from iaros.lib.ids import bucket_of, uuid7
from privacy import ledger, subjects
from profiles.identity import resealing
from profiles.identity.merge import FACTS
from profiles.models import Customer, Identifier, Link, LinkRule

Key = tuple[int, bytes]  # kind of identifier, look-up

_FORGET_STAGE_SQL = "DROP TABLE IF EXISTS split_records"
# Every version of the chosen mentions that ever was one of the two's: facts may name an earlier one.
_STAGE_SQL = """
CREATE TEMP TABLE split_records ON COMMIT DROP AS
WITH ever AS (
    SELECT DISTINCT l.record_bucket AS bucket, l.record_id AS id FROM profiles_link l
    WHERE l.bucket = ANY(%(buckets)s::smallint[]) AND l.customer_id = ANY(%(both)s::uuid[])
),
chosen AS (
    SELECT DISTINCT s.bucket, s.native_key
    FROM ever JOIN profiles_sourcerecord s ON s.bucket = ever.bucket AND s.id = ever.id
    WHERE s.id = ANY(%(records)s::uuid[])
)
SELECT s.bucket, s.id
FROM ever
JOIN profiles_sourcerecord s ON s.bucket = ever.bucket AND s.id = ever.id
JOIN chosen ON chosen.bucket = s.bucket AND chosen.native_key = s.native_key
"""
# A record that came by a merge from the very customer it goes back to is linked as it was before the merge.
_LINK_SQL = """
WITH ended AS (
    UPDATE profiles_link l SET ended_at = %(at)s FROM split_records r
    WHERE l.bucket = %(bucket)s AND l.customer_id = %(customer)s AND l.ended_at IS NULL AND l.record_id = r.id
    RETURNING l.record_id, l.record_bucket, l.rule, l.score, l.evidence,
              coalesce(l.evidence ->> 'merged_from' = %(into)s::text, false) AS home
)
INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule, score, evidence, actor_id)
SELECT %(into_bucket)s, %(into)s, record_id, record_bucket, %(at)s,
       CASE WHEN home THEN (evidence ->> 'was')::smallint ELSE %(manual)s END,
       CASE WHEN home THEN (evidence ->> 'score')::real END,
       CASE WHEN home THEN evidence -> 'evidence' ELSE jsonb_strip_nulls(jsonb_build_object(
           'split_from', %(customer)s::text, 'was', rule, 'score', score, 'evidence', evidence
       )) END,
       %(actor)s
FROM ended
"""
_FACTS_SQL = """
UPDATE {table} f SET customer_id = %(into)s, bucket = %(into_bucket)s
WHERE f.bucket = %(bucket)s AND f.customer_id = %(customer)s AND f.record_id IN (SELECT id FROM split_records)
"""
# Whoever had been folded into the one who comes back leads there again.
_REDIRECT_SQL = """
UPDATE profiles_customer c SET merged_into = %(into)s
FROM (
    SELECT DISTINCT (l.evidence ->> 'merged_from')::uuid AS id FROM profiles_link l
    WHERE l.bucket = %(into_bucket)s AND l.customer_id = %(into)s AND l.evidence ? 'merged_from'
) folded
WHERE c.bucket = get_byte(uuid_send(folded.id), 15) AND c.id = folded.id AND c.merged_into = %(customer)s
"""
_CAME_BY_MERGE_SQL = """
SELECT DISTINCT l.record_id FROM profiles_link l
WHERE l.bucket = %s AND l.customer_id = %s AND l.evidence ->> 'merged_from' = %s::text
"""


def came_with(customer_id: UUID, former: UUID) -> list[UUID]:
    """The records that became `customer_id`'s when `former` was folded into it."""
    with connection.cursor() as cursor:
        cursor.execute(_CAME_BY_MERGE_SQL, [bucket_of(customer_id), customer_id, str(former)])
        return [record for (record,) in cursor.fetchall()]


def linked_to(customer_id: UUID) -> list[tuple[int, UUID]]:
    """The records (bucket, id) that are this customer's now."""
    mine = Link.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id, ended_at__isnull=True)
    return list(mine.values_list("record_bucket", "record_id"))


def linked_since(customer_id: UUID, moment: datetime) -> list[UUID]:
    """The records that became this customer's after that moment."""
    mine = Link.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id, ended_at__isnull=True)
    return list(mine.filter(linked_at__gt=moment).values_list("record_id", flat=True))


def claimed_by(customer_id: UUID) -> set[Key]:
    """The keys by which this customer alone is known."""
    mine = Identifier.objects.filter(customer_id=customer_id, claims=True).values_list("kind", "lookup")
    return {(kind, bytes(lookup)) for kind, lookup in mine}


def open_customer(customer_id: UUID, *, into: UUID | None, at: datetime) -> UUID:
    """Whom the records go to: `into`, who was folded into `customer_id` and stands again, or somebody new."""
    if into is not None:
        Customer.objects.filter(bucket=bucket_of(into), id=into).update(merged_into=None)
        return into
    known = Customer.objects.get(bucket=bucket_of(customer_id), id=customer_id)
    new = uuid7()
    Customer.objects.create(bucket=bucket_of(new), id=new, created_at=at, first_source=known.first_source)
    subjects.open_subject(new)
    return new


def detach(
    *, customer_id: UUID, into: UUID, records: Sequence[UUID], at: datetime, by: User | None = None
) -> list[UUID]:
    """Move the records' links, facts and consents in the running transaction; returns all versions that moved."""
    params: dict[str, Any] = {
        "customer": customer_id,
        "bucket": bucket_of(customer_id),
        "into": into,
        "into_bucket": bucket_of(into),
        "both": [customer_id, into],
        "buckets": [bucket_of(customer_id), bucket_of(into)],
        "records": list(records),
        "at": at,
        "manual": int(LinkRule.MANUAL),
        "actor": by.pk if by else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_STAGE_SQL)
        cursor.execute(_STAGE_SQL, params)
        cursor.execute("SELECT id FROM split_records")
        moved = [record for (record,) in cursor.fetchall()]
        resealing.reseal([(into, customer_id)], moved)
        cursor.execute(_LINK_SQL, params)
        for table in (*FACTS, "profiles_event"):
            cursor.execute(_FACTS_SQL.format(table=table), params)
        cursor.execute(_REDIRECT_SQL, params)
        cursor.execute(_FORGET_STAGE_SQL)
    ledger.give_back(customer_id, into, moved)
    return moved


def part_identifiers(
    *, customer_id: UUID, into: UUID, theirs: Mapping[Key, UUID], rest: Mapping[Key, UUID], moved: Sequence[UUID]
) -> None:
    """Say by what each of the two is found now: `theirs` are the keys of the records that moved, `rest` of those that
    stayed, each with the first record that has it. A key of both stays claimed where it was.

    A key that no record tells any more goes with the record that had it first.
    """
    gone = set(moved)
    for row in Identifier.objects.filter(customer_id=customer_id):
        key = (row.kind, bytes(row.lookup))
        left, stays = key in theirs, key in rest
        if not left and not stays:
            left, stays = row.record_id in gone, row.record_id not in gone
        if not left:
            continue
        mine = Identifier.objects.filter(lookup=row.lookup, kind=row.kind, customer_id=customer_id)
        record = row.record_id if row.record_id in gone else theirs[key]
        if stays:
            if row.record_id in gone:
                mine.update(record_id=rest[key])
        else:
            mine._raw_delete("default")
        Identifier.objects.update_or_create(
            lookup=row.lookup,
            kind=row.kind,
            customer_id=into,
            defaults={
                "record_id": record,
                "claims": row.claims and not stays,
                "verified_at": row.verified_at,
                "purpose": row.purpose,
            },
        )
