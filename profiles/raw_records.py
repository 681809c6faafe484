"""A record as its source sent it, with what was read out of it marked where it stands.

Comes in: a record's id and the purpose of the reader. Goes out: the raw text in pieces, each with the field that was
read there. It shows nothing of people whom the purpose may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from iaros.lib import sql
from iaros.lib.purposes import Purpose
from profiles import selectors
from profiles.ingest import code_entries, mappings, messages
from profiles.models import IdentifierKind, SourceRecord
from profiles.sources import codes
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Batch, Connector, Lines, WrongFile

# Short values stand everywhere in a text and would mark it all.
SHORTEST_MARKED = 2
_RECORD_SQL = """
SELECT l.customer_id, l.record_bucket, s.name AS source, m.run_id, m.received_at, m.first_row,
       coalesce(run.header, '') AS header, coalesce(run.file_name, '') AS file
FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
LEFT JOIN profiles_ingestrun run ON run.id = m.run_id
WHERE l.record_id = %(record)s AND l.ended_at IS NULL
LIMIT 1
"""


@dataclass(frozen=True)
class Piece:
    """A part of the raw text, and which field was read there, if one was."""

    text: str
    field: str = ""


@dataclass(frozen=True)
class RawRecord:
    record_id: UUID
    customer_id: UUID
    source: str
    file: str
    run_id: UUID
    received_at: datetime
    pieces: list[Piece]
    fields: list[tuple[str, str]]


def get_record(record_id: UUID, *, purpose: Purpose) -> RawRecord | None:
    """The record, opened; None where there is none, its lines are gone, or the purpose may not see its person."""
    rows = sql.query(_RECORD_SQL, {"record": record_id})
    if not rows or selectors.profile_of(rows[0]["customer_id"], purpose=purpose) is None:
        return None
    row = rows[0]
    record = SourceRecord.objects.filter(bucket=row["record_bucket"], id=record_id).first()
    raw = messages.raw_line(record) if record else None
    connector = CONNECTORS.get(row["source"])
    if record is None or not raw or connector is None:
        return None
    text = raw.decode("utf-8", "replace")
    fields = _read(mappings.applied(connector), row["header"].encode() or None, raw, bytes(record.native_key))
    return RawRecord(
        record_id,
        row["customer_id"],
        row["source"],
        row["file"],
        row["run_id"],
        row["received_at"],
        pieces_of(text, fields),
        fields,
    )


def _read(connector: Connector, header: bytes | None, raw: bytes, native_key: bytes) -> list[tuple[str, str]]:
    """What the connector reads of this mention: its personal values and its keys, by name."""
    lines = Lines([raw], np.array([1], dtype=np.int64))
    try:
        with codes.using(code_entries.snapshot()):
            batch = connector.read(header, lines)
    except WrongFile:
        return []
    at = messages.place_of(connector, batch.native_key, native_key)
    return _values(batch, at) if at is not None else []


def _values(batch: Batch, at: int) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for name, column in batch.person.items():
        if value := column[at]:
            found[name] = value
    for keys in batch.keys:
        if (value := keys.values[at]) and value not in found.values():
            found.setdefault(IdentifierKind(keys.kind).label.lower(), value)
    return list(found.items())


def pieces_of(text: str, fields: list[tuple[str, str]]) -> list[Piece]:
    """The text cut where the values stand, the longest value first; what was rewritten is not found and not marked."""
    marks: list[tuple[int, int, str]] = []
    for name, value in sorted(fields, key=lambda each: -len(each[1])):
        start = text.find(value) if len(value) >= SHORTEST_MARKED else -1
        while start >= 0 and any(start < end and begin < start + len(value) for begin, end, _ in marks):
            start = text.find(value, start + 1)
        if start >= 0:
            marks.append((start, start + len(value), name))
    pieces, at = [], 0
    for begin, end, name in sorted(marks):
        if begin > at:
            pieces.append(Piece(text[at:begin]))
        pieces.append(Piece(text[begin:end], name))
        at = end
    return [*pieces, Piece(text[at:])] if at < len(text) else pieces
