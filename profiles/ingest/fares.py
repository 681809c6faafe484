"""Lands fares: prices about nobody, so no record, no identity; new, changed or known by key and content."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from iaros.lib.ids import uuid7_block
from privacy import encryption
from profiles.currency import in_base_currency
from profiles.shapes import Counts, Feed
from profiles.sources.contract import Batch, Reject

_DEFINITION = """
id uuid, native_key bytea, content_hash bytea, run_id uuid, observed_at timestamptz, carrier text, origin text,
destination text, departure_date date, cabin text, brand text, price_minor bigint, currency text,
price_base_minor bigint, source text
"""
_COLUMNS = [part.split()[0] for part in _DEFINITION.split(",")]
_KNOWN_SQL = """
SELECT s.native_key, f.content_hash = s.content_hash
FROM fares_staged s JOIN profiles_fareobservation f ON f.native_key = s.native_key
"""
_UPSERT_SQL = f"""
INSERT INTO profiles_fareobservation ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM fares_staged
ORDER BY native_key
ON CONFLICT (native_key) DO UPDATE SET content_hash = excluded.content_hash, run_id = excluded.run_id,
    price_minor = excluded.price_minor, price_base_minor = excluded.price_base_minor, currency = excluded.currency
WHERE profiles_fareobservation.content_hash <> excluded.content_hash
"""


def land_fares(feed: Feed, batch: Batch) -> tuple[Counts, list[Reject]]:
    """Write the fares of the batch; returns the counts, and the rows that a later row of the file supersedes."""
    native = encryption.lookup_keys("record:fares", batch.native_key)
    lines = batch.line.tolist()
    content = encryption.lookup_keys("content", [batch.lines.raw[line].decode() for line in lines])
    rejected = {reject.line for reject in batch.rejects}
    readable = [at for at in range(len(native)) if lines[at] not in rejected]
    last = {native[at]: at for at in readable}
    standing = sorted(last.values(), key=native.__getitem__)
    earlier = [at for at in readable if last[native[at]] != at]
    superseded = [
        Reject(lines[at], "native key", "superseded by a later row of the same file", "one row a key; the last stands")
        for at in earlier
        if content[at] != content[last[native[at]]]
    ]
    new, updated = _write(feed, batch, standing, native, content) if standing else (0, 0)
    repeated = len(earlier) - len(superseded)
    unchanged = len(standing) - new - updated + repeated
    return Counts(new, updated, unchanged, len(superseded) + len(rejected)), superseded


def _write(feed: Feed, batch: Batch, standing: list[int], native: list[bytes], content: list[bytes]) -> tuple[int, int]:
    with connection.cursor() as cursor:
        columns = _columns(feed, batch.facts["fares"], standing, native, content)
        staging.stage(cursor, "fares_staged", _DEFINITION, columns)
        cursor.execute(_KNOWN_SQL)
        known = [same for _, same in cursor.fetchall()]
        cursor.execute(_UPSERT_SQL)
    return len(standing) - len(known), len(known) - sum(known)


def _columns(
    feed: Feed, fares: dict[str, Any], standing: list[int], native: list[bytes], content: list[bytes]
) -> dict[str, copying.Column]:
    def texts(name: str) -> copying.Column:
        return copying.texts([fares[name][at] for at in standing])

    count = len(standing)
    prices = np.asarray(fares["price_minor"])[standing]

    moments = np.asarray(fares["observed_at"])[standing]
    days = np.array([fares["departure_date"][at] for at in standing], dtype="datetime64[D]")
    run = np.broadcast_to(np.frombuffer(feed.run_id.bytes, dtype=np.uint8), (count, 16))
    return {
        "id": copying.uuids(uuid7_block(count)),
        "native_key": copying.blobs([native[at] for at in standing]),
        "content_hash": copying.blobs([content[at] for at in standing]),
        "run_id": copying.uuids(run),
        "observed_at": copying.timestamps(moments),
        **{n: texts(n) for n in ("carrier", "origin", "destination")},
        "departure_date": copying.dates(days),
        "cabin": texts("cabin"),
        "brand": texts("brand"),
        "price_minor": copying.bigints(prices),
        "currency": texts("currency"),
        "price_base_minor": in_base_currency(prices, [fares["currency"][at] for at in standing], moments),
        "source": texts("source"),
    }
