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

# How ready people are for a new route: of two bookings of one member through agencies, agency and route are the same
# in 1 / (1 + _NEW) of the cases, 23 % of 2,691 pairs of bookings of members of two demo airlines, known by number. Of
# n bookings k on one route, the next is on it in k / (n + _NEW).
_NEW = 3.35
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
    same = [pair for pair in pairs if routes.get(pair[0], Counter()) & routes.get(pair[1], Counter())]
    drawn: Counter[Route] = _drawn() if same else Counter()
    found = {}
    for pair in same:
        fewer, more = sorted((routes[one] for one in pair), key=lambda flown: flown.total())
        found[pair] = _likelihood(fewer, more, drawn)
    return found


def most_bits() -> float:
    """About more than this no one route says."""
    return log2(_SAMPLE)


def _likelihood(fewer: Counter[Route], more: Counter[Route], drawn: Counter[Route]) -> float:
    """By how many doublings likelier the fewer bookings are as those of who made the others than as a stranger's."""
    # Where all bookings were drawn, theirs are among them, and say nothing of strangers.
    all_drawn = drawn.total() < _SAMPLE
    theirs = fewer + more if all_drawn else Counter()
    strangers, known = drawn.total() - theirs.total(), more.total()
    found = 0.0
    for route, times in fewer.items():
        share = (max(drawn[route] - theirs[route], 0) + 1) / (max(strangers, 0) + 1)
        again = more[route] / (known + _NEW) + share * _NEW / (known + _NEW)
        found += times * log2(again / share)
    return found


def _routes(customers: Collection[UUID]) -> dict[UUID, Counter[Route]]:
    ids = sorted(customers)
    wanted: dict[str, Any] = {"buckets": arrays.of_buckets(ids), "ids": arrays.of_uuids(ids), "most": _MOST_BOOKINGS}
    found: dict[UUID, Counter[Route]] = defaultdict(Counter)
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_ROUTES_SQL, wanted)
        for customer, *route in cursor.fetchall():
            found[customer][route[0], route[1], route[2]] += 1
    return found


def _drawn() -> Counter[Route]:
    """How often each route and agency stands in bookings drawn at random."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE_SQL, {"most": _SAMPLE})
        return Counter(cursor.fetchall())
