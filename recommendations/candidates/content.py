"""Like what you did before: the same country, distance, climate, price. Learns nothing from other people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.contract import History, Scores


class ContentBased:
    """The likeness between an item and the weighted mean of what the traveller dealt with."""

    name = "content_based"

    def __init__(self, traits: NDArray[np.float32]) -> None:
        self.traits = traits

    def scores(self, history: History) -> Scores:
        taste = np.asarray(history.likes @ self.traits, dtype=np.float32)
        length = np.maximum(np.linalg.norm(taste, axis=1, keepdims=True), 1e-9)
        return np.asarray((taste / length) @ self.traits.T, dtype=np.float32)

    def arrays(self) -> dict[str, NDArray]:
        return {"traits": self.traits}
