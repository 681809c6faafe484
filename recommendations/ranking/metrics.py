"""How good a ranking was: against what travellers really bought afterwards."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.contract import Scores
from recommendations.ranking.blend import top

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

AT = 10


@dataclass(frozen=True)
class Quality:
    """Means over the travellers who bought something; every purchase counts, also of what nobody could be offered."""

    travellers: int
    hit_rate: float
    ndcg: float
    precision: float

    def as_dict(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def quality(scores: Scores, bought: csr_matrix, k: int = AT) -> Quality:
    """Hit rate, nDCG and precision at `k`. Rows of `bought` without a purchase are left out."""
    rows = np.flatnonzero(np.diff(bought.indptr) > 0)
    if not len(rows):
        return Quality(0, 0.0, 0.0, 0.0)
    wanted = bought[rows].toarray() > 0
    hits = np.take_along_axis(wanted, top(scores[rows], k), axis=1)
    return Quality(
        travellers=len(rows),
        hit_rate=float(hits.any(axis=1).mean()),
        ndcg=float(np.mean(gain(hits) / best_gain(wanted.sum(axis=1), hits.shape[1]))),
        precision=float(hits.sum(axis=1).mean() / k),
    )


def gain(hits: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Hits discounted by the logarithm of their rank."""
    return np.asarray(hits @ discounts(hits.shape[1]))


def best_gain(purchases: NDArray[np.int64], k: int) -> NDArray[np.float64]:
    """The gain if all that was bought stood first."""
    return np.cumsum(discounts(k))[np.minimum(purchases, k) - 1]


def discounts(k: int) -> NDArray[np.float64]:
    return 1.0 / np.log2(np.arange(2, k + 2))
