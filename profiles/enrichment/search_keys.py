"""By what a person is found when somebody types a name: keyed hashes of the surname, how it sounds and how it begins.

Comes in: profiles written since the last time. Goes out: one row of keys a customer. The name itself stays sealed.
"""

from __future__ import annotations

import struct

import numpy as np
from django.db import connection, transaction

from iaros.lib import clock, copying, staging
from iaros.lib.ids import as_block
from iaros.lib.reports import Progress, silent
from privacy import subjects
from profiles.models.names import hashed, search_words
from profiles.person_values import unpacked
from profiles.sources.contract import PERSON_FIELDS

BUCKETS_AT_ONCE = 16
_SURNAME = PERSON_FIELDS.index("surname")
_CHANGED_SQL = """
SELECT p.id, p.cipher FROM profiles_profile p
LEFT JOIN profiles_searchkeys k ON k.bucket = p.bucket AND k.id = p.id
WHERE p.bucket >= %(low)s AND p.bucket < %(high)s AND (k.id IS NULL OR k.made_at < p.updated_at)
"""
_UPSERT_SQL = """
INSERT INTO profiles_searchkeys (bucket, id, keys, made_at) SELECT bucket, id, keys, made_at FROM search_staged
ON CONFLICT (bucket, id) DO UPDATE SET keys = excluded.keys, made_at = excluded.made_at
"""
_BIGINT_OID = 20


def refresh(progress: Progress = silent) -> int:
    """Bring the search keys up to date, one range of buckets a transaction; returns how many were written."""
    done = 0
    for low in range(0, 256, BUCKETS_AT_ONCE):
        done += _refresh_range(low, low + BUCKETS_AT_ONCE)
        progress(phase="search keys", done=low + BUCKETS_AT_ONCE, total=256)
    return done


@transaction.atomic
def _refresh_range(low: int, high: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED_SQL, {"low": low, "high": high})
        rows = cursor.fetchall()
    opened = subjects.sealers([row[0] for row in rows])
    rows = [row for row in rows if row[0] in opened]
    if not rows:
        return 0
    rows.sort(key=lambda row: (row[0].bytes[15], row[0].bytes))
    surnames = [
        unpacked(opened[customer].open(cipher, b"profile:" + customer.bytes))[_SURNAME] or ""
        for customer, cipher in rows
    ]
    words = [search_words(surname) for surname in surnames]
    hashes = iter(hashed([word for each in words for word in each]))
    arrays = [_bigint_array([next(hashes) for _ in each]) for each in words]
    block = as_block([customer for customer, _ in rows])
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "search_staged",
            "bucket smallint, id uuid, keys bigint[], made_at timestamptz",
            {
                "bucket": copying.smallints(block[:, 15]),
                "id": copying.uuids(block),
                "keys": copying.blobs(arrays),
                "made_at": copying.timestamps(np.full(len(rows), np.datetime64(clock.now().replace(tzinfo=None)))),
            },
        )
        cursor.execute(_UPSERT_SQL)
    return len(rows)


def _bigint_array(values: list[int]) -> bytes:
    """A bigint[] as binary COPY takes it."""
    if not values:
        return struct.pack(">iii", 0, 0, _BIGINT_OID)
    head = struct.pack(">iiiii", 1, 0, _BIGINT_OID, len(values), 1)
    return head + b"".join(struct.pack(">iq", 8, value) for value in values)
