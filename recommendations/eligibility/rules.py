"""The rules. A route must still be operated and leave from home; an ancillary must not be on the next trip already.

An item nobody may be offered costs a rank to nobody: rules go first, opinions after.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from recommendations.catalogue.items import Catalogue
from recommendations.models import ItemKind


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


def codes_on_next_trip(customer_id: uuid.UUID, as_of: datetime) -> set[str]:
    """`on_next_trip` for one person, asked when an answer is shown."""
    bucket = bucket_of(customer_id)
    rows = sql.fetch(__package__, "on_next_trip.sql", as_of=as_of, low=bucket, high=bucket, customer=customer_id)
    return {row["code"] for row in rows}
