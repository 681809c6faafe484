"""Events end with the airline's retention ceiling: whole months, since a month is a partition. What a run could be
undone by ends after a month."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from iaros.lib import undo

_MONTHS_SQL = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'profiles_event'::regclass AND c.relname ~ '_[0-9]{6}$' ORDER BY 1
"""


def enforce(now: datetime) -> list[str]:
    """Drop the months of events that lie wholly before `privacy.data_retention_days`; returns their names.

    Images of runs older than `undo.KEPT_DAYS` go too.
    """
    ceiling = (now - timedelta(days=settings.INTELLIGENCE.privacy.data_retention_days)).date()
    with connection.cursor() as cursor:
        cursor.execute(_MONTHS_SQL)
        over = [name for (name,) in cursor.fetchall() if _end_of(name) <= ceiling]
        for name in over:
            cursor.execute(f'DROP TABLE "{name}"')
    undo.forget_older_than(now - timedelta(days=undo.KEPT_DAYS))
    return over


def _end_of(partition: str) -> date:
    year, month = int(partition[-6:-2]), int(partition[-2:])
    return date(year + month // 12, month % 12 + 1, 1)
