"""What the records say of customers, opened in memory only: of those who are compared and nobody else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from iaros.lib import arrays, staging
from privacy import subjects
from profiles.person_values import unpacked

# OFFSET 0 keeps the steps apart, as where golden profiles are built.
_RECORDS_SQL = """
SELECT w.place, r.id, m.key_id, r.cipher
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) WITH ORDINALITY AS w (bucket, id, place)
CROSS JOIN LATERAL (
    SELECT l.record_bucket, l.record_id FROM profiles_link l
    WHERE l.bucket = w.bucket AND l.customer_id = w.id AND l.ended_at IS NULL OFFSET 0
) linked
CROSS JOIN LATERAL (
    SELECT s.id, s.message_id, s.cipher, s.superseded_at FROM profiles_sourcerecord s
    WHERE s.bucket = linked.record_bucket AND s.id = linked.record_id OFFSET 0
) r
CROSS JOIN LATERAL (SELECT t.key_id FROM profiles_message t WHERE t.id = r.message_id OFFSET 0) m
WHERE r.cipher IS NOT NULL AND r.superseded_at IS NULL
"""


@transaction.atomic(savepoint=False)
def told_of(customers: Sequence[UUID]) -> dict[UUID, set[tuple[str | None, ...]]]:
    """By customer, the distinct values of PERSON_FIELDS that the current records state."""
    if not customers:
        return {}
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_RECORDS_SQL, {"buckets": arrays.of_buckets(customers), "ids": arrays.of_uuids(customers)})
        rows: list[tuple[int, UUID, UUID, Any]] = cursor.fetchall()
    keys = subjects.landing_sealers({row[2] for row in rows})
    found: dict[UUID, set[tuple[str | None, ...]]] = defaultdict(set)
    for place, record, key_id, cipher in rows:
        if key_id in keys:
            found[customers[place - 1]].add(tuple(unpacked(keys[key_id].open(cipher, b"record:" + record.bytes))))
    return found
