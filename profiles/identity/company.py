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
), coalesce(own.keys && k.keys, false)
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


def bits(pairs: Sequence[Pair], base: int, *, common: float) -> dict[Pair, float]:
    """What it says for each pair that they travelled with the same person, in bits on a base of so many customers;
    pairs of whom nothing of the kind is known are absent. `common`: the share of people with the commonest given name.
    """
    company = _company({customer for pair in pairs for customer in pair}) if pairs else {}
    by_keys = {customer: _by_key(company[customer]) for customer in company}
    alike = {(a, b): by_keys[a].keys() & by_keys[b].keys() for a, b in pairs if a in company and b in company}
    holders = _holders({key for keys in alike.values() for key in keys})
    found = {}
    for (one, other), keys in alike.items():
        chances = [1 / base] if company[one].keys() & company[other].keys() else []
        for key in keys:
            # A wife's surname is no news of who has it: only what she is called is.
            family = by_keys[one][key] or by_keys[other][key]
            chances.append(max(holders.get(key, 1) / base, common if family else 0.0))
        if chances:
            found[one, other] = log2(_AGAIN / (len(company[one]) * len(company[other]) * min(chances)))
    return found


def of(customers: Collection[UUID]) -> set[UUID]:
    """Everybody who flew with one of these customers."""
    return {other for known in _company(customers).values() for other in known} if customers else set()


def most_bits(base: int) -> float:
    """More than this no company says."""
    return log2(_AGAIN * base)


Companions = dict[UUID, tuple[set[int], bool]]  # their keys, and whether their surname is like the traveller's


def _company(customers: Collection[UUID]) -> dict[UUID, Companions]:
    """By customer, whom they flew with."""
    ids = sorted(customers)
    wanted: dict[str, Any] = {"buckets": arrays.of_buckets(ids), "ids": arrays.of_uuids(ids)}
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        cursor.execute(_COMPANY_SQL, wanted | {"party": _LARGEST_PARTY, "bookings": _MOST_BOOKINGS})
        rows = cursor.fetchall()
    party = Counter((row[0], row[1]) for row in rows)
    found: dict[UUID, Companions] = defaultdict(dict)
    for customer, booking, other, keys, family in rows:
        if party[customer, booking] < _LARGEST_PARTY:
            found[customer][other] = set(keys), family
    return dict(found)


def _by_key(company: Companions) -> dict[int, bool]:
    """By key of a companion, whether one of those who have it is of a like surname."""
    found: dict[int, bool] = {}
    for keys, family in company.values():
        for key in keys:
            found[key] = found.get(key, False) or family
    return found


def _holders(keys: Collection[int]) -> dict[int, int]:
    """How many customers have each key; of more than so many, that many."""
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_HOLDERS_SQL, {"keys": arrays.of_integers(sorted(keys)), "most": CAP})
        return dict(cursor.fetchall())
