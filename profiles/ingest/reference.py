"""Lands what is about nobody: fares, schedules, holidays, weather. No record, no identity; new, changed or known.

A reference table has `native_key`, `content_hash` and `run_id` beside its own columns; the connector's fact is named
after it and has a column for each of them. Adding one is a model and a row in `TABLES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
from django.db import connection, models

from iaros.lib import copying, staging
from iaros.lib.ids import uuid7_block
from iaros.lib.model_columns import column_of
from privacy import encryption
from profiles.currency import in_base_currency
from profiles.models import (
    Airport,
    AreaStatistic,
    FareObservation,
    FlightStatus,
    Holiday,
    MarketFare,
    ScheduledLeg,
    WeatherDay,
)
from profiles.shapes import Counts, Feed
from profiles.sources.contract import SUPERSEDED, Batch, Reject

TABLES: dict[str, type[models.Model]] = {
    "fares": FareObservation,
    "schedule": ScheduledLeg,
    "flight_status": FlightStatus,
    "market_fares": MarketFare,
    "areas": AreaStatistic,
    "holidays": Holiday,
    "weather": WeatherDay,
    "airports": Airport,
}
_OWN = ("id", "native_key", "content_hash", "run_id")
_KNOWN_SQL = """
SELECT t.content_hash = s.content_hash
FROM reference_staged s JOIN {table} t ON t.native_key = s.native_key
"""
_UPSERT_SQL = """
INSERT INTO {table} ({columns}) SELECT {columns} FROM {staged} ORDER BY native_key
ON CONFLICT (native_key) DO UPDATE SET {changes}
WHERE {table}.content_hash <> excluded.content_hash
"""


def _fare_in_base_currency(table: Mapping[str, Sequence[Any]]) -> copying.Column:
    return in_base_currency(np.asarray(table["price_minor"]), table["currency"], np.asarray(table["observed_at"]))


# Columns that no feed tells.
_DERIVED: dict[str, dict[str, Callable[[Mapping[str, Sequence[Any]]], copying.Column]]] = {
    "fares": {"price_base_minor": _fare_in_base_currency},
}


def land_reference(feed: Feed, batch: Batch) -> tuple[Counts, list[Reject]]:
    """Write the rows of the batch; returns the counts, and the rows that a later row of the file supersedes."""
    [(name, facts)] = [(name, facts) for name, facts in batch.facts.items() if name in TABLES]
    native = encryption.lookup_keys(f"record:{name}", batch.native_key)
    columns = list(facts)
    content = encryption.lookup_keys("content", _contents(facts))
    lines = batch.line.tolist()
    rejected = {reject.line for reject in batch.rejects}
    readable = [at for at in range(len(native)) if lines[at] not in rejected]
    last = {native[at]: at for at in readable}
    standing = sorted(last.values(), key=native.__getitem__)
    earlier = [at for at in readable if last[native[at]] != at]
    superseded = [
        Reject(lines[at], "native key", SUPERSEDED, "one row a key; the last stands")
        for at in earlier
        if content[at] != content[last[native[at]]]
    ]
    chosen = {column: _take(facts[column], standing) for column in columns}
    keys = ([native[at] for at in standing], [content[at] for at in standing])
    new, updated = _write(feed, name, chosen, *keys) if standing else (0, 0)
    unchanged = len(readable) - len(superseded) - new - updated
    return Counts(new, updated, unchanged, len(superseded) + len(rejected)), superseded


def _contents(facts: Mapping[str, Sequence[Any]]) -> list[str]:
    rows = zip(
        *(column.tolist() if isinstance(column, np.ndarray) else column for column in facts.values()), strict=True
    )
    return [orjson.dumps(row, default=str).decode() for row in rows]


def _take(column: Any, standing: list[int]) -> Any:
    return column[standing] if isinstance(column, np.ndarray) else [column[at] for at in standing]


def _write(
    feed: Feed, name: str, facts: Mapping[str, Sequence[Any]], native: list[bytes], content: list[bytes]
) -> tuple[int, int]:
    model = TABLES[name]
    count = len(native)
    run = np.broadcast_to(np.frombuffer(feed.run_id.bytes, dtype=np.uint8), (count, 16))
    columns: dict[str, copying.Column] = {
        "id": copying.uuids(uuid7_block(count)),
        "native_key": copying.blobs(native),
        "content_hash": copying.blobs(content),
        "run_id": copying.uuids(run),
    }
    fields = [f for f in model._meta.concrete_fields if f.name not in _OWN]
    for field in fields:
        derive = _DERIVED.get(name, {}).get(field.name)
        known = facts.get(field.name, [None] * count)  # a feed need not tell every column
        columns[field.name] = derive(facts) if derive else column_of(field, known)
    table = connection.ops.quote_name(model._meta.db_table)
    own = {f.name: f for f in model._meta.concrete_fields}
    with connection.cursor() as cursor:
        definition = ", ".join(f'"{column}" {own[column].db_type(connection)}' for column in columns)
        staged = f"reference_{name}"
        staging.stage(cursor, staged, definition, columns)
        cursor.execute(_KNOWN_SQL.format(table=table).replace("reference_staged", staged))
        known = [same for (same,) in cursor.fetchall()]
        names = ", ".join(f'"{column}"' for column in columns)
        changes = ", ".join(f'"{c}" = excluded."{c}"' for c in columns if c not in ("id", "native_key"))
        cursor.execute(_UPSERT_SQL.format(table=table, columns=names, changes=changes, staged=staged))
    return count - len(known), len(known) - sum(known)
