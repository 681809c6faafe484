"""Rows that belong to trips, kept flat and handed out trip by trip."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = list[dict[str, object]]


@dataclass(frozen=True)
class Groups:
    """Those of trip t are `rows[edges[t]:edges[t + 1]]`."""

    rows: Rows
    edges: list[int]

    def of(self, trip: int) -> Rows:
        return self.rows[self.edges[trip] : self.edges[trip + 1]]


def grouped(rows: Rows, trip: NDArray[np.int64], trips: int) -> Groups:
    """`trip` is sorted and runs beside `rows`."""
    return Groups(rows, np.searchsorted(trip, np.arange(trips + 1)).tolist())
