"""Passengers whom a newer version of their booking does not name any more: what it told of them ends.

Comes in: the bookings that a batch tells anew. Goes out: the customers who lost a seat, to be assembled anew. It takes
nobody out whom another source named: one system's silence does not undo another's word.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, staging
from profiles.shapes import Block, Landed

_UNSEATED_SQL = """
SELECT p.bucket, p.customer_id, p.record_id
FROM unseated_bookings k
JOIN profiles_passenger p ON p.booking_id = k.id
JOIN profiles_sourcerecord r ON r.id = p.record_id
JOIN profiles_message m ON m.id = r.message_id
WHERE m.source_id = %s AND p.customer_id IS NOT NULL AND r.superseded_at IS NULL
  AND NOT EXISTS (SELECT FROM unseated_seats s WHERE s.id = k.id AND s.number = p.number)
"""
_GONE = "unnest(%(buckets)s::smallint[], %(customers)s::uuid[], %(records)s::uuid[]) AS gone (bucket, customer_id, id)"
_FORGET_SQL = """
DELETE FROM {table} f USING {gone}
WHERE f.bucket = gone.bucket AND f.customer_id = gone.customer_id AND f.record_id = gone.id
"""
_END_LINKS_SQL = f"""
UPDATE profiles_link l SET ended_at = %(at)s FROM {_GONE}
WHERE l.bucket = gone.bucket AND l.customer_id = gone.customer_id AND l.record_id = gone.id AND l.ended_at IS NULL
"""
_SUPERSEDE_SQL = "UPDATE profiles_sourcerecord SET superseded_at = %(at)s WHERE id = ANY(%(records)s::uuid[])"


def end(landed: Landed, booking_ids: Block, place: NDArray[np.int64], tables: tuple[str, ...]) -> list[bytes]:
    """End the mentions of passengers whom the newer version leaves out; `tables` hold what was told of them."""
    seats = landed.batch.facts.get("passengers")
    if not landed.previous or not seats:
        return []
    of = np.asarray(seats["booking"], dtype=np.int64)
    told = np.unique(of[place[np.asarray(seats["mention"], dtype=np.int64)] >= 0])
    rows = np.flatnonzero(np.isin(of, told))
    with connection.cursor() as cursor:
        staging.stage(cursor, "unseated_bookings", "id uuid", {"id": copying.uuids(booking_ids[told])})
        staging.stage(
            cursor,
            "unseated_seats",
            "id uuid, number smallint",
            {
                "id": copying.uuids(booking_ids[of[rows]]),
                "number": copying.smallints(np.asarray(seats["number"], dtype=np.int64)[rows]),
            },
        )
        cursor.execute(_UNSEATED_SQL, [landed.feed.source_id])
        gone: list[tuple[int, UUID, UUID]] = cursor.fetchall()
        if not gone:
            return []
        buckets, customers, records = map(list, zip(*gone, strict=True))
        parameters: dict[str, Any] = {
            "buckets": buckets,
            "customers": customers,
            "records": records,
            "at": landed.feed.received_at,
        }
        for table in tables:
            cursor.execute(_FORGET_SQL.format(table=table, gone=_GONE), parameters)
        cursor.execute(_END_LINKS_SQL, parameters)
        cursor.execute(_SUPERSEDE_SQL, parameters)
    return [customer.bytes for customer in customers]
