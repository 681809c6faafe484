"""Links mentions that waited: by a device on which exactly one customer has signed in since, or by a key that exactly
one customer holds by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection

from profiles.models import EventKind, IdentifierKind, LinkRule

_FORGET_SQL = "DROP TABLE IF EXISTS waiting_known"
# A look-up is somebody's where one customer claims it, or where only one customer holds it at all; a telephone that
# one customer gave may still be the family's. A mention that waits by several keys goes by the lowest kind.
_KNOWN_NOW_SQL = """
CREATE TEMP TABLE waiting_known ON COMMIT DROP AS
SELECT DISTINCT ON (u.record_id) u.record_id, u.record_bucket, u.kind, owner.customer_id,
       get_byte(uuid_send(owner.customer_id), 15)::smallint AS bucket
FROM profiles_unlinkedkey u
CROSS JOIN LATERAL (
    SELECT coalesce(min(i.customer_id::text) FILTER (WHERE i.claims), min(i.customer_id::text))::uuid AS customer_id
    FROM profiles_identifier i WHERE i.lookup = u.lookup AND i.kind = u.kind AND NOT EXISTS (
        SELECT FROM profiles_sharedidentifier s WHERE s.lookup = u.lookup AND s.kind = u.kind AND s.shared
    )
    HAVING count(*) FILTER (WHERE i.claims) = 1 OR (count(*) = 1 AND u.kind <> %(phone)s)
) owner
ORDER BY u.record_id, u.kind
"""
_LINK_SQL = """
WITH begun AS (
    INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule)
    SELECT bucket, customer_id, record_id, record_bucket, %(at)s,
           CASE WHEN kind = %(device)s THEN %(signed_in)s ELSE %(waited)s END
    FROM waiting_known
    RETURNING *
)
SELECT record_id, lib_note_new('profiles_link', customer_id, to_jsonb(begun)) FROM begun
"""
_EVENTS_SQL = """
WITH found AS (
    UPDATE profiles_event e SET customer_id = w.customer_id, bucket = w.bucket
    FROM waiting_known w WHERE e.customer_id IS NULL AND e.record_id = w.record_id
    RETURNING e.kind, e.customer_id, e.record_id, w.record_bucket, e.occurred_at, e.channel, e.properties
)
SELECT found.customer_id, found.record_id, found.occurred_at, coalesce(found.channel, ''), found.properties::text,
       s.name
FROM found
JOIN profiles_sourcerecord r ON r.bucket = found.record_bucket AND r.id = found.record_id
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
WHERE found.kind = %s AND found.properties ? 'state'
"""
_DONE_SQL = "DELETE FROM profiles_unlinkedkey u USING waiting_known w WHERE u.record_id = w.record_id"


@dataclass(frozen=True)
class Linked:
    """The records that found their person, and the consents that waited with them, as the ledger takes them."""

    records: list[UUID]
    said: list[dict[str, Any]]


def link_waiting(*, at: datetime) -> Linked:
    """Link what can be linked now, in the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_SQL)
        cursor.execute(_KNOWN_NOW_SQL, {"phone": int(IdentifierKind.PHONE)})
        rules = {"signed_in": int(LinkRule.DEVICE), "waited": int(LinkRule.WAITED)}
        cursor.execute(_LINK_SQL, {"at": at, "device": int(IdentifierKind.DEVICE), **rules})
        linked = [record for record, _ in cursor.fetchall()]
        said: list[dict[str, Any]] = []
        if linked:
            cursor.execute(_EVENTS_SQL, [int(EventKind.CONSENT_CHANGED)])
            said = [_statement(*row) for row in cursor.fetchall()]
            cursor.execute(_DONE_SQL)
        return Linked(linked, said)


def _statement(
    customer: UUID, record: UUID, occurred_at: datetime, channel: str, properties: str, source: str
) -> dict[str, Any]:
    """A consent that its event carried until somebody was known to have said it."""
    told = orjson.loads(properties)
    return {
        "customer_id": customer,
        "record_id": record,
        "occurred_at": occurred_at,
        "channel": channel,
        "source": source,
        "language": "",
        **{name: told.get(name) or "" for name in ("purpose", "state", "method", "policy_version")},
    }
