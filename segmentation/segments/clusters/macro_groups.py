"""The upper of the two levels: groups that lie near each other, told and measured as a group is.

How many there are: refits on halves of the rows draw macro groups of their own, and must agree on them; of the numbers
on which they do, that after which joining on costs most. What is reported of one is how far the refits' own are the
same people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from segmentation.segments.clusters import explaining, stability
from segmentation.segments.clusters.preparation import Preparation, Prepared
from segmentation.segments.clusters.stability import AGREED, NEARLY, Graded

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MOST = 16
# Of fewer groups than this nobody needs a level above.
_FEWEST_GROUPS = 6


@dataclass(frozen=True)
class Gathered:
    """`of`: the macro group of each group. `again`: for each refit, the macro group that it gives every row."""

    of: Labels
    again: list[Labels]


def gather(prepared: Prepared, whole: Graded, refits: Sequence[Graded], level: float) -> Gathered:
    """Macro groups on which refits agree, in the number that stands out most; all in one where they agree on none.

    The last two refits have no say together, so that what is reported of them was not chosen by them alone.
    """
    drawn = [_joined(fit, prepared, level) for fit in (whole, *refits)]
    fewest = min(len(one.by_count) for one in drawn)
    pairs = [pair for pair in combinations(range(1, len(drawn)), 2) if pair != (3, 4)]
    agreed = {1: 0.0}
    for count in range(2, min(MOST, fewest // 2) + 1 if fewest >= _FEWEST_GROUPS else 2):
        rows = [one.rows(count) for one in drawn]
        agreed[count] = median(float(adjusted_rand_score(rows[a], rows[b])) for a, b in pairs)
    enough = max(min(max(agreed.values()), AGREED), NEARLY)
    count = max((one for one in agreed if agreed[one] >= enough), key=drawn[0].stands_out, default=1)
    return Gathered(drawn[0].by_count[count], [one.rows(count) for one in drawn[1:]])


@dataclass(frozen=True)
class _Joined:
    """The group of every row, and the macro group of every group by how many macro groups there are."""

    labels: Labels
    by_count: dict[int, Labels]
    lost: dict[int, float]

    def rows(self, count: int) -> Labels:
        return self.by_count[count][self.labels]

    def stands_out(self, count: int) -> float:
        """How many times more is lost by joining so many on than was lost by the join before."""
        return self.lost[count] / max(self.lost[count + 1], 1e-9)


def _joined(fit: Graded, prepared: Prepared, level: float) -> _Joined:
    labels = np.unique(fit.labels(level), return_inverse=True)[1].astype(np.int64)
    seen, sizes = fit.fitted.viewed(prepared).numbers, np.bincount(labels).astype(np.float64)
    means = np.array([seen[labels == group].mean(axis=0) for group in range(len(sizes))]).reshape(len(sizes), -1)
    return _Joined(labels, *joins(means, sizes))


def joins(means: Floats, sizes: Floats) -> tuple[dict[int, Labels], dict[int, float]]:
    """Join groups two by two, each time those whose people lose least by it (Ward), down to one. By how many there are:
    the joined group of each group, and what the next join will lose.

    By people and not by groups: a handful that one half of the rows has and the other has not would shape the rest.
    """
    means, sizes, member = means.copy(), sizes.copy(), np.arange(len(sizes))
    alive = np.ones(len(sizes), dtype=bool)
    found, losses = {len(sizes): member.copy()}, dict[int, float]()
    while alive.sum() > 1:
        left = np.flatnonzero(alive)
        weight = sizes[left][:, None] * sizes[left] / (sizes[left][:, None] + sizes[left])
        lost = weight * ((means[left][:, None] - means[left]) ** 2).sum(axis=2)
        lost[np.tril_indices(len(left))] = np.inf
        losses[len(left)] = float(lost.min())
        one, other = left[list(np.unravel_index(int(lost.argmin()), lost.shape))]
        means[one] = (means[one] * sizes[one] + means[other] * sizes[other]) / (sizes[one] + sizes[other])
        sizes[one] += sizes[other]
        alive[other], member[member == other] = False, one
        found[int(alive.sum())] = np.unique(member, return_inverse=True)[1].astype(np.int64)
    return found, losses


@dataclass(frozen=True)
class MacroGroup:
    """Groups that lie near each other; `ways`: a tree's paths to it, `stability` and `distinct` as of a group."""

    name: str
    traits: list[str]
    stability: float
    confidence: float
    distinct: float
    ways: tuple[str, ...]


def describe(
    preparation: Preparation,
    rows: pd.DataFrame,
    prepared: Prepared,
    whole: Graded,
    gathered: Gathered,
    labels: Labels,
    shares: Floats,
    seed: int,
) -> list[MacroGroup]:
    """Nothing where all groups lie in one."""
    if gathered.of.max() < 1:
        return []
    macros = gathered.of[labels]
    traits = explaining.traits(preparation, rows, macros)
    explained = explaining.explain(preparation, rows, macros, seed)
    held = np.mean([stability.jaccard(macros, one) for one in gathered.again], axis=0)
    chances = (shares @ np.eye(int(gathered.of.max()) + 1)[gathered.of]).max(axis=1)
    _, distinct = stability.silhouette(whole, prepared, macros, seed)
    return [
        MacroGroup(
            name=name,
            traits=[trait.words for trait in traits[place][:5]],
            stability=float(held[place]),
            confidence=float(chances[macros == place].mean()),
            distinct=distinct[place],
            ways=explained.rules[place].ways,
        )
        for place, name in enumerate(explaining.names(traits))
    ]
