"""Tells each passenger's disruptions: one event a passenger and flight that was late, diverted or cancelled.

Comes in: flight statuses and who was booked on the flights. Goes out: events, each once, whatever is told again; one
that is told otherwise now takes the place of the earlier, one that is no more true goes.
"""

from __future__ import annotations

from django.db import connection, transaction

from iaros.lib import clock, partitions, sql
from iaros.lib.ids import numbers
from profiles.models import EventKind

LATE_FROM_MINUTES = 60
_MONTHS_SQL = "SELECT DISTINCT date_trunc('month', occurred_at)::date FROM disruptions_due"
_DROP_SQL = "DROP TABLE IF EXISTS disruptions_due"
_NEW_SQL = "SELECT count(*) FROM disruptions_due WHERE NOT told"


def refresh() -> int:
    """Write the disruptions that are not told yet and take back those that no longer hold; returns how many changed."""
    with connection.cursor() as cursor:
        cursor.execute(_DROP_SQL)
        sql.run(__package__, "disruptions_due.sql", late=LATE_FROM_MINUTES, kind=int(EventKind.DISRUPTION))
        cursor.execute(_MONTHS_SQL)
        months = [month for (month,) in cursor.fetchall()]
    if months:
        partitions.ensure_each("profiles_event", months)
    with transaction.atomic():
        gone = sql.run(__package__, "disruptions_over.sql", kind=int(EventKind.DISRUPTION))
        with connection.cursor() as cursor:
            cursor.execute(_NEW_SQL)
            [(count,)] = cursor.fetchall()
        if count:
            ids = numbers(count).tolist()
            sql.run(__package__, "disruptions_told.sql", kind=int(EventKind.DISRUPTION), ids=ids, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(_DROP_SQL)
    return gone + int(count)
