"""Who lives in somebody's household and who travels with them: edges beside identity, never a reason to join.

They stand nowhere: they follow from the same surname and address, and from bookings, when they are asked for. So a
merge or a split has nothing to move. Only people whom the purpose may see are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy.consent import gate
from profiles.enrichment.history import LARGEST_HOUSEHOLD

MOST = 20
_HOUSEHOLD_SQL = """
SELECT o.id FROM profiles_searchkeys k JOIN profiles_searchkeys o ON o.household = k.household AND o.id <> k.id
WHERE k.bucket = %(bucket)s AND k.id = %(customer)s AND {gate}
ORDER BY o.id LIMIT %(limit)s
"""
_COMPANIONS_SQL = """
SELECT o.id, o.trips FROM (
    SELECT other.customer_id AS id, get_byte(uuid_send(other.customer_id), 15)::smallint AS bucket,
           count(DISTINCT p.booking_id) AS trips
    FROM profiles_passenger p
    JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
     AND b.party_size BETWEEN 2 AND 9 AND b.status <> 'cancelled'
    JOIN profiles_passenger other ON other.booking_id = p.booking_id AND other.customer_id <> p.customer_id
    WHERE p.bucket = %(bucket)s AND p.customer_id = %(customer)s
    GROUP BY other.customer_id
) o
WHERE {gate}
ORDER BY o.trips DESC, o.id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Tie:
    """Somebody near a customer: of the same household, or on so many trips together, or both."""

    customer_id: UUID
    household: bool
    trips: int


def ties_of(customer_id: UUID, *, purpose: Purpose, limit: int = MOST) -> list[Tie]:
    """The people nearest to this customer: first of the household, then those of most trips together."""
    near, params = gate(purpose, customer="o.id")
    params |= {"bucket": bucket_of(customer_id), "customer": customer_id, "limit": max(limit, LARGEST_HOUSEHOLD)}
    home = [row["id"] for row in _rows(_HOUSEHOLD_SQL, near, params)]
    # As many of one surname at one address are a home for the aged or a company.
    home = home if len(home) < LARGEST_HOUSEHOLD else []
    trips = {row["id"]: int(row["trips"]) for row in _rows(_COMPANIONS_SQL, near, params)}
    found = [Tie(each, True, trips.get(each, 0)) for each in home]
    found += [Tie(each, False, count) for each, count in trips.items() if each not in set(home)]
    return sorted(found, key=lambda tie: (not tie.household, -tie.trips, tie.customer_id))[:limit]


def _rows(statement: str, near: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    return sql.query(statement.format(gate=near), params)
