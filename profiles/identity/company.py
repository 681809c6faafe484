"""Whom two customers both travelled with: of a passenger whose booking tells a name only, their company tells more.

Two of one name who fly with the same person are one, unless both were seen in one booking: father and son. Company is
somebody known, or somebody of whom the same names or birth date were told, but not those of the traveller: mother and
daughter of one name have each other for company. Groups are none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from math import log2
from typing import Any
from uuid import UUID

from django.db import connection

from iaros.lib import arrays, staging
from profiles.identity.candidates import CAP, Pair

# Of two bookings of one member in company, how often somebody is in both: 66 % of 2,910 pairs of bookings of members
# of the demo airline, known by number; by member 62 %.
_AGAIN = 0.6
_LARGEST_PARTY, _MOST_BOOKINGS = 9, 60
_COMPANY_SQL = """
SELECT w.id, mine.booking_id, o.customer_id, ARRAY(
    SELECT key FROM unnest(k.match_keys) AS key WHERE own.match_keys IS NULL OR key <> ALL (own.match_keys)
)
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
CROSS JOIN LATERAL (
    SELECT p.booking_id FROM profiles_passenger p
    WHERE p.bucket = w.bucket AND p.customer_id = w.id LIMIT %(bookings)s
) mine
CROSS JOIN LATERAL (
    SELECT p.customer_id FROM profiles_passenger p
    WHERE p.booking_id = mine.booking_id AND p.customer_id <> w.id LIMIT %(party)s
) o
LEFT JOIN profiles_searchkeys own ON own.bucket = w.bucket AND own.id = w.id
LEFT JOIN profiles_searchkeys k ON k.bucket = get_byte(uuid_send(o.customer_id), 15) AND k.id = o.customer_id
"""
_HOLDERS_SQL = """
SELECT w.key, count(*)
FROM unnest(%(keys)s::bigint[]) AS w (key)
CROSS JOIN LATERAL (SELECT FROM profiles_searchkeys k WHERE k.match_keys @> ARRAY[w.key] LIMIT %(most)s) found
GROUP BY w.key
"""

Known = UUID | int  # a customer, or the key of somebody told alike


def bits(pairs: Sequence[Pair], base: int) -> dict[Pair, float]:
    """What it says for each pair that they travelled with the same person, in bits on a base of so many customers;
    pairs of whom nothing of the kind is known are absent."""
    company = _company({customer for pair in pairs for customer in pair}) if pairs else {}
    together = {pair: _keys(company, pair[0]) & _keys(company, pair[1]) for pair in pairs}
    holders = _holders({known for each in together.values() for known in each if isinstance(known, int)})
    found = {}
    for pair, both in together.items():
        if both:
            rarest = min(holders.get(known, 1) if isinstance(known, int) else 1 for known in both)
            chances = len(company[pair[0]]) * len(company[pair[1]]) * rarest
            found[pair] = log2(_AGAIN * base / chances)
    return found


def of(customers: Collection[UUID]) -> set[UUID]:
    """Everybody who flew with one of these customers."""
    return {other for known in _company(customers).values() for other in known} if customers else set()


def most_bits(base: int) -> float:
    """More than this no company says."""
    return log2(_AGAIN * base)


def _company(customers: Collection[UUID]) -> dict[UUID, dict[UUID, set[int]]]:
    """By customer, whom they flew with, and the keys of those."""
    ids = sorted(customers)
    wanted: dict[str, Any] = {"buckets": arrays.of_buckets(ids), "ids": arrays.of_uuids(ids)}
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_COMPANY_SQL, wanted | {"party": _LARGEST_PARTY, "bookings": _MOST_BOOKINGS})
        rows = cursor.fetchall()
    party = Counter((customer, booking) for customer, booking, _, _ in rows)
    found: dict[UUID, dict[UUID, set[int]]] = defaultdict(dict)
    for customer, booking, other, keys in rows:
        if party[customer, booking] < _LARGEST_PARTY:
            found[customer][other] = set(keys)
    return found


def _keys(company: dict[UUID, dict[UUID, set[int]]], customer: UUID) -> set[Known]:
    found: set[Known] = set()
    for other, keys in company.get(customer, {}).items():
        found |= {other, *keys}
    return found


def _holders(keys: Collection[int]) -> dict[Known, int]:
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS_SQL, {"keys": arrays.of_integers(sorted(keys)), "most": CAP})
        return dict(cursor.fetchall())
