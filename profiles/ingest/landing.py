"""Lands a batch: says what is new, changed or known, keeps the raw lines sealed, and writes one record a mention.

Comes in: a batch and its standardised personal values. Goes out: the mentions that are new or changed. It refuses
nothing, and sets aside what a later row of the same file supersedes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from iaros.lib.ids import uuid7_block
from privacy import encryption, subjects
from profiles.ingest import packed_lines
from profiles.person_values import packed_rows
from profiles.shapes import Block, Counts, Feed, Landed, LookedUp
from profiles.sources.contract import PERSON_FIELDS, SUPERSEDED, Batch, Reject

T = TypeVar("T")
LINES_A_MESSAGE = 400
HASH_BYTES = 7  # two versions of one mention are told apart by it, not a billion mentions
_MESSAGE_IDS_SQL = "SELECT nextval(pg_get_serial_sequence('profiles_message', 'id')) FROM generate_series(1, %s)"

# LATERAL with LIMIT 1 is one look-up a row, whatever the planner believes: right after a load it believes that the
# table has a single record, and would compare each row with all of them.
_KNOWN_SQL = """
SELECT wanted.place, known.id, known.content_hash
FROM landing_wanted wanted
CROSS JOIN LATERAL (
    SELECT r.id, r.content_hash FROM profiles_sourcerecord r
    WHERE r.bucket = wanted.bucket AND r.native_key = wanted.native_key AND r.superseded_at IS NULL
    LIMIT 1
) known
"""
_SUPERSEDE_SQL = """
UPDATE profiles_sourcerecord r SET superseded_at = %s
FROM landing_superseded s WHERE r.bucket = s.bucket AND r.id = s.id
"""


def land(feed: Feed, batch: Batch, person: dict[str, list[str | None]], keys: list[LookedUp]) -> Landed:
    """Write the records of the batch in the running transaction and return what goes on to the next stage."""
    native = encryption.record_keys(feed.connector.name, batch.native_key)
    content = _content_hashes(batch)
    standing, repeated, superseded = _one_a_key(batch, native, content)
    known = _known(standing, native)
    fresh = [at for at in standing if at not in known]
    changed = [at for at in standing if at in known and known[at][1] != content[at]]
    mention = np.array(sorted(fresh + changed), dtype=np.int64)
    previous = {at: known[at][0] for at in changed}
    counts = Counts(
        new=len(fresh),
        updated=len(changed),
        unchanged=len(standing) - len(fresh) - len(changed) + repeated,
        quarantined=len(superseded) + len({r.line for r in batch.rejects}) + len(batch.turned_away),
    )
    landed = _landed(feed, batch, person, keys, mention, previous, counts, superseded, native)
    if len(landed):
        _write(landed, native, content)
    return landed


def _content_hashes(batch: Batch) -> list[bytes]:
    by_line = encryption.lookup_keys("content", [raw.decode() for raw in batch.lines.raw])
    return [by_line[line][:HASH_BYTES] for line in batch.line.tolist()]


def _one_a_key(batch: Batch, native: list[bytes], content: list[bytes]) -> tuple[list[int], int, list[Reject]]:
    """The last readable mention of each key stands; earlier ones are repeats, or superseded if they differ."""
    rejected = {reject.line for reject in batch.rejects}
    lines = batch.line.tolist()
    readable: Sequence[int] = range(len(native))
    if rejected or batch.turned_away:
        readable = [at for at in readable if lines[at] not in rejected and at not in batch.turned_away]
    last = {native[at]: at for at in readable}
    standing = list(last.values())
    if len(standing) == len(readable):
        return standing, 0, []
    earlier = [at for at in readable if last[native[at]] != at]
    superseded = [
        Reject(
            lines[at],
            "native key",
            SUPERSEDED,
            f"one row a key; row {batch.lines.rows[lines[last[native[at]]]]} stands",
        )
        for at in earlier
        if content[at] != content[last[native[at]]]
    ]
    return standing, len(earlier) - len(superseded), superseded


def _known(standing: list[int], native: list[bytes]) -> dict[int, tuple[UUID, bytes]]:
    """The current record and content hash of those mentions that landed before, by position in the batch."""
    ordered = sorted(standing, key=native.__getitem__)
    if not ordered:
        return {}
    wanted = [native[at] for at in ordered]
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "landing_wanted",
            "place integer, bucket smallint, native_key bytea",
            {
                "place": copying.integers(ordered),
                "bucket": copying.smallints(
                    np.frombuffer(b"".join(wanted), dtype=np.uint8)[:: encryption.RECORD_KEY_BYTES]
                ),
                "native_key": copying.blobs(wanted),
            },
        )
        cursor.execute(_KNOWN_SQL)
        return {place: (record, bytes(hashed)) for place, record, hashed in cursor.fetchall()}


def _landed(
    feed: Feed,
    batch: Batch,
    person: dict[str, list[str | None]],
    keys: list[LookedUp],
    mention: np.ndarray,
    previous: dict[int, UUID],
    counts: Counts,
    superseded: list[Reject],
    native: list[bytes],
) -> Landed:
    """The batch narrowed to the mentions that go on."""
    chosen = mention.tolist()
    position = {at: i for i, at in enumerate(chosen)} if previous else {}
    return Landed(
        feed,
        batch,
        mention,
        record=_record_ids([native[at] for at in chosen]),
        record_bucket=np.array([native[at][0] for at in chosen], dtype=np.int16),
        previous={position[at]: record for at, record in previous.items()},
        person={name: _take(values, chosen) for name, values in person.items()},
        keys=[
            LookedUp(
                type(k.keys)(k.keys.kind, _take(k.keys.values, chosen), k.keys.claims[mention], k.keys.purpose),
                _take(k.lookups, chosen),
            )
            for k in keys
        ],
        counts=counts,
        quarantine=superseded,
    )


def _record_ids(native: list[bytes]) -> Block:
    """New ids that ascend with the native keys, as the rows will: both indexes are then filled in their order."""
    ids = np.empty((len(native), 16), dtype=np.uint8)
    ids[sorted(range(len(native)), key=native.__getitem__)] = uuid7_block(len(native))
    return ids


def _take(values: Sequence[T], chosen: list[int]) -> list[T]:
    return [values[at] for at in chosen]


def _write(landed: Landed, native: list[bytes], content: list[bytes]) -> None:
    feed = landed.feed
    key_id, sealer = subjects.landing_sealer(feed.connector.name, feed.received_at.date())
    message, line = _write_messages(landed, key_id, sealer)
    chosen = landed.mention.tolist()
    ciphers = _sealed_people(landed, sealer)
    if landed.previous:
        _supersede(landed)
    order = sorted(range(len(chosen)), key=lambda i: native[chosen[i]])
    rows = np.array(order, dtype=np.int64)
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_sourcerecord",
            {
                "bucket": copying.smallints(landed.record_bucket[rows]),
                "id": copying.uuids(landed.record[rows]),
                "native_key": copying.blobs([native[chosen[i]] for i in order]),
                "content_hash": copying.blobs([content[chosen[i]] for i in order]),
                "message_id": copying.integers(message[rows]),
                "line": copying.integers(line[rows]),
                "cipher": copying.blobs([ciphers[i] for i in order]),
            },
        )


def _same(identifier: UUID, count: int) -> np.ndarray:
    return np.broadcast_to(np.frombuffer(identifier.bytes, dtype=np.uint8), (count, 16))


def _sealed_people(landed: Landed, sealer: encryption.Sealer) -> Sequence[bytes | None]:
    """The standardised personal values of each record under the landing key, None where the feed has none."""
    if not landed.person:
        return [None] * len(landed)
    absent: list[str | None] = [None] * len(landed)
    blobs = packed_rows([landed.person.get(name, absent) for name in PERSON_FIELDS])
    raw = landed.record.tobytes()
    places = [b"record:" + raw[i : i + 16] for i in range(0, len(raw), 16)]
    return encryption.seal_many(sealer, blobs, places)


def _write_messages(landed: Landed, key_id: UUID, sealer: encryption.Sealer) -> tuple[np.ndarray, np.ndarray]:
    """Seal the raw lines, some hundreds together; return each mention's message and line in it."""
    lines = landed.batch.kept_lines()
    used, place = np.unique(landed.batch.line[landed.mention], return_inverse=True)
    groups = -(-len(used) // LINES_A_MESSAGE)
    names = uuid7_block(groups)
    firsts = [used[g * LINES_A_MESSAGE : (g + 1) * LINES_A_MESSAGE].tolist() for g in range(groups)]
    bodies = [packed_lines.packed([lines.raw[i] for i in group]) for group in firsts]
    places = [b"message:" + names[g].tobytes() for g in range(groups)]
    with connection.cursor() as cursor:
        cursor.execute(_MESSAGE_IDS_SQL, [groups])
        ids = np.array([number for (number,) in cursor.fetchall()], dtype=np.int32)
        copying.copy_in(
            cursor,
            "profiles_message",
            {
                "id": copying.integers(ids),
                "sealed_as": copying.uuids(names),
                "source_id": copying.smallints(np.full(groups, landed.feed.source_id)),
                "run_id": copying.uuids(_same(landed.feed.run_id, groups)),
                "received_at": copying.timestamps(
                    np.full(groups, np.datetime64(landed.feed.received_at.replace(tzinfo=None)))
                ),
                "first_row": copying.bigints(lines.rows[[group[0] for group in firsts]]),
                "lines": copying.integers([len(group) for group in firsts]),
                "key_id": copying.uuids(_same(key_id, groups)),
                "cipher": copying.blobs(encryption.seal_many(sealer, bodies, places)),
            },
        )
    return ids[place // LINES_A_MESSAGE], (place % LINES_A_MESSAGE).astype(np.int32)


def _supersede(landed: Landed) -> None:
    positions = sorted(landed.previous)
    records = np.frombuffer(b"".join(landed.previous[i].bytes for i in positions), dtype=np.uint8).reshape(-1, 16)
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "landing_superseded",
            "bucket smallint, id uuid",
            {"bucket": copying.smallints(landed.record_bucket[positions]), "id": copying.uuids(records)},
        )
        cursor.execute(_SUPERSEDE_SQL, [landed.feed.received_at])
