"""Who did what with which item: read once as a set, then cut by quarter for time splits.

Comes in: events of customers who pass the gate of analytics. Goes out: travellers and their dealings as columns.
Refuses: events of nobody known, items outside the catalogue, and the leg that only brings a traveller home.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles.models import EventKind
from recommendations.candidates.contract import History
from recommendations.catalogue.items import HISTORY, SOLD_AS, Catalogue
from recommendations.models import ItemKind

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_matrix

HALF_LIFE_DAYS = 365
QUARTER_DAYS = 90
# Quarters before as_of that are told apart: the newest tests, the next tunes, the next is what was popular then.
OLDEST_QUARTER = 3
_TYPES = {
    "customer_id": pa.string(),
    "item": pa.string(),
    "quarter": pa.int16(),
    "weight": pa.float32(),
    "sold": pa.int32(),
    "flown": pa.int32(),
    "searched": pa.int32(),
}


@dataclass(frozen=True)
class Dealings:
    """Travellers, ascending by id, and one row for each traveller, item and quarter.

    Columns of `rows`: person, item (numbers), quarter (0 the newest), weight, sold, flown, searched.
    """

    customers: NDArray[np.uint8]
    declared_home: NDArray[np.str_]
    rows: pd.DataFrame

    def __len__(self) -> int:
        return len(self.customers)

    def until(self, quarter: int) -> Dealings:
        """What was known when `quarter` began: nothing of it or of a newer one."""
        return Dealings(self.customers, self.declared_home, self.rows[self.rows["quarter"] > quarter])

    def only(self, people: NDArray[np.int64]) -> Dealings:
        """The dealings of some travellers, by ascending number, numbered anew."""
        number = np.full(len(self), -1)
        number[people] = np.arange(len(people))
        rows = self.rows.assign(person=number[self.rows["person"].to_numpy()])
        return Dealings(self.customers[people], self.declared_home[people], rows[rows["person"] >= 0])

    def of(self, quarter: int) -> pd.DataFrame:
        """What was bought in the quarter."""
        return self.rows[(self.rows["quarter"] == quarter) & (self.rows["sold"] > 0)]


def read(
    catalogue: Catalogue, as_of: datetime, *, low: int = 0, high: int = 255, customer: uuid.UUID | None = None
) -> Dealings:
    """The dealings of all customers of the buckets `low` to `high`, or of one customer."""
    import pandas as pd

    if customer is not None:
        low = high = bucket_of(customer)
    ids, homes = _travellers(low, high, customer)
    events = _events(catalogue.kind, as_of, low, high, customer)
    person = pd.Index(ids).get_indexer(pd.Index(events["customer_id"]))
    item = pd.Index(catalogue.codes).get_indexer(pd.Index(events["item"]))
    events = events.assign(person=person, item=item).drop(columns="customer_id")
    known = events[(events["person"] >= 0) & (events["item"] >= 0)]
    block = np.frombuffer(bytes.fromhex("".join(ids).replace("-", "")), dtype=np.uint8).reshape(-1, 16)
    return Dealings(block, homes, known.reset_index(drop=True))


def _travellers(low: int, high: int, customer: uuid.UUID | None) -> tuple[list[str], NDArray[np.str_]]:
    gate, params = consent.gate(Purpose.ANALYTICS, within="{table}.bucket BETWEEN %(low)s AND %(high)s")
    statement = f"""
        SELECT c.id::text AS id, coalesce(p.home_airport, '') AS home
        FROM profiles_customer c
        LEFT JOIN profiles_profile p ON p.bucket = c.bucket AND p.id = c.id
        WHERE c.merged_into IS NULL AND c.bucket BETWEEN %(low)s AND %(high)s
            AND (%(customer)s::uuid IS NULL OR c.id = %(customer)s) AND {gate}
        ORDER BY c.id"""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**params, "low": low, "high": high, "customer": customer})
        rows = cursor.fetchall()
    return [row[0] for row in rows], np.array([row[1].strip() for row in rows], dtype="<U3")


def _events(kind: ItemKind, as_of: datetime, low: int, high: int, customer: uuid.UUID | None) -> pd.DataFrame:
    is_route = kind == ItemKind.ROUTE
    params = {
        "low": low,
        "high": high,
        "customer": customer,
        "sold": SOLD_AS[kind].value,
        # Kind 0 does not exist: ancillaries are bought, never flown or searched.
        "flown": EventKind.COUPON_FLOWN.value if is_route else 0,
        "searched": EventKind.WEB_SEARCHED.value if is_route else 0,
        "since": as_of - HISTORY,
        "as_of": as_of,
        "half_life_days": float(HALF_LIFE_DAYS),
        "quarter_days": float(QUARTER_DAYS),
        "oldest_quarter": OLDEST_QUARTER,
    }
    with connection.cursor() as cursor:
        found = copying.copy_out(cursor, sql.text(__package__, "interactions.sql"), params, types=_TYPES)
    return found.to_pandas()


def homes_of(dealings: Dealings, catalogue: Catalogue) -> NDArray[np.str_]:
    """Where each traveller leaves from: most of what they booked, else what they told us; empty if neither is known."""
    booked = dealings.rows[dealings.rows["sold"] > 0]
    if catalogue.kind != ItemKind.ROUTE or booked.empty:
        return dealings.declared_home
    origin = catalogue.origins[booked["item"].to_numpy()]
    weights = booked.assign(origin=origin).groupby(["person", "origin"], sort=True)["weight"].sum().reset_index()
    first = weights.sort_values(["person", "weight"], ascending=[True, False], kind="stable").drop_duplicates("person")
    homes = dealings.declared_home.copy()
    homes[first["person"].to_numpy()] = first["origin"].to_numpy(dtype="<U3")
    return homes


def without_ways_home(dealings: Dealings, catalogue: Catalogue, homes: NDArray[np.str_]) -> Dealings:
    """Drop what was only flown towards home: the return of a trip says nothing about where to go next."""
    rows = dealings.rows
    destination = np.array([code.partition("-")[2] for code in catalogue.codes], dtype="<U3")
    returning = destination[rows["item"].to_numpy()] == homes[rows["person"].to_numpy()]
    kept = rows[~(returning & (rows["sold"].to_numpy() == 0))]
    return Dealings(dealings.customers, dealings.declared_home, kept)


def history(dealings: Dealings, items: int, home: NDArray[np.int64]) -> History:
    """The dealings as a matrix; what happened in several quarters adds up."""
    from scipy.sparse import csr_matrix

    rows = dealings.rows
    where = (rows["person"].to_numpy(), rows["item"].to_numpy())
    likes = csr_matrix((rows["weight"].to_numpy(dtype=np.float32), where), shape=(len(dealings), items))
    likes.sort_indices()
    return History(likes, home)


def counts(dealings: Dealings, items: int, column: str) -> csr_matrix:
    """How often each traveller did `column` (sold, flown, searched) with each item."""
    from scipy.sparse import csr_matrix

    rows = dealings.rows[dealings.rows[column] > 0]
    where = (rows["person"].to_numpy(), rows["item"].to_numpy())
    return csr_matrix((rows[column].to_numpy(dtype=np.int32), where), shape=(len(dealings), items))
