"""One happening, told by several sources, stands once: a flight flown is known from the reservation and the ticket.

Comes in: the events of a batch whose people were known before. Goes out: which of them another source told already.
Who tells first stands, unless only the later one knows what was paid. Two happenings of one source are never taken
for one: a passenger may check two bags.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, staging
from profiles.models import EventKind
from profiles.shapes import Landed, Resolved

# What the systems of an airport, of tickets and of reservations all tell; a visit of the web is told once.
TOLD_BY_SEVERAL = frozenset(
    int(kind)
    for kind in (
        EventKind.BOOKING_MADE,
        EventKind.BOOKING_CANCELLED,
        EventKind.COUPON_FLOWN,
        EventKind.ANCILLARY_BOUGHT,
        EventKind.CHECKED_IN,
        EventKind.BAG_CHECKED,
        EventKind.BOARDED,
        EventKind.NO_SHOW,
        EventKind.DISRUPTION,
        EventKind.REFUND,
    )
)
# Clocks of airport, airline and agency differ by zones, and some feeds know the day only. Who told is asked of what was
# found, which is little: OFFSET 0 keeps the planner from walking all links of a customer for every event first.
_TOLD_SQL = """
SELECT s.place, told.id, coalesce(told.value_minor, told.value_base_minor) IS NULL AND s.valued
FROM retold_staged s
CROSS JOIN LATERAL (
    SELECT e.occurred_at, e.id, e.record_id, e.value_minor, e.value_base_minor FROM profiles_event e
    WHERE e.bucket = s.bucket AND e.customer_id = s.customer_id
      AND e.occurred_at BETWEEN s.at - INTERVAL '36 hours' AND s.at + INTERVAL '36 hours'
      AND e.kind = s.kind AND e.item IS NOT DISTINCT FROM s.item AND e.record_id <> s.record_id
    OFFSET 0
) told
CROSS JOIN LATERAL (
    SELECT l.record_bucket, l.record_id FROM profiles_link l
    WHERE l.bucket = s.bucket AND l.customer_id = s.customer_id AND l.record_id = told.record_id
      AND l.ended_at IS NULL
    OFFSET 0
) linked
JOIN profiles_sourcerecord r ON r.bucket = linked.record_bucket AND r.id = linked.record_id
JOIN profiles_message m ON m.id = r.message_id
WHERE m.source_id <> %s
"""
_GIVE_WAY_SQL = """
DELETE FROM profiles_event e USING retold_staged s, unnest(%s::integer[], %s::bigint[]) AS gone (place, id)
WHERE s.place = gone.place AND e.bucket = s.bucket AND e.customer_id = s.customer_id
  AND e.occurred_at BETWEEN s.at - INTERVAL '36 hours' AND s.at + INTERVAL '36 hours' AND e.id = gone.id
"""
_SAME_COUPON_SQL = """
DELETE FROM profiles_coupon c USING retold_coupons s
WHERE c.bucket = s.bucket AND c.customer_id = s.customer_id AND c.ticket_number = s.ticket_number
  AND c.number = s.number
"""
_SAME_PASSENGER_SQL = """
DELETE FROM profiles_passenger p USING retold_of_booking s
WHERE p.bucket = s.bucket AND p.customer_id = s.customer_id AND p.booking_id = s.booking_id
"""
_SAME_EXTRA_SQL = """
DELETE FROM profiles_ancillary a
USING retold_of_booking s, profiles_link l, profiles_sourcerecord r, profiles_message m
WHERE a.bucket = s.bucket AND a.customer_id = s.customer_id AND a.booking_id = s.booking_id AND a.code = s.code
  AND l.bucket = s.bucket AND l.customer_id = s.customer_id AND l.record_id = a.record_id AND l.ended_at IS NULL
  AND r.bucket = l.record_bucket AND r.id = l.record_id AND m.id = r.message_id AND m.source_id <> %s
"""
_DEFINITION = """
place integer, bucket smallint, customer_id uuid, record_id uuid, kind smallint, item text, at timestamptz,
valued boolean
"""


def told_before(landed: Landed, resolved: Resolved, events: dict[str, Any]) -> NDArray[np.bool_]:
    """Which of the events another source told already; events that know less than these give way."""
    who = events["who"]
    kinds = np.asarray(events["kind"], dtype=np.int64)
    again = np.zeros(len(who), dtype=bool)
    rows = np.flatnonzero(np.isin(kinds, list(TOLD_BY_SEVERAL)) & resolved.linked[who] & ~resolved.created[who])
    if not len(rows):
        return again
    _stage(landed, resolved, events, rows, kinds)
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_SQL, [landed.feed.source_id])
        found = cursor.fetchall()
        poorer = {event: place for place, event, poorer in found if poorer}
        if poorer:
            cursor.execute(_GIVE_WAY_SQL, [list(poorer.values()), list(poorer)])
    again[[place for place, _, poorer_than_this in found if not poorer_than_this]] = True
    return again


def replace_coupons(customer: NDArray[np.uint8], ticket_numbers: Sequence[str], numbers: Sequence[int]) -> None:
    """Forget what was told of these coupons before: a coupon moves on from open to flown, and the last word stands."""
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "retold_coupons",
            "bucket smallint, customer_id uuid, ticket_number text, number smallint",
            {
                "bucket": copying.smallints(customer[:, 15]),
                "customer_id": copying.uuids(customer),
                "ticket_number": copying.texts(ticket_numbers),
                "number": copying.smallints(numbers),
            },
        )
        cursor.execute(_SAME_COUPON_SQL)


def replace_passengers(customer: NDArray[np.uint8], booking: copying.Column) -> None:
    """Forget that these customers are passengers of these bookings: it is about to be said again."""
    with connection.cursor() as cursor:
        _stage_of_booking(cursor, customer, booking, [None] * len(customer))
        cursor.execute(_SAME_PASSENGER_SQL)


def replace_extras(
    customer: NDArray[np.uint8], booking: copying.Column, codes: Sequence[str], *, source_id: int
) -> None:
    """Forget the extras of these codes that another source told of the same booking."""
    with connection.cursor() as cursor:
        _stage_of_booking(cursor, customer, booking, codes)
        cursor.execute(_SAME_EXTRA_SQL, [source_id])


def _stage_of_booking(
    cursor: Any, customer: NDArray[np.uint8], booking: copying.Column, codes: Sequence[str | None]
) -> None:
    staging.stage(
        cursor,
        "retold_of_booking",
        "bucket smallint, customer_id uuid, booking_id uuid, code text",
        {
            "bucket": copying.smallints(customer[:, 15]),
            "customer_id": copying.uuids(customer),
            "booking_id": booking,
            "code": copying.texts(codes),
        },
    )


def _stage(
    landed: Landed, resolved: Resolved, events: dict[str, Any], rows: NDArray[np.int64], kinds: NDArray[np.int64]
) -> None:
    who = events["who"][rows]
    customer = resolved.customer[who]
    items = events.get("item")
    values = events.get("value_minor")
    chosen = rows.tolist()
    valued = [values is not None and values[i] is not None and values[i] >= 0 for i in chosen]
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "retold_staged",
            _DEFINITION,
            {
                "place": copying.integers(rows),
                "bucket": copying.smallints(customer[:, 15]),
                "customer_id": copying.uuids(customer),
                "record_id": copying.uuids(landed.record[who]),
                "kind": copying.smallints(kinds[rows]),
                "item": copying.texts([items[i] if items is not None else None for i in chosen]),
                "at": copying.timestamps(np.asarray(events["occurred_at"], dtype="datetime64[us]")[rows]),
                "valued": copying.booleans(valued),
            },
        )
