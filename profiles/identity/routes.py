"""Through which agency two customers flew where: of a passenger whose agency tells a name only, it tells a little more.

Few people of one name have the same agency book the same route. How few is counted on bookings drawn at random.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from math import log2
from typing import Any
from uuid import UUID

from django.db import connection

from iaros.lib import arrays, staging
from profiles.identity.candidates import Pair

# Of two bookings of one member through agencies, how often agency and route are the same: 23 % of 2,691 pairs of
# bookings of members of two demo airlines, known by number.
_AGAIN = 0.23
_MOST_BOOKINGS, _SAMPLE = 60, 2000
_ROUTES_SQL = """
SELECT w.id, b.agency, b.origin, b.destination
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
CROSS JOIN LATERAL (
    SELECT p.booking_id FROM profiles_passenger p
    WHERE p.bucket = w.bucket AND p.customer_id = w.id LIMIT %(most)s
) mine
JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(mine.booking_id), 15) AND b.id = mine.booking_id
WHERE b.agency IS NOT NULL
"""
# The last byte of an id is drawn at random, and orders the table.
_SAMPLE_SQL = """
SELECT b.agency, b.origin, b.destination FROM profiles_booking b WHERE b.agency IS NOT NULL
ORDER BY b.bucket, b.id LIMIT %(most)s
"""

Route = tuple[str, str, str]  # agency, from, to


def bits(pairs: Sequence[Pair]) -> dict[Pair, float]:
    """What it says for each pair that one agency booked them the same route, in bits; other pairs are absent."""
    routes = _routes({customer for pair in pairs for customer in pair}) if pairs else {}
    same = {pair: both for pair in pairs if (both := routes.get(pair[0], set()) & routes.get(pair[1], set()))}
    if not same:
        return {}
    drawn = _drawn()
    of_all = drawn.total() + 1
    return {
        (one, other): log2(
            _AGAIN * of_all / (len(routes[one]) * len(routes[other]) * (min(drawn[route] for route in both) + 1))
        )
        for (one, other), both in same.items()
    }


def most_bits() -> float:
    """More than this no route says."""
    return log2(_AGAIN * (_SAMPLE + 1))


def _routes(customers: Collection[UUID]) -> dict[UUID, set[Route]]:
    ids = sorted(customers)
    wanted: dict[str, Any] = {"buckets": arrays.of_buckets(ids), "ids": arrays.of_uuids(ids), "most": _MOST_BOOKINGS}
    found: dict[UUID, set[Route]] = defaultdict(set)
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_ROUTES_SQL, wanted)
        for customer, *route in cursor.fetchall():
            found[customer].add(tuple(route))
    return found


def _drawn() -> Counter[Route]:
    """How often each route and agency stands in bookings drawn at random."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE_SQL, {"most": _SAMPLE})
        return Counter(cursor.fetchall())
