"""What enrichers see of customers: their trips, flights, points and the clear columns of their profiles, as columns.

Comes in: a range of buckets, or a few customers. Goes out: frames of arrays sorted by customer, ready for sums over
runs of equal customers. It refuses those who objected to analytics, and everything of the special categories: service
requests are never read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import sql
from iaros.lib.ids import as_block
from iaros.lib.purposes import Purpose
from privacy import consent

LARGEST_HOUSEHOLD = 12  # more of one surname at one address are a home or a company, not a household
_WHO_SQL = """
SELECT p.id, p.home_airport, p.tier, p.tier_status, p.enrolled_on, p.birth_year, p.country, p.region
FROM profiles_profile p JOIN profiles_customer c ON c.bucket = p.bucket AND c.id = p.id
WHERE p.bucket >= %(low)s AND p.bucket < %(high)s AND (%(ids)s::uuid[] IS NULL OR p.id = ANY(%(ids)s::uuid[]))
  AND c.merged_into IS NULL AND {gate}
ORDER BY p.bucket, p.id
"""
_WITHIN = "{table}.bucket >= %(low)s AND {table}.bucket < %(high)s"


@dataclass(frozen=True)
class Customers:
    """Those to be enriched; everything else points to them by position."""

    id: list[UUID]
    home_airport: NDArray[np.object_]
    tier: NDArray[np.object_]
    tier_status: NDArray[np.object_]
    enrolled_on: NDArray[np.datetime64]
    country: NDArray[np.object_]
    region: NDArray[np.object_] = field(default_factory=lambda: np.zeros(0, dtype=object))

    def __len__(self) -> int:
        return len(self.id)


@dataclass(frozen=True)
class Trips:
    """One row a passenger and booking, sorted by customer and departure. Moments are UTC; NaT where unknown.

    `customer` is a position in Customers; `passenger` the row's key in profiles_passenger.
    """

    customer: NDArray[np.int64]
    passenger: NDArray[np.uint8]
    origin: NDArray[np.object_]
    destination: NDArray[np.object_]
    created_at: NDArray[np.datetime64]
    departs_at: NDArray[np.datetime64]
    returns_at: NDArray[np.datetime64]
    party_size: NDArray[np.int64]
    with_child: NDArray[np.bool_]
    premium: NDArray[np.bool_]
    channel: NDArray[np.object_]
    cancelled: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.customer)


@dataclass(frozen=True)
class Movements:
    """Points earned (positive) and redeemed (negative), one row a movement, sorted by customer and time."""

    customer: NDArray[np.int64]
    at: NDArray[np.datetime64]
    points: NDArray[np.int64]


@dataclass(frozen=True)
class Ties:
    """With whom somebody lives and travels, in numbers, by customer; NaN where no address is known."""

    household: NDArray[np.float64]
    companions: NDArray[np.float64]


@dataclass(frozen=True)
class History:
    """Everything that enrichers may read, as it was known at `as_of`."""

    as_of: datetime
    customers: Customers
    trips: Trips
    movements: Movements
    flown: NDArray[np.int64]  # flights flown in the last 24 months, by customer
    last_flown: NDArray[np.datetime64]  # NaT for those who never flew
    unused_coupons: NDArray[np.int64]  # still open though the flight has left
    ties: Ties = field(default_factory=lambda: Ties(np.zeros(0), np.zeros(0)))


def load(as_of: datetime, *, low: int = 0, high: int = 256, ids: Sequence[UUID] | None = None) -> History:
    """The history of the customers of buckets `low` to `high` (not included), or of these `ids` alone."""
    condition, params = consent.gate(Purpose.ANALYTICS, customer="p.id", within=_WITHIN)
    where = {"low": low, "high": high, "ids": list(ids) if ids is not None else None}
    who = _rows(_WHO_SQL.format(gate=condition), {**params, **where})
    position = {row[0]: at for at, row in enumerate(who)}
    customers = Customers(
        [row[0] for row in who],
        _objects(who, 1),
        _objects(who, 2),
        _objects(who, 3),
        np.array([row[4] for row in who], dtype="datetime64[D]"),
        _objects(who, 6),
        _objects(who, 7),
    )
    near, mine = consent.gate(Purpose.ANALYTICS, customer="o.id")
    ties = sql.text(__package__, "ties.sql").replace("{gate}", near)
    told = _rows(ties, {**mine, **where, "as_of": as_of, "most": LARGEST_HOUSEHOLD})
    params = {**where, "as_of": as_of}
    trips = _trips(_rows(sql.text(__package__, "trips.sql"), params), position)
    return History(
        as_of,
        customers,
        trips,
        _movements(_rows(sql.text(__package__, "movements.sql"), params), position),
        *_flown(_rows(sql.text(__package__, "flown.sql"), params), position),
        _ties(told, position),
    )


def _rows(statement: str, params: dict[str, Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def _objects(rows: Sequence[tuple], column: int) -> NDArray[np.object_]:
    found = np.empty(len(rows), dtype=object)
    found[:] = [row[column] for row in rows]
    return found


def _moments(rows: Sequence[tuple], column: int) -> NDArray[np.datetime64]:
    naive = [row[column].replace(tzinfo=None) if row[column] else None for row in rows]
    return np.array(naive, dtype="datetime64[s]")


def _trips(rows: list[tuple], position: dict[UUID, int]) -> Trips:
    rows = [row for row in rows if row[0] in position]
    customer = np.array([position[row[0]] for row in rows], dtype=np.int64)
    departs = _moments(rows, 5)
    order = np.lexsort((departs, customer))
    rows = [rows[i] for i in order.tolist()]
    return Trips(
        customer[order],
        as_block([row[1] for row in rows]) if rows else np.zeros((0, 16), dtype=np.uint8),
        _objects(rows, 2),
        _objects(rows, 3),
        _moments(rows, 4),
        departs[order],
        _moments(rows, 6),
        np.array([row[7] for row in rows], dtype=np.int64),
        np.array([row[8] for row in rows], dtype=bool),
        np.array([row[9] for row in rows], dtype=bool),
        _objects(rows, 10),
        np.array([row[11] for row in rows], dtype=bool),
    )


def _movements(rows: list[tuple], position: dict[UUID, int]) -> Movements:
    rows = [row for row in rows if row[0] in position]
    customer = np.array([position[row[0]] for row in rows], dtype=np.int64)
    at = _moments(rows, 1)
    order = np.lexsort((at, customer))
    return Movements(customer[order], at[order], np.array([row[2] for row in rows], dtype=np.int64)[order])


def _ties(rows: list[tuple], position: dict[UUID, int]) -> Ties:
    household, companions = np.full(len(position), np.nan), np.zeros(len(position))
    for customer, size, others in rows:
        at = position.get(customer)
        if at is not None:
            household[at] = np.nan if size is None else size
            companions[at] = others
    return Ties(household, companions)


def _flown(
    rows: list[tuple], position: dict[UUID, int]
) -> tuple[NDArray[np.int64], NDArray[np.datetime64], NDArray[np.int64]]:
    flown, unused = np.zeros(len(position), dtype=np.int64), np.zeros(len(position), dtype=np.int64)
    last = np.full(len(position), np.datetime64("NaT"), dtype="datetime64[s]")
    for customer, count, latest, still_open in rows:
        at = position.get(customer)
        if at is not None:
            flown[at], unused[at] = count, still_open
            last[at] = np.datetime64(latest.replace(tzinfo=None)) if latest else np.datetime64("NaT")
    return flown, last, unused
