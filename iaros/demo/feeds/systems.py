"""Which reservation system holds a booking: nearly all the airline's own, the others a few of each hundred."""

import numpy as np
from numpy.typing import NDArray

# Of each thousand bookings; the rest stand in `pnr.ndjson`.
_SHARES = {"pnrgov": 20, "pnrgov_xml": 5, "amadeus_pnr": 5, "amadeus_orders": 5, "ndc_orders": 5}
_STEP = 7_919  # neighbouring trips are different systems'


def of(trip_number: NDArray[np.int64]) -> NDArray[np.object_]:
    """The system of each trip, by its number in the whole world."""
    place = trip_number * _STEP % 1000
    names = np.array([*_SHARES, "pnr"], dtype=object)
    return names[np.searchsorted(np.cumsum(list(_SHARES.values())), place, side="right")]


def divided(trip_number: NDArray[np.int64], chosen: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """The chosen places in `trip_number` by system."""
    system = of(trip_number[chosen])
    return {name: chosen[system == name] for name in ("pnr", *_SHARES)}
