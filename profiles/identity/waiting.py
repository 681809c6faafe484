"""Links mentions that waited: by a device on which exactly one customer has signed in since, or by a key that exactly
one customer holds by now."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from profiles.models import IdentifierKind, LinkRule

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
    FROM profiles_identifier i WHERE i.lookup = u.lookup AND i.kind = u.kind
    HAVING count(*) FILTER (WHERE i.claims) = 1 OR (count(*) = 1 AND u.kind <> %(phone)s)
) owner
ORDER BY u.record_id, u.kind
"""
_LINK_SQL = """
INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule, score)
SELECT bucket, customer_id, record_id, record_bucket, %(at)s,
       CASE WHEN kind = %(device)s THEN %(signed_in)s ELSE %(waited)s END, 1.0
FROM waiting_known
RETURNING record_id
"""
_EVENTS_SQL = """
UPDATE profiles_event e SET customer_id = w.customer_id, bucket = w.bucket
FROM waiting_known w WHERE e.customer_id IS NULL AND e.record_id = w.record_id
"""
_DONE_SQL = "DELETE FROM profiles_unlinkedkey u USING waiting_known w WHERE u.record_id = w.record_id"


def link_waiting(*, at: datetime) -> list[UUID]:
    """Link what can be linked now, in the running transaction; returns the records that found their person."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_SQL)
        cursor.execute(_KNOWN_NOW_SQL, {"phone": int(IdentifierKind.PHONE)})
        rules = {"signed_in": int(LinkRule.DEVICE), "waited": int(LinkRule.WAITED)}
        cursor.execute(_LINK_SQL, {"at": at, "device": int(IdentifierKind.DEVICE), **rules})
        linked = [record for (record,) in cursor.fetchall()]
        if linked:
            cursor.execute(_EVENTS_SQL)
            cursor.execute(_DONE_SQL)
        return linked
