"""Mentions that waited and have found their person: linked, with what they told written at last.

Their events stood already; coupons, extras and services were of nobody, so they are read from the raw records again.
All of it is one run, so that it can be taken back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from iaros.lib import sql, undo
from iaros.lib.ids import as_block
from privacy import encryption, ledger
from profiles.events import facts
from profiles.golden import assemble
from profiles.identity import waiting
from profiles.ingest import code_entries, mappings, messages, runs
from profiles.models import IngestRun, SourceRecord
from profiles.shapes import Counts, Feed, Landed, Resolved
from profiles.sources import codes
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Lines

RECORDS_AT_ONCE = 5000
_WHOSE_SQL = """
SELECT l.record_id, l.record_bucket, l.customer_id
FROM profiles_link l WHERE l.record_id = ANY(%s) AND l.ended_at IS NULL
"""
_RECORDS_SQL = """
SELECT r.* FROM unnest(%s::smallint[], %s::uuid[]) AS wanted (bucket, id)
JOIN profiles_sourcerecord r ON r.bucket = wanted.bucket AND r.id = wanted.id
"""
_TOLD_BY_SQL = """
SELECT m.id, s.name, m.source_id, coalesce(run.header, '') AS header
FROM profiles_message m
JOIN profiles_source s ON s.id = m.source_id
LEFT JOIN profiles_ingestrun run ON run.id = m.run_id
WHERE m.id = ANY(%s)
"""


@transaction.atomic
def link_waiting() -> int:
    """Link what can be linked now and write what it told; returns how many mentions found their person."""
    run = runs.begin_act(runs.WAITING, "mentions that waited")
    with undo.kept_for(run.id), codes.using(code_entries.snapshot()):
        linked = waiting.link_waiting(at=run.started_at)
        touched: set[bytes] = set()
        # What somebody agreed to or refused before we knew who it was counts from when they said it.
        if linked.said:
            import pandas as pd

            ledger.record(pd.DataFrame(linked.said))
        for some in _some(linked.records):
            touched |= _write(run, some)
        assemble.rebuild(touched, at=run.started_at)
    if linked.records:
        runs.finish_act(run, len(linked.records))
    else:
        run.delete()
    return len(linked.records)


def _some(records: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [records[at : at + RECORDS_AT_ONCE] for at in range(0, len(records), RECORDS_AT_ONCE)]


def _write(run: IngestRun, record_ids: Sequence[UUID]) -> set[bytes]:
    """Write the facts of these records; returns the customers of those that say who somebody is."""
    with connection.cursor() as cursor:
        cursor.execute(_WHOSE_SQL, [list(record_ids)])
        found = cursor.fetchall()
    whose: dict[UUID, UUID] = {record: customer for record, _, customer in found}
    buckets, ids = [bucket for _, bucket, _ in found], [record for record, _, _ in found]
    # A raw QuerySet does not know composite keys.
    records = [SourceRecord(**row) for row in sql.query(_RECORDS_SQL, [buckets, ids])]
    raw = messages.raw_lines(records)
    told_by = {row["id"]: row for row in sql.query(_TOLD_BY_SQL, [list({r.message_id for r in records})])}
    together: dict[tuple[str, int, str], list[SourceRecord]] = defaultdict(list)
    for record in records:
        told = told_by.get(record.message_id)
        if told and record.id in raw and record.id in whose and told["name"] in CONNECTORS:
            together[told["name"], told["source_id"], told["header"]].append(record)
    for (name, source_id, header), mine in together.items():
        feed = Feed(mappings.applied(CONNECTORS[name]), source_id, run.id, run.started_at)
        _tell(feed, header.encode() or None, mine, raw, whose)
    return {whose[r.id].bytes for r in records if r.cipher is not None and r.id in whose}


def _tell(
    feed: Feed,
    header: bytes | None,
    records: list[SourceRecord],
    raw: dict[UUID, bytes],
    whose: dict[UUID, UUID],
) -> None:
    """Read the records' lines again and write the typed facts of exactly these mentions."""
    distinct = list(dict.fromkeys(raw[record.id] for record in records))
    batch = feed.connector.read(header, Lines(distinct, np.arange(1, len(distinct) + 1)))
    if not set(batch.facts) & set(facts.TYPED):
        return
    by_key = {bytes(record.native_key): record for record in records}
    native = encryption.record_keys(feed.connector.name, batch.native_key)
    found = {by_key[key].id: (at, by_key[key]) for at, key in enumerate(native) if key in by_key}
    if not found:
        return
    chosen = sorted(found.values(), key=lambda pair: pair[0])
    landed = Landed(
        feed,
        batch,
        mention=np.array([at for at, _ in chosen], dtype=np.int64),
        record=as_block([record.id for _, record in chosen]),
        record_bucket=np.array([record.bucket for _, record in chosen], dtype=np.int16),
        previous={},
        person={},
        keys=[],
        counts=Counts(),
    )
    everybody = np.ones(len(chosen), dtype=bool)
    resolved = Resolved(as_block([whose[record.id] for _, record in chosen]), everybody, ~everybody, {}, [])
    facts.write_late(landed, resolved)
