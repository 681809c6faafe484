"""Sets bad rows aside: their raw form sealed, with file, row, field, reason and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from iaros.lib.ids import uuid7_block
from privacy import encryption, subjects
from profiles.shapes import Feed
from profiles.sources.contract import Lines, Reject

_DEFINITION = """
id uuid, fingerprint bytea, row bigint, field text, reason text, expected text, cipher bytea,
code_table text
"""
_INSERT_SQL = """
INSERT INTO profiles_quarantinedrow
    (id, source_id, run_id, fingerprint, row, field, reason, expected, key_id, cipher, code_table,
     quarantined_at, last_seen_run_id)
SELECT id, %(source)s, %(run)s, fingerprint, row, field, reason, expected, %(key)s, cipher, code_table,
       %(at)s, %(run)s
FROM quarantine_staged ORDER BY fingerprint
ON CONFLICT (source_id, fingerprint) DO UPDATE
SET last_seen_run_id = excluded.last_seen_run_id, row = excluded.row, field = excluded.field,
    reason = excluded.reason, expected = excluded.expected, code_table = excluded.code_table
"""
# One look-up a row: joined, the planner reads every waiting row of the source for each that went in.
_RELEASE_SQL = """
DELETE FROM profiles_quarantinedrow WHERE id IN (
    SELECT waiting.id FROM quarantine_released r
    CROSS JOIN LATERAL (
        SELECT q.id FROM profiles_quarantinedrow q
        WHERE q.source_id = %s AND q.fingerprint = r.fingerprint
        LIMIT 1
    ) waiting
)
"""


def from_lines(feed: Feed, lines: Lines, rejects: Sequence[Reject]) -> None:
    """Set aside the lines that the rejects name; a line with several faults waits once, with the first of them."""
    first: dict[int, Reject] = {}
    for reject in rejects:
        first.setdefault(reject.line, reject)
    rows = [(int(lines.rows[line]), lines.raw[line], reject) for line, reject in sorted(first.items())]
    set_aside(feed, rows)


def set_aside(feed: Feed, rows: Sequence[tuple[int, bytes, Reject]]) -> None:
    """Write (row in the file, raw text, reason) to the quarantine; the same raw text waits once."""
    if not rows:
        return
    prints = encryption.lookup_keys("quarantine", [raw.decode("latin-1") for _, raw, _ in rows])
    once = dict(zip(prints, rows, strict=True))
    ids = uuid7_block(len(once))
    key_id, sealer = subjects.landing_sealer(feed.connector.name, feed.received_at.date())
    places = [b"quarantine:" + fingerprint for fingerprint in once]
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "quarantine_staged",
            _DEFINITION,
            {
                "id": copying.uuids(ids),
                "fingerprint": copying.blobs(list(once)),
                "row": copying.bigints(np.array([row for row, _, _ in once.values()])),
                "field": copying.texts([reject.field[:60] for _, _, reject in once.values()]),
                "reason": copying.texts([_printable(reject.reason) for _, _, reject in once.values()]),
                "expected": copying.texts([_printable(reject.expected) for _, _, reject in once.values()]),
                "code_table": copying.texts([reject.table[:40] for _, _, reject in once.values()]),
                "cipher": copying.blobs(encryption.seal_many(sealer, [raw for _, raw, _ in once.values()], places)),
            },
        )
        parameters: dict[str, Any] = {
            "source": feed.source_id,
            "run": feed.run_id,
            "key": key_id,
            "at": feed.received_at,
        }
        cursor.execute(_INSERT_SQL, parameters)


def release(feed: Feed, accepted: Sequence[bytes]) -> None:
    """Forget the rows that waited and went in after all: the same raw text was accepted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM profiles_quarantinedrow WHERE source_id = %s)", [feed.source_id])
        if not cursor.fetchone()[0]:
            return
        prints = sorted(encryption.lookup_keys("quarantine", [raw.decode("latin-1") for raw in accepted]))
        staging.stage(cursor, "quarantine_released", "fingerprint bytea", {"fingerprint": copying.blobs(prints)})
        cursor.execute(_RELEASE_SQL, [feed.source_id])


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)[:200]
