"""Whether customers are still what they were when they were compared, where several processes join people at once.

Whoever is to be joined is held first: nobody else joins them before the running transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from iaros.lib import arrays, staging

_NOW_SQL = "SELECT pg_current_snapshot()::text"
_HOLD_SQL = """
SELECT c.id FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
JOIN profiles_customer c ON c.bucket = w.bucket AND c.id = w.id
ORDER BY c.id FOR NO KEY UPDATE OF c
"""
# A profile is written whenever its customer changes. Its writer's number has 32 bits, a snapshot's 64: the nearer one
# of those that end so is meant.
_STANDING_SQL = """
SELECT p.id
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
JOIN profiles_profile p ON p.bucket = w.bucket AND p.id = w.id
CROSS JOIN (SELECT pg_snapshot_xmax(%(began)s::pg_snapshot)::text::bigint AS newest) s
CROSS JOIN LATERAL (SELECT (s.newest - p.xmin::text::bigint) & 4294967295 AS age) a
WHERE pg_visible_in_snapshot(
    (s.newest - CASE WHEN a.age > 2147483648 THEN a.age - 4294967296 ELSE a.age END)::text::xid8,
    %(began)s::pg_snapshot
)
"""


def now() -> str:
    """What the running transaction can see at this moment; everything it reads later is at least as new."""
    with connection.cursor() as cursor:
        cursor.execute(_NOW_SQL)
        return str(cursor.fetchone()[0])


def since(began: str, customers: Iterable[UUID]) -> set[UUID]:
    """Hold these customers for the running transaction; returns those who changed or are gone since `began`."""
    ids = sorted(customers)
    wanted: dict[str, Any] = {"buckets": arrays.of_buckets(ids), "ids": arrays.of_uuids(ids)}
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_HOLD_SQL, wanted)
        cursor.execute(_STANDING_SQL, {**wanted, "began": began})
        return set(ids) - {customer for (customer,) in cursor.fetchall()}
