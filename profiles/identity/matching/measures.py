"""How good clusters are against a truth, after closure: every two records of a cluster count as one pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Measures:
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def as_dict(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 6) for name in ("precision", "recall", "f1")}


def pairwise(found: NDArray[np.int64], truth: NDArray[np.int64]) -> Measures:
    """Share of pairs put together that are one person, and of pairs of one person that were put together."""
    right = _pairs(_joint(found, truth))
    return Measures(_share(right, _pairs(found)), _share(right, _pairs(truth)))


def b_cubed(found: NDArray[np.int64], truth: NDArray[np.int64]) -> Measures:
    """The same seen from a record: the share of its cluster that is its person, and of its person in its cluster."""
    joint = _counted(_joint(found, truth))
    return Measures(float(np.mean(joint / _counted(found))), float(np.mean(joint / _counted(truth))))


def adjusted_rand(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """How much two clusterings agree beyond chance: 1 when they are equal."""
    both, a, b = _pairs(_joint(one, other)), _pairs(one), _pairs(other)
    everything = len(one) * (len(one) - 1) / 2
    by_chance = a * b / everything if everything else 0.0
    most = (a + b) / 2
    return 1.0 if most == by_chance else (both - by_chance) / (most - by_chance)


def labelled(
    found: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    same: NDArray[np.bool_],
    *,
    all_true: bool,
) -> Measures:
    """Against labelled pairs. `all_true`: the list names every true pair, so that what it does not name is false."""
    together = found[left] == found[right]
    hits = int((together & same).sum())
    put_together = _pairs(found) if all_true else int(together.sum())
    return Measures(_share(hits, put_together), _share(hits, int(same.sum())))


def _share(part: float, whole: float) -> float:
    """Of nothing, all was right."""
    return part / whole if whole else 1.0


def _joint(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    a, b = pd.factorize(one)[0], pd.factorize(other)[0]
    return np.asarray(a * (b.max(initial=0) + 1) + b, dtype=np.int64)


def _counted(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each record, how many have its code."""
    dense = pd.factorize(codes)[0]
    return np.asarray(np.bincount(dense)[dense], dtype=np.int64)


def _pairs(codes: NDArray[np.int64]) -> int:
    counts = np.bincount(pd.factorize(codes)[0])
    return int((counts * (counts - 1) // 2).sum())
