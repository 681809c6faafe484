"""What the records of one customer stated at a moment, by the ledger and the times of the records.

Nothing is kept for it: links say whose a record was and when, messages when it came, records when a later version took
its place. Sources are believed as far as they are today.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from iaros.lib import clock, sql
from iaros.lib.ids import bucket_of
from privacy import subjects
from profiles.golden.assemble import believed, trust_by_source
from profiles.golden.survivorship import Mention
from profiles.person_values import unpacked

_STATED_SQL = """
SELECT r.id, r.cipher, m.source_id, m.received_at, m.key_id
FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
JOIN profiles_message m ON m.id = r.message_id
WHERE l.bucket = %(bucket)s AND l.customer_id = %(customer)s
  AND l.linked_at <= %(at)s AND (l.ended_at IS NULL OR l.ended_at > %(at)s)
  AND m.received_at <= %(at)s AND (r.superseded_at IS NULL OR r.superseded_at > %(at)s) AND r.cipher IS NOT NULL
"""


def mentions_at(customer_id: UUID, at: datetime | None = None) -> list[Mention]:
    """The records that were this customer's at the moment, opened; those of now without one."""
    params = {"bucket": bucket_of(customer_id), "customer": customer_id, "at": at or clock.now()}
    rows = sql.query(_STATED_SQL, params)
    keys = subjects.landing_sealers({row["key_id"] for row in rows})
    trust = trust_by_source()
    sure = believed(trust)
    return [
        Mention(
            row["id"].bytes,
            trust.get(row["source_id"], 0.5),
            row["received_at"],
            unpacked(keys[row["key_id"]].open(row["cipher"], b"record:" + row["id"].bytes)),
            sure.get(row["source_id"], ()),
        )
        for row in rows
        if row["key_id"] in keys
    ]
