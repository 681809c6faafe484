"""The feature store's table: vectors are replaced bucket by bucket, and read in blocks.

Refuses: a vector of another catalogue version, and on reading whoever fails the gate of `analytics` by now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import copying
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy import consent
from segmentation.features import catalogue, facts, packing
from segmentation.features.facts import Which
from segmentation.models import FeatureVector

# All vectors run together: there is nothing to parse.
_READ_SQL = """
SELECT string_agg(v.head, ''::bytea), string_agg(v.values, ''::bytea)
FROM (
    SELECT uuid_send(v.id) || int4send(length(v.values)) AS head, v.values
    FROM segmentation_featurevector v
    WHERE {which} AND v.catalogue_version = %(version)s AND {gate}
    ORDER BY v.bucket, v.id
) v
"""
_HEAD = np.dtype([("id", "u1", 16), ("length", ">i4")])
_FEATURES = len(catalogue.FEATURES)
# What was derived about a person who may no longer be analysed leaves with the vector.
_DERIVED = (
    ("segmentation_score", "customer_id"),
    ("segmentation_membership", "id"),
    ("segmentation_moves", "customer_id"),
    ("segmentation_daytile", "customer_id"),
    ("segmentation_outdatedtile", "customer_id"),
    ("segmentation_busycustomer", "id"),
)
_FORGET_SQL = """
DELETE FROM {table} t
WHERE {which}
  AND NOT EXISTS (SELECT 1 FROM segmentation_featurevector v WHERE v.bucket = t.bucket AND v.id = t.{column} AND {near})
"""


@dataclass(frozen=True)
class Block:
    """Vectors of neighbouring customers: `ids` of shape (n, 16), `values` of shape (n, features)."""

    which: Which
    ids: NDArray[np.uint8]
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)

    def columns(self, names: Iterable[str]) -> NDArray[np.float32]:
        """The named features, in that order."""
        return self.values[:, [catalogue.POSITION[name] for name in names]]


@transaction.atomic
def replace(which: Which, ids: NDArray[np.uint8], values: NDArray[np.float32], as_of: datetime) -> None:
    """Put these vectors in the place of all that `which` had; whoever is not among them loses what was derived."""
    order = np.argsort(ids[:, 15], kind="stable")
    ids, packed = ids[order], packing.pack(values[order])
    with connection.cursor() as cursor:
        # The vectors can be computed again, so their commit need not wait for the disk.
        cursor.execute("SET LOCAL synchronous_commit = off")
        which.hold(cursor)
        mine = which.where("v", "id")
        cursor.execute(f"DELETE FROM segmentation_featurevector v WHERE {mine}", which.params)
        if len(ids):
            _copy(cursor, ids, packed, as_of)
        if which.customers is not None and len(ids) == len(which.customers):
            return  # Everybody who was asked for stays.
        for table, column in _DERIVED:
            near = which.within.format(table="v")
            statement = _FORGET_SQL.format(table=table, column=column, which=which.where("t", column), near=near)
            cursor.execute(statement, which.params)


def _copy(cursor: object, ids: NDArray[np.uint8], packed: list[bytes], as_of: datetime) -> None:
    count = len(ids)
    columns: dict[str, copying.Column] = {
        "bucket": copying.smallints(ids[:, 15]),
        "id": copying.uuids(ids),
        "as_of": copying.timestamps(np.full(count, facts.microseconds(as_of), dtype="datetime64[us]")),
        "catalogue_version": copying.integers(np.full(count, catalogue.VERSION)),
        "values": copying.blobs(packed),
    }
    copying.copy_in(cursor, "segmentation_featurevector", columns)


def blocks(buckets: Iterable[int] = range(256)) -> Iterator[Block]:
    """All vectors of today's catalogue, a few thousand customers at a time."""
    for which in facts.blocks(buckets):
        yield read(which)


def read(which: Which) -> Block:
    gate, params = consent.gate(Purpose.ANALYTICS, customer="v.id", within=which.within)
    params |= {**which.params, "version": catalogue.VERSION}
    with facts.by_hash(which), connection.cursor() as cursor:
        cursor.execute(_READ_SQL.format(gate=gate, which=which.where("v", "id")), params)
        head, packed = (bytes(part or b"") for part in cursor.fetchone())
    heads = np.frombuffer(head, dtype=_HEAD)
    return Block(which, heads["id"], packing.unpack(packed, heads["length"].astype(np.int64), _FEATURES))


def vector_of(customer_id: UUID) -> tuple[NDArray[np.float32], datetime] | None:
    """One customer's stored vector and its moment; None without one of today's catalogue or a ground to read it."""
    if not consent.decide(customer_id, Purpose.ANALYTICS).allowed:
        return None
    row = FeatureVector.objects.filter(
        bucket=bucket_of(customer_id), id=customer_id, catalogue_version=catalogue.VERSION
    ).first()
    return (packing.unpack_one(bytes(row.values), _FEATURES), row.as_of) if row else None


def unpack(values: bytes) -> dict[str, float]:
    """A packed vector as numbers by name."""
    return dict(zip(catalogue.NAMES, packing.unpack_one(values, _FEATURES).tolist(), strict=True))
