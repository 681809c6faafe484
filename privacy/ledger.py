"""The consent ledger: what people said, written once, and the states that follow from it.

Comes in: statements with the record that carried them. Goes out: states, in the same transaction.
Refuses: a purpose, channel or state that does not exist. A later statement overrides an earlier one in whatever
order they arrive; at equal times the stricter stands; when two customers become one, the stricter side wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from iaros.lib import arrays, copying, sql
from iaros.lib.ids import bucket_of, uuid7_block
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.undo import Kept
from privacy.models import ConsentValue

if TYPE_CHECKING:
    import pandas as pd

MERGE = "merge"
ALL_CHANNELS = ""
STRICTNESS = ConsentValue.values

_LANDING_SQL = """
CREATE TEMPORARY TABLE IF NOT EXISTS consent_landing (
    bucket smallint, id uuid, customer_id uuid, record_id uuid, purpose varchar, channel varchar,
    state varchar, occurred_at timestamptz, method varchar, policy_version varchar, language varchar, source varchar
) ON COMMIT DROP;
TRUNCATE consent_landing
"""

_FOLLOW_SQL = """
UPDATE privacy_consentevent e
SET customer_id = pair.survivor, bucket = get_byte(uuid_send(pair.survivor), 15)
FROM unnest(%(survivors)s::uuid[], %(duplicates)s::uuid[]) AS pair (survivor, duplicate)
WHERE e.bucket = get_byte(uuid_send(pair.duplicate), 15) AND e.customer_id = pair.duplicate
"""

_RESTRICT_SQL = """
UPDATE privacy_subject s
SET restricted_at = d.restricted_at
FROM unnest(%(survivors)s::uuid[], %(duplicates)s::uuid[]) AS pair (survivor, duplicate)
JOIN privacy_subject d ON d.bucket = get_byte(uuid_send(pair.duplicate), 15) AND d.id = pair.duplicate
WHERE s.bucket = get_byte(uuid_send(pair.survivor), 15) AND s.id = pair.survivor
    AND s.restricted_at IS NULL AND d.restricted_at IS NOT NULL
"""

# What merges added goes with the last of those who were merged and had said something.
_FORGET_MERGE_SQL = """
DELETE FROM privacy_consentevent gone
WHERE gone.bucket = %(bucket)s AND gone.customer_id = %(customer)s AND gone.method = 'merge'
  AND NOT EXISTS (
    SELECT FROM privacy_consentevent said
    WHERE said.bucket = %(bucket)s AND said.customer_id = %(customer)s
      AND said.recorded_for <> %(customer)s AND said.method <> 'merge'
  )
"""
_GIVE_BACK_SQL = """
UPDATE privacy_consentevent
SET customer_id = %(restored)s, bucket = %(restored_bucket)s
WHERE bucket = %(bucket)s AND customer_id = %(customer)s AND method <> 'merge'
    AND (record_id = ANY(%(records)s::uuid[]) OR (record_id IS NULL AND recorded_for = %(restored)s))
"""


# What is brought back when a run is taken back; the states follow from the statements (`rebuild_states`).
KEPT = (
    Kept(
        "privacy_subject",
        ("bucket", "id"),
        "id",
        born="(t.bucket, t.id) IN (SELECT bucket, id FROM undo_born) AND t.erased_at IS NULL",
    ),
    Kept(
        "privacy_consentevent",
        ("bucket", "id"),
        "customer_id",
        born="t.record_id IN (SELECT record_id FROM undo_records)",
        found=("(t.bucket, t.customer_id) IN (SELECT bucket, id FROM undo_customers)",),
        same=("id",),
    ),
)
_SAID_SQL = """
SELECT e.customer_id
FROM undo_customers c JOIN privacy_consentevent e ON e.bucket = c.bucket AND e.customer_id = c.id
WHERE e.record_id IN (SELECT record_id FROM undo_records)
UNION
SELECT u.owner FROM lib_undorow u WHERE u.run_id = %s AND u.table_name = 'privacy_consentevent'
"""
_SAID_THEMSELVES_SQL = """
SELECT count(DISTINCT e.customer_id)
FROM undo_born b JOIN privacy_consentevent e ON e.bucket = b.bucket AND e.customer_id = b.id
WHERE e.record_id IS NULL AND e.method <> 'merge'
"""
_RESTRICTED_SQL = """
SELECT count(*) FROM undo_born b JOIN privacy_subject s ON s.bucket = b.bucket AND s.id = b.id
WHERE s.restricted_at IS NOT NULL AND s.erased_at IS NULL
"""


class NotAConsent(ValueError):
    """A statement names a purpose, channel or state that does not exist."""


@dataclass(frozen=True)
class ConsentEntry:
    """One statement of one person, as a source or a page gives it; channel "" speaks of all channels."""

    customer_id: UUID
    purpose: str
    state: str
    occurred_at: datetime
    channel: str = ALL_CHANNELS
    record_id: UUID | None = None
    method: str = ""
    policy_version: str = ""
    language: str = ""
    source: str = ""


@transaction.atomic
def record(events: pd.DataFrame | Sequence[ConsentEntry]) -> int:
    """Write statements down and bring the states up to date; returns how many were new.

    A frame has the columns of ConsentEntry: ids as UUID (`record_id` may be missing), `occurred_at` aware.
    Recording the same statements again changes nothing.
    """
    if not len(events):
        return 0
    import pandas as pd

    frame = events if isinstance(events, pd.DataFrame) else _as_frame(events)
    columns = _columns(frame)
    with connection.cursor() as cursor:
        cursor.execute(_LANDING_SQL)
        copying.copy_in(cursor, "consent_landing", columns)
    return sql.fetch("privacy", "record_consent.sql", strictness=STRICTNESS)[0]["recorded"]


def move(survivor: UUID, duplicate: UUID) -> None:
    """The statements of `duplicate` become the survivor's; where the two disagree the stricter one stands."""
    move_all([(survivor, duplicate)])


