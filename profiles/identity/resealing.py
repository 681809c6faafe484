"""Service requests of the special categories are sealed under their customer's key; where they go to another customer
they are sealed anew under that one's."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from iaros.lib import arrays
from iaros.lib.ids import bucket_of
from privacy import subjects

_SEALED_SQL = """
SELECT r.customer_id, r.id, r.cipher FROM profiles_servicerequest r
WHERE r.customer_id = ANY(%(owners)s::uuid[]) AND r.cipher IS NOT NULL
  AND (%(records)s::uuid[] IS NULL OR r.record_id = ANY(%(records)s::uuid[]))
"""
_SEAL_SQL = """
UPDATE profiles_servicerequest SET customer_id = %s, bucket = %s, cipher = %s WHERE bucket = %s AND id = %s
"""


def reseal(pairs: Sequence[tuple[UUID, UUID]], records: Sequence[UUID] | None = None) -> int:
    """Hand the sealed requests of each (new owner, former owner) over, of these records or all; returns how many.

    A request whose key is gone stays where it is, shut.
    """
    heir = {former: new for new, former in pairs}
    with connection.cursor() as cursor:
        named = list(records) if records is not None else None
        cursor.execute(_SEALED_SQL, {"owners": arrays.of_uuids(heir), "records": named})
        rows = cursor.fetchall()
        if not rows:
            return 0
        keys = subjects.sealers({*heir, *heir.values()})
        moved = [
            (new, bucket_of(new), _resealed(keys, former, new, cipher), bucket_of(former), request)
            for former, request, cipher in rows
            if (new := heir[former]) in keys and former in keys
        ]
        cursor.executemany(_SEAL_SQL, moved)
    return len(moved)


def _resealed(keys: dict[UUID, subjects.Sealer], former: UUID, new: UUID, cipher: bytes) -> bytes:
    opened = keys[former].open(cipher, b"service:" + former.bytes)
    return keys[new].seal(opened, b"service:" + new.bytes)
