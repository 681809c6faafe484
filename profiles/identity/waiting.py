"""Links mentions that waited: anonymous devices on which exactly one customer has signed in since."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from profiles.models import IdentifierKind, LinkRule

_FORGET_SQL = "DROP TABLE IF EXISTS waiting_known"
_KNOWN_NOW_SQL = """
CREATE TEMP TABLE waiting_known ON COMMIT DROP AS
SELECT u.id, u.record_id, u.record_bucket, owner.customer_id,
       get_byte(uuid_send(owner.customer_id), 15)::smallint AS bucket
FROM profiles_unlinkedkey u
JOIN (
    SELECT i.lookup, (array_agg(i.customer_id))[1] AS customer_id
    FROM profiles_identifier i WHERE i.kind = %(device)s
    GROUP BY i.lookup HAVING count(*) = 1
) owner ON owner.lookup = u.lookup AND u.kind = %(device)s
"""
_LINK_SQL = """
INSERT INTO profiles_link (bucket, customer_id, record_id, record_bucket, linked_at, rule, score)
SELECT bucket, customer_id, record_id, record_bucket, %(at)s, %(rule)s, 1.0 FROM waiting_known
"""
_EVENTS_SQL = """
UPDATE profiles_event e SET customer_id = w.customer_id, bucket = w.bucket
FROM waiting_known w WHERE e.customer_id IS NULL AND e.record_id = w.record_id
"""
_DONE_SQL = "DELETE FROM profiles_unlinkedkey u USING waiting_known w WHERE u.id = w.id"


def link_waiting(*, at: datetime) -> int:
    """Link what can be linked now, in the running transaction; returns how many mentions found their person."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_SQL)
        cursor.execute(_KNOWN_NOW_SQL, {"device": int(IdentifierKind.DEVICE)})
        cursor.execute(_LINK_SQL, {"at": at, "rule": int(LinkRule.DEVICE)})
        linked = cursor.rowcount
        if linked:
            cursor.execute(_EVENTS_SQL)
            cursor.execute(_DONE_SQL)
        return int(linked)