@transaction.atomic
def move_all(pairs: Sequence[tuple[UUID, UUID]]) -> None:
    """`move` for many pairs of (survivor, duplicate). A restriction of either side holds for both."""
    if not pairs:
        return
    survivors, duplicates = [s for s, _ in pairs], [d for _, d in pairs]
    both = {"survivors": arrays.of_uuids(survivors), "duplicates": arrays.of_uuids(duplicates)}
    with rewriting() as cursor:
        sql.run("privacy", "stricter_of_two.sql", strictness=STRICTNESS, **both)
        cursor.execute(_FOLLOW_SQL, both)
        cursor.execute(_RESTRICT_SQL, both)
    rebuild_states({*survivors, *duplicates})


@transaction.atomic
def give_back(customer_id: UUID, restored: UUID, record_ids: Iterable[UUID]) -> None:
    """Undo a merge: what `restored` said, by record or directly, is theirs again, and both stand as they stood.

    Where somebody else who made statements remains merged into `customer_id`, what their merge added stands too, and
    so does what this one added: rather too strict than too free.
    """
    with rewriting() as cursor:
        params: dict[str, Any] = {
            "customer": customer_id,
            "bucket": bucket_of(customer_id),
            "restored": restored,
            "restored_bucket": bucket_of(restored),
            "records": list(record_ids),
        }
        cursor.execute(_GIVE_BACK_SQL, params)
        cursor.execute(_FORGET_MERGE_SQL, params)
    rebuild_states([customer_id, restored])


@transaction.atomic
def rebuild_states(customer_ids: Iterable[UUID]) -> None:
    """Read the states of these customers from their statements again."""
    ids = sorted(set(customer_ids))
    params: dict[str, Any] = {"ids": arrays.of_uuids(ids), "buckets": arrays.of_buckets(ids)}
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM privacy_consentstate s USING unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) "
            "AS wanted (bucket, id) WHERE s.bucket = wanted.bucket AND s.customer_id = wanted.id",
            params,
        )
    sql.run("privacy", "rebuild_states.sql", strictness=STRICTNESS, **params)


def customers_of_run(run_id: UUID) -> list[UUID]:
    """Whose statements a run that is about to be taken back wrote or moved; their states are to be rebuilt after it."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID_SQL, [run_id])
        return [customer for (customer,) in cursor.fetchall()]


def spoke_themselves() -> tuple[int, int]:
    """Of the customers a run made: how many made a statement of their own since, and how many are restricted."""
    with connection.cursor() as cursor:
        cursor.execute(_SAID_THEMSELVES_SQL)
        (said,) = cursor.fetchone()
        cursor.execute(_RESTRICTED_SQL)
        (restricted,) = cursor.fetchone()
        return said, restricted


@contextmanager
def rewriting() -> Iterator[Any]:
    """A transaction in which statements may follow their customer or be erased; elsewhere it is refused."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('iaros.consent_rewrite', 'on', true)")
        yield cursor
        cursor.execute("SELECT set_config('iaros.consent_rewrite', 'off', true)")


def _as_frame(entries: Sequence[ConsentEntry]) -> pd.DataFrame:
    import pandas as pd

    names = [field.name for field in fields(ConsentEntry)]
    return pd.DataFrame({name: [getattr(entry, name) for entry in entries] for name in names})


def _columns(frame: pd.DataFrame) -> dict[str, copying.Column]:
    customers = np.frombuffer(b"".join(each.bytes for each in frame["customer_id"]), dtype=np.uint8).reshape(-1, 16)
    records = frame["record_id"] if "record_id" in frame else [None] * len(frame)
    return {
        "bucket": copying.smallints(customers[:, 15]),
        "id": copying.uuids(uuid7_block(len(frame))),
        "customer_id": copying.uuids(customers),
        "record_id": copying.blobs([each.bytes if isinstance(each, UUID) else None for each in records]),
        "purpose": copying.texts(_known(frame["purpose"], Purpose.values, "purpose")),
        "channel": copying.texts(_known(_words(frame, "channel"), [ALL_CHANNELS, *Channel.values], "channel")),
        "state": copying.texts(_known(frame["state"], ConsentValue.values, "state")),
        "occurred_at": copying.timestamps(_utc(frame["occurred_at"])),
        "method": copying.texts(_words(frame, "method")),
        "policy_version": copying.texts(_words(frame, "policy_version")),
        "language": copying.texts(_words(frame, "language")),
        "source": copying.texts(_words(frame, "source")),
    }


def _words(frame: pd.DataFrame, name: str) -> list[str]:
    import pandas as pd

    if name not in frame:
        return [""] * len(frame)
    return ["" if pd.isna(each) else str(each) for each in frame[name]]


def _known(values: Iterable[Any], known: Sequence[str], what: str) -> list[str]:
    given = [str(each) for each in values]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise NotAConsent(f"There is no {what} {', '.join(map(repr, unknown[:5]))}; there are {', '.join(known)}.")
    return given


def _utc(moments: pd.Series) -> Any:
    import pandas as pd

    aware = pd.to_datetime(moments, utc=True)
    if aware.isna().any():
        raise NotAConsent("A statement has no time; without one it cannot be put in order.")
    return aware.dt.tz_localize(None).to_numpy()
