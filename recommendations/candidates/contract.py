"""What every opinion is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class History:
    """Travellers in rows, items in columns. `likes` is what they did, newer weighing more; `home` numbers the home
    airport of each in `homes` (-1: not known)."""

    likes: csr_matrix
    home: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.likes.shape[0])

    @property
    def is_warm(self) -> NDArray[np.bool_]:
        """Who has any history at all."""
        return np.diff(self.likes.indptr) > 0

    def rows(self, which: NDArray[np.int64]) -> History:
        return History(self.likes[which], self.home[which])


class Opinion(Protocol):
    """`fit` learns from everybody and returns itself; `scores` gives one row a traveller and one column an item.

    Scores of one opinion compare within a row only. A traveller without history gets zeros from an opinion that
    needs one.
    """

    name: str

    def scores(self, history: History) -> Scores: ...

    def arrays(self) -> dict[str, NDArray]: ...
