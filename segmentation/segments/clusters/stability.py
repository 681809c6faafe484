"""How far groups hold: would other rows of the same table have given the same ones?

Groups that overlap are joined first, the most confused pair before the others. How far to join is chosen on refits,
each on half of the rows, as the finest cut on which they agree; what is reported is measured on a pair without a say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.metrics import adjusted_rand_score, silhouette_samples

from segmentation.segments.clusters import fitting
from segmentation.segments.clusters.fitting import Fitted
from segmentation.segments.clusters.preparation import Prepared

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

# Two groups are joined when this share of the smaller one is as likely to be of the other; from fine to coarse.
LEVELS = (0.15, 0.1, 0.06, 0.04, 0.025, 0.015, 0.01, 0.006, 0.003, 0.001)
AGREED, NEARLY = 0.95, 0.85
# How many parts an even division may have, the finest first.
DIVISIONS = (12, 10, 9, 8, 7, 6, 5, 4, 3)
_SILHOUETTE_ROWS = 5_000


@dataclass(frozen=True)
class Graded:
    """A fit with the log densities it gives every row, cut at any level."""

    fitted: Fitted
    joint: Floats
    confusion: Floats

    def groups(self, level: float) -> Labels:
        """For every group of the mixture, the joined group it belongs to at this level."""
        return joined(self.confusion, level)

    def labels(self, level: float) -> Labels:
        return np.asarray(self.shares(level).argmax(axis=1), dtype=np.int64)

    def shares(self, level: float, temper: float = 1.0) -> Floats:
        """Posterior of the joined groups; a `temper` above 1 doubts more than the mixture does."""
        moved = self.joint / temper
        posterior = np.exp(moved - logsumexp(moved, axis=1, keepdims=True))
        groups = self.groups(level)
        return posterior @ np.eye(int(groups.max()) + 1)[groups]


def graded(rows: Prepared, learnt_from: Labels | None = None, seed: int = 1) -> Graded:
    """Fit on some of the rows (all, without `learnt_from`) and grade all of them."""
    fitted = fitting.fit(rows if learnt_from is None else rows.taken(learnt_from), seed)
    joint = fitted.log_joint(rows)
    posterior = np.exp(joint - logsumexp(joint, axis=1, keepdims=True))
    return Graded(fitted, joint, posterior.T @ posterior)


def divided(rows: Prepared, learnt_from: Labels | None, seed: int, count: int) -> Graded:
    """The same for an even division into `count`; nothing of it is joined."""
    fitted = fitting.divide(rows if learnt_from is None else rows.taken(learnt_from), count, seed)
    return Graded(fitted, fitted.log_joint(rows), np.eye(fitted.mixture.size))


def joined(confusion: Floats, level: float) -> Labels:
    """Join pair after pair, the most confused first, until none is confused by more than `level`."""
    shared = confusion.copy()
    group = np.arange(len(shared))
    while True:
        rows = shared.sum(axis=1)
        apart = shared / np.maximum(np.minimum(rows[:, None], rows[None, :]), 1e-12)
        np.fill_diagonal(apart, -1)
        one, other = np.unravel_index(int(apart.argmax()), apart.shape)
        if apart[one, other] < level:
            return np.unique(group, return_inverse=True)[1].astype(np.int64)
        shared[one] += shared[other]
        shared[:, one] += shared[:, other]
        shared[other], shared[:, other] = 0, 0
        group[group == other] = one


def halves(rows: int, seed: int) -> tuple[Labels, Labels]:
    order = np.random.default_rng(seed).permutation(rows)
    return np.sort(order[: rows // 2]), np.sort(order[rows // 2 :])


def agreement(one: Graded, other: Graded, level: float) -> float:
    """Adjusted Rand index of the two, over all rows."""
    return float(adjusted_rand_score(one.labels(level), other.labels(level)))


def choose_level(pairs: Sequence[tuple[Graded, Graded]]) -> tuple[float, float]:
    """The finest cut on which pairs of refits agree, else the one on which they agree most; and how far they do.

    The middle pair speaks, so that one refit that missed a group decides nothing. A cut that leaves one group says
    nothing, whatever its agreement.
    """
    best = (LEVELS[0], -1.0)
    for level in LEVELS:
        if min(one.groups(level).max() for pair in pairs for one in pair) < 1:
            break
        found = median(agreement(one, other, level) for one, other in pairs)
        if found >= AGREED:
            return level, found
        if found > best[1] + 0.01:
            best = (level, found)
    return best


def jaccard(labels: Labels, refit: Labels) -> Floats:
    """For every group, how far its best counterpart of the refit is the same set of rows."""
    table = np.bincount(labels * (refit.max() + 1) + refit, minlength=(labels.max() + 1) * (refit.max() + 1))
    table = table.reshape(labels.max() + 1, -1)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0) - table
    return np.asarray((table / np.maximum(union, 1)).max(axis=1), dtype=np.float64)


def temper(found: Graded, level: float, target: float) -> float:
    """How much the posterior must be doubted, so that its mean equals how often refits agree."""
    low, high = 0.2, 200.0
    for _ in range(30):
        middle = float(np.sqrt(low * high))
        if found.shares(level, middle).max(axis=1).mean() > target:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))


def silhouette(whole: Graded, prepared: Prepared, labels: Labels, seed: int) -> tuple[float, list[float]]:
    """Of all and of each group, in the measure that they were found in: columns without structure do not count."""
    groups = int(labels.max()) + 1
    rows = np.random.default_rng(seed).permutation(len(labels))[:_SILHOUETTE_ROWS]
    if groups < 2 or len(np.unique(labels[rows])) < 2:
        return 0.0, [0.0] * groups
    each = silhouette_samples(whole.fitted.embedded(prepared.taken(rows)), labels[rows])
    sums, sizes = np.bincount(labels[rows], each, minlength=groups), np.bincount(labels[rows], minlength=groups)
    return float(each.mean()), [float(one) for one in sums / np.maximum(sizes, 1)]
