"""Reads records again from their raw lines, to say by what each of them may be known.

Comes in: records. Goes out: for each its keys, hashed. A record whose lines are gone is absent: what was read of it
then stands in the tables, and is not known better.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

import numpy as np

from iaros.lib import sql
from privacy import encryption
from profiles.identity import keys as identity_keys
from profiles.identity import split
from profiles.ingest import cleanse, code_entries, mappings, messages
from profiles.models import SourceRecord
from profiles.sources import codes
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Lines, WrongFile

Key = tuple[int, bytes]  # kind of identifier, look-up

_RECORDS_SQL = """
SELECT r.*, s.name AS source, coalesce(run.header, '') AS header
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
JOIN profiles_sourcerecord r ON r.bucket = wanted.bucket AND r.id = wanted.id
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
LEFT JOIN profiles_ingestrun run ON run.id = m.run_id
ORDER BY r.id
"""


def keys_of_customer(customer_id: UUID) -> dict[Key, UUID]:
    """By what the records that are linked to this customer now may be known, each with the first that has it."""
    told = keys_of(split.linked_to(customer_id))
    first: dict[Key, UUID] = {}
    for record in sorted(told):
        for key in told[record]:
            first.setdefault(key, record)
    return first


def keys_of(records: Iterable[tuple[int, UUID]]) -> dict[UUID, list[Key]]:
    """The keys of each of these records (bucket, id)."""
    wanted = list(records)
    params = {"buckets": [bucket for bucket, _ in wanted], "ids": [record for _, record in wanted]}
    together: dict[tuple[str, str], list[SourceRecord]] = defaultdict(list)
    for row in sql.query(_RECORDS_SQL, params):
        feed = (row.pop("source"), row.pop("header"))
        if feed[0] in CONNECTORS:
            together[feed].append(SourceRecord(**row))
    raw = messages.raw_lines(record for mine in together.values() for record in mine)
    found: dict[UUID, list[Key]] = {}
    with codes.using(code_entries.snapshot()):
        for (name, header), mine in together.items():
            found |= _read(name, header.encode() or None, [r for r in mine if raw.get(r.id)], raw)
    return found


def _read(
    name: str, header: bytes | None, records: Sequence[SourceRecord], raw: dict[UUID, bytes]
) -> dict[UUID, list[Key]]:
    connector = mappings.applied(CONNECTORS[name])
    lines = list(dict.fromkeys(raw[record.id] for record in records))
    try:
        batch = connector.read(header, Lines(lines, np.arange(1, len(lines) + 1)))
    except WrongFile:
        return {}
    looked_up = identity_keys.look_up(batch.keys, cleanse.standardise(batch), cleanse.STANDARD)
    at_of = {key: at for at, key in enumerate(encryption.record_keys(name, batch.native_key))}
    found: dict[UUID, list[Key]] = {}
    for record in records:
        at = at_of.get(bytes(record.native_key))
        if at is not None:
            told = [(int(column.keys.kind), column.lookups[at]) for column in looked_up]
            found[record.id] = [(kind, lookup) for kind, lookup in told if lookup]
    return found
