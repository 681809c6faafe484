"""The rules. A route must still be operated and leave from home; an ancillary must not be on the next trip already.

An item nobody may be offered costs a rank to nobody: rules go first, opinions after.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray
from psycopg.sql import SQL, Identifier

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.partitions import part_of
from recommendations.catalogue.items import Catalogue
from recommendations.models import ItemKind

_AHEAD_SQL = "SELECT id FROM {} WHERE id = ANY(%s) AND departs_at > %s AND status <> 'cancelled'"


class Booked(NamedTuple):
    """An ancillary that somebody bought, and the booking it is on."""

    code: str
    booking_id: uuid.UUID


def routes_from_home(catalogue: Catalogue, homes: NDArray[np.str_], bought: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Operated routes out of the home airport, or out of an airport the traveller has booked from before.

    Whoever's home is not known, or is no airport of ours, is offered routes from the hub.
    """
    origins = catalogue.origins
    served = np.unique(origins)
    start = np.where(np.isin(homes, served), homes, settings.AIRLINE_HUB)
    from_home = start[:, None] == origins[None, :]
    return (from_home | _from_known_origins(origins, served, bought)) & catalogue.operated[None, :]


def _from_known_origins(
    origins: NDArray[np.str_], served: NDArray[np.str_], bought: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    belongs = (origins[:, None] == served[None, :]).astype(np.float32)
    return (bought.astype(np.float32) @ belongs @ belongs.T) > 0


def ancillaries_not_on_trip(catalogue: Catalogue, on_trip: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Ancillaries still sold that are not on the next trip."""
    return catalogue.operated[None, :] & ~on_trip


def on_next_trip(
    catalogue: Catalogue, customers: NDArray[np.uint8], as_of: datetime, *, low: int, high: int
) -> NDArray[np.bool_]:
    """Which ancillaries each of `customers` (ascending ids) has on a booking that has not departed."""
    found = np.zeros((len(customers), len(catalogue)), dtype=bool)
    if catalogue.kind != ItemKind.ANCILLARY:
        return found
    row_of = {raw.tobytes(): at for at, raw in enumerate(customers)}
    column_of = {code: at for at, code in enumerate(catalogue.codes)}
    for row in sql.fetch(__package__, "on_next_trip.sql", as_of=as_of, low=low, high=high, customer=None):
        person, item = row_of.get(row["customer_id"].bytes), column_of.get(row["code"])
        if person is not None and item is not None:
            found[person, item] = True
    return found


def still_ahead(booked: Sequence[Booked], as_of: datetime) -> set[str]:
    """Of a person's ancillaries, the codes of those on a booking that has not departed: `on_next_trip` for one."""
    parts: dict[str, list[uuid.UUID]] = {}
    for one in booked:
        parts.setdefault(part_of("profiles_booking", bucket_of(one.booking_id)), []).append(one.booking_id)
    if not parts:
        return set()
    statement = SQL(" UNION ALL ").join(SQL(_AHEAD_SQL).format(Identifier(part)) for part in parts)
    values = [value for ids in parts.values() for value in (ids, as_of)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        ahead = {booking_id for (booking_id,) in cursor.fetchall()}
    return {one.code for one in booked if one.booking_id in ahead}
