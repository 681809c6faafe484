"""Subjects: every customer's key, and whether their data may be touched at all.

Comes in: ids of customers just created. Goes out: a sealer each. Refuses: a key of an erased person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import clock, copying
from iaros.lib.ids import bucket_of, uuid7
from privacy import encryption
from privacy.encryption import Sealer
from privacy.models import LandingKey, Subject

# Joining the wanted ids as rows lets Postgres go to the one partition of each, however many are asked for.
_WANTED_SQL = """
SELECT wanted.place, s.wrapped_key, s.key_version
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) WITH ORDINALITY AS wanted (bucket, id, place)
JOIN privacy_subject s ON s.bucket = wanted.bucket AND s.id = wanted.id
WHERE s.wrapped_key IS NOT NULL
"""

_FROZEN_SQL = """
SELECT wanted.place
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) WITH ORDINALITY AS wanted (bucket, id, place)
JOIN privacy_subject s ON s.bucket = wanted.bucket AND s.id = wanted.id
WHERE s.restricted_at IS NOT NULL OR s.erased_at IS NOT NULL
"""


def open_subjects(ids: NDArray[np.uint8]) -> list[Sealer]:
    """Open a subject with a fresh key for each new customer of `ids`, shape (n, 16); sealers in that order.

    Runs in the caller's transaction. An id opened before is refused by the primary key.
    """
    if len(ids) == 0:
        return []
    raw = np.ascontiguousarray(ids, dtype=np.uint8).tobytes()
    owners = [raw[at : at + 16] for at in range(0, len(raw), 16)]
    keys, wrapped, version = encryption.wrap_new_keys(owners)
    joined = np.frombuffer(b"".join(wrapped), dtype=np.uint8).reshape(-1, encryption.WRAPPED_KEY_BYTES)
    with connection.cursor() as cursor:
        columns: dict[str, copying.Column] = {
            "bucket": copying.smallints(ids[:, 15]),
            "id": copying.uuids(ids),
            "wrapped_key": copying.Fixed(joined),
            "key_version": copying.smallints(np.full(len(owners), version)),
        }
        copying.copy_in(cursor, "privacy_subject", columns)
    return [Sealer(key) for key in keys]


def open_subject(customer_id: UUID) -> Sealer:
    """`open_subjects` for one."""
    return open_subjects(np.frombuffer(customer_id.bytes, dtype=np.uint8).reshape(1, 16))[0]


def sealers(ids: Iterable[UUID]) -> dict[UUID, Sealer]:
    """The sealers of known customers; who was erased or never opened is absent from the answer."""
    wanted = list(ids)
    with connection.cursor() as cursor:
        cursor.execute(_WANTED_SQL, _arrays(wanted))
        rows = [(wanted[place - 1], wrapped, version) for place, wrapped, version in cursor.fetchall()]
    opened = encryption.unwrap_each((owner.bytes, wrapped, version) for owner, wrapped, version in rows)
    return dict(zip([owner for owner, _, _ in rows], opened, strict=True))


def frozen(ids: Iterable[UUID]) -> set[UUID]:
    """Those of `ids` whose data is only stored: restricted (Article 18) or erased."""
    wanted = list(ids)
    with connection.cursor() as cursor:
        cursor.execute(_FROZEN_SQL, _arrays(wanted))
        return {wanted[place - 1] for (place,) in cursor.fetchall()}


def restrict(customer_id: UUID, *, at: datetime | None = None) -> None:
    """Freeze: from the commit on, no gate lets this person through. A second time keeps the first date."""
    rows = Subject.objects.filter(bucket=bucket_of(customer_id), id=customer_id, restricted_at__isnull=True)
    rows.update(restricted_at=at or clock.now())


def lift_restriction(customer_id: UUID) -> None:
    """End a restriction; an erasure cannot be ended."""
    rows = Subject.objects.filter(bucket=bucket_of(customer_id), id=customer_id, erased_at__isnull=True)
    rows.update(restricted_at=None)


def destroy_key(customer_id: UUID, *, at: datetime | None = None) -> bool:
    """Shred the person's key: what it sealed, in any table or backup, stays shut. True if there was a key."""
    rows = Subject.objects.filter(bucket=bucket_of(customer_id), id=customer_id, wrapped_key__isnull=False)
    moment = at or clock.now()
    return rows.update(wrapped_key=None, erased_at=moment) > 0


@transaction.atomic
def landing_sealer(source: str, day: date) -> tuple[UUID, Sealer]:
    """The key under which messages of this source and day land, made on first use; ask once a batch.

    Nothing is remembered between calls: a key made in a transaction that is rolled back must not seal again.
    """
    key_id = uuid7()
    _, (wrapped,), version = encryption.wrap_new_keys([key_id.bytes])
    LandingKey.objects.bulk_create(
        [LandingKey(id=key_id, source=source, day=day, wrapped_key=wrapped, key_version=version)],
        ignore_conflicts=True,
    )
    key = LandingKey.objects.get(source=source, day=day)
    return key.id, _landing(key)


def landing_sealers(key_ids: Iterable[UUID]) -> dict[UUID, Sealer]:
    """The sealers of landed messages; a key destroyed with its day is absent."""
    return {key.id: _landing(key) for key in LandingKey.objects.filter(id__in=set(key_ids))}


def forget_landing_key(source: str, day: date, *, made_after: datetime) -> None:
    """Delete the key of a source and day, if it was made after this moment; nothing sealed under it may be left."""
    LandingKey.objects.filter(source=source, day=day, created_at__gte=made_after).delete()


def _landing(key: LandingKey) -> Sealer:
    return encryption.unwrap_each([(key.id.bytes, bytes(key.wrapped_key), key.key_version)])[0]


def _arrays(ids: Sequence[UUID]) -> dict[str, str]:
    """The ids and their buckets as array literals: lists of UUID objects take far longer to adapt."""
    raw = [each.bytes for each in ids]
    ids_text = ",".join([each.hex() for each in raw])
    return {"ids": f"{{{ids_text}}}", "buckets": f"{{{','.join([str(each[15]) for each in raw])}}}"}
