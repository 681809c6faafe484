"""`loyalty_activity.csv`: one row a member and month with any activity, added up from what was flown."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from iaros.demo.block import Block
from iaros.demo.draws import chance

COLUMNS = (
    "Loyalty Number", "Year", "Month", "Flights Booked", "Flights with Companions", "Total Flights", "Distance",
    "Points Accumulated", "Points Redeemed", "Dollar Cost Points Redeemed",
)  # fmt: skip
SCHEMA = pa.schema([(name, pa.int64()) for name in COLUMNS])
_CABIN_POINTS = np.array([1.0, 1.5, 2.0])
_CARD_POINTS = np.array([1.0, 1.25, 1.5])
_REDEEMS = 0.09
_POINT_DOLLARS = 0.009


def table(block: Block) -> pa.Table:
    rng = block.generator("loyalty_activity")
    account, month, flights, with_others, distance, points = _flown(block)
    redeemed = np.where(chance(rng, _REDEEMS, len(account)), (rng.integers(4, 60, len(account)) * 250), 0)
    columns = (
        block.accounts.number[account],
        1970 + month // 12,
        month % 12 + 1,
        flights - with_others,
        with_others,
        flights,
        distance,
        points,
        redeemed,
        np.round(redeemed * _POINT_DOLLARS),
    )
    return pa.table(
        {name: pa.array(column.astype(np.int64)) for name, column in zip(COLUMNS, columns, strict=True)},
        schema=SCHEMA,
    )


def _flown(block: Block) -> tuple[NDArray, ...]:
    """Account, month and sums over the coupons that were flown and named the account."""
    coupons, travellers, places = block.coupons, block.travellers, block.scene.timetable.airports
    account = block.account_named[coupons.traveller]
    counted = (block.status.leg[coupons.leg] == 1) & (account >= 0)
    leg, traveller, account = coupons.leg[counted], coupons.traveller[counted], account[counted]
    route, trip = block.legs.route[leg], travellers.trip[traveller]
    month = block.legs.departs[leg].astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    distance = places.distance_km[block.scene.timetable.origin[route], block.scene.timetable.destination[route]]
    points = distance * 0.62 * _CABIN_POINTS[block.bought.cabin[trip]] * _CARD_POINTS[block.accounts.card[account]]
    party = np.bincount(travellers.trip, minlength=len(block.trips))[trip]
    key, group = np.unique(account * 10_000 + month, return_inverse=True)
    sums = [np.bincount(group, weights=w) for w in (np.ones(len(leg)), party > 1, distance, points)]
    return key // 10_000, key % 10_000, *(np.round(total).astype(np.int64) for total in sums)
