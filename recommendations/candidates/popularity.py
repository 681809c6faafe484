"""What travellers from the same home airport bought in the last quarter, leaning on everybody where few are from there.

The fallback for whoever has no history, and the peer that every other opinion must beat before it may serve.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.contract import History, Scores

# As many travellers as the overall shares count for when an airport's own are mixed with them.
LEANING = 50.0


class Popularity:
    """`counts` has one row a home airport, one column an item: travellers who bought it in the last quarter."""

    name = "popularity"

    def __init__(self, counts: NDArray[np.float32]) -> None:
        self.counts = counts

    def scores(self, history: History) -> Scores:
        overall = self.overall
        local = (self.counts + LEANING * overall) / (self.counts.sum(axis=1, keepdims=True) + LEANING)
        # The row behind the last is for those whose home is not known: number -1 finds it.
        return np.log1p(1000.0 * np.vstack([local, overall])[history.home]).astype(np.float32)

    @property
    def overall(self) -> NDArray[np.float32]:
        """The share of each item in all that was bought."""
        total = self.counts.sum(axis=0)
        return np.asarray(total / max(float(total.sum()), 1.0), dtype=np.float32)

    def arrays(self) -> dict[str, NDArray]:
        return {"popular": self.counts}
