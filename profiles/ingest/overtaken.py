"""A booking as it was before: files come late and out of order, and an older version must not undo a newer one.

Comes in: a batch of bookings. Goes out: rejects of the lines that are older than what stands. It compares the moments
at which the reservation was last changed, never the moments at which files came.
"""

from __future__ import annotations

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from privacy import encryption
from profiles.ingest.landing import HASH_BYTES
from profiles.shapes import Feed
from profiles.sources.contract import OLDER, Batch, Reject

_NEWER_SQL = """
SELECT w.line, max(b.modified_at)
FROM overtaken_wanted w
JOIN profiles_booking b ON b.locator = w.locator
 AND b.created_at BETWEEN w.created_at - INTERVAL '1 day' AND w.created_at + INTERVAL '1 day'
 AND b.modified_at > w.modified_at
GROUP BY w.line
"""
# A line that stands already is no news, whatever another system has told of the booking since; and what this feed
# never told of is not overtaken by it.
_STANDING_SQL = """
SELECT w.line, bool_or(r.content_hash = w.content_hash)
FROM overtaken_mentions w
JOIN profiles_sourcerecord r
  ON r.bucket = w.bucket AND r.native_key = w.native_key AND r.superseded_at IS NULL
GROUP BY w.line
"""


def rejects(feed: Feed, batch: Batch) -> list[Reject]:
    """The lines that tell of a booking as it was before the version that stands, here or in the database."""
    table = batch.facts.get("bookings")
    if not table or not len(table["line"]):
        return []
    line = np.asarray(table["line"], dtype=np.int64)
    modified = np.array(table["modified_at"], dtype="datetime64[us]")
    created = np.array(table["created_at"], dtype="datetime64[us]")
    later = _later_in_batch(table["locator"], created, modified, line)
    stored = _later_stored(table["locator"], created, modified, line)
    if stored:
        standing = _standing(feed, batch, stored)
        later |= {at: moment for at, moment in stored.items() if standing.get(at) is False}
    return [Reject(at, "modified_at", OLDER, f"the version of {moment} stands") for at, moment in sorted(later.items())]


def _later_in_batch(locators: list[str], created: np.ndarray, modified: np.ndarray, line: np.ndarray) -> dict[int, str]:
    latest: dict[tuple[str, np.datetime64], np.datetime64] = {}
    days = created.astype("datetime64[D]")
    for key, moment in zip(zip(locators, days, strict=True), modified, strict=True):
        latest[key] = max(latest.get(key, moment), moment)
    return {
        at: str(latest[key])
        for at, key, moment in zip(line.tolist(), zip(locators, days, strict=True), modified, strict=True)
        if moment < latest[key]
    }


def _later_stored(locators: list[str], created: np.ndarray, modified: np.ndarray, line: np.ndarray) -> dict[int, str]:
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "overtaken_wanted",
            "line integer, locator text, created_at timestamptz, modified_at timestamptz",
            {
                "line": copying.integers(line),
                "locator": copying.texts(locators),
                "created_at": copying.timestamps(created),
                "modified_at": copying.timestamps(modified),
            },
        )
        cursor.execute(_NEWER_SQL)
        return {at: f"{moment:%Y-%m-%dT%H:%M:%S}" for at, moment in cursor.fetchall()}


def _standing(feed: Feed, batch: Batch, lines: dict[int, str]) -> dict[int, bool]:
    """Of these lines, those whose mentions this feed told before: whether the very line stands."""
    mentions = np.flatnonzero(np.isin(batch.line, list(lines))).tolist()
    native = encryption.record_keys(feed.connector.name, [batch.native_key[at] for at in mentions])
    of = batch.line[mentions]
    content = encryption.lookup_keys("content", [batch.lines.raw[at].decode() for at in of.tolist()])
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "overtaken_mentions",
            "line integer, bucket smallint, native_key bytea, content_hash bytea",
            {
                "line": copying.integers(of),
                "bucket": copying.smallints(np.array([key[0] for key in native])),
                "native_key": copying.blobs(native),
                "content_hash": copying.blobs([each[:HASH_BYTES] for each in content]),
            },
        )
        cursor.execute(_STANDING_SQL)
        return dict(cursor.fetchall())
