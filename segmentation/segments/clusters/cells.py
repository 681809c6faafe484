"""First many small cells, then their merger: as long as one kind of people explains two cells as well as two kinds do.

Cells are cut by k-means in a measure that is learnt: what varies little within a group counts much between groups.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from segmentation.segments.clusters.mixture import Form
from segmentation.segments.clusters.preparation import Prepared

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

MOST_CELLS = 360
ROWS_A_CELL = 25


@dataclass(frozen=True)
class Heap:
    """What is known of sets of rows: how many, the sums, the scatter about the mean, and the words counted."""

    rows: Floats
    means: Floats
    scatter: Floats
    words: tuple[Floats, ...]


def cut(embedded: Floats, seed: int) -> Labels:
    """Label every row with its cell."""
    count = int(np.clip(len(embedded) // ROWS_A_CELL, 2, MOST_CELLS))
    found = KMeans(count, n_init=1, max_iter=12, random_state=seed).fit(embedded)
    return np.unique(found.labels_, return_inverse=True)[1].astype(np.int64)


def heaps(rows: Prepared, labels: Labels) -> Heap:
    count, dimensions = int(labels.max()) + 1, rows.numbers.shape[1]
    sizes = np.bincount(labels, minlength=count).astype(np.float64)
    sums: Floats = np.zeros((count, dimensions))
    np.add.at(sums, labels, rows.numbers)
    means = sums / sizes[:, None]
    order = np.argsort(labels, kind="stable")
    moved = rows.numbers[order] - means[labels[order]]
    ends = np.cumsum(sizes).astype(np.int64)
    scatter = np.array([part.T @ part for part in np.split(moved, ends[:-1])]).reshape(count, dimensions, dimensions)
    words = tuple(
        np.bincount(labels * width + rows.words[:, place], minlength=count * width).reshape(count, width).astype(float)
        for place, width in enumerate(rows.word_counts)
    )
    return Heap(sizes, means, scatter, words)


class Merger:
    """Merges heaps two by two, the cheapest pair first, while the merger is worth it by BIC."""

    def __init__(self, start: Heap, form: Form, floor: Floats) -> None:
        self.total = float(start.rows.sum())
        self.form = form
        self.dimensions = start.means.shape[1]
        pooled = start.scatter.sum(axis=0) / self.total + floor
        self.prior_rows = float(self.dimensions + 1)
        self.prior = self.prior_rows * pooled
        each = (
            1 + self.dimensions + form.parameters(self.dimensions) + sum(counts.shape[1] - 1 for counts in start.words)
        )
        self.price = 0.5 * each * np.log(self.total)
        self.rows, self.means, self.scatter = start.rows.copy(), start.means.copy(), start.scatter.copy()
        self.words = [counts.copy() for counts in start.words]

    def worth(self, rows: Floats, scatter: Floats, words: list[Floats]) -> Floats:
        """The log likelihood of heaps as kinds of their own, rows knowing which kind they are of."""
        leaned = (scatter + self.prior) / (rows + self.prior_rows)[:, None, None]
        if self.form is Form.FULL:
            dets = np.linalg.slogdet(leaned)[1]
        elif self.form is Form.DIAGONAL:
            dets = np.log(np.einsum("kii->ki", leaned)).sum(axis=1)
        else:
            dets = self.dimensions * np.log(np.einsum("kii->k", leaned) / max(self.dimensions, 1))
        found = rows * np.log(rows / self.total) - 0.5 * rows * dets
        for counts in words:
            found += (counts * np.log(np.maximum(counts, 1e-300) / rows[:, None])).sum(axis=1)
        return found

    def merged(self) -> Labels:
        """For every heap at the start, its group at the end."""
        count = len(self.rows)
        group, alive = np.arange(count), np.ones(count, dtype=bool)
        alone = self.worth(self.rows, self.scatter, self.words)
        gains = np.full((count, count), -np.inf)
        for place in range(count - 1):
            later = np.arange(place + 1, count)
            gains[place, later] = self._gain(place, later, alone)
        while alive.sum() > 1:
            one, other = np.unravel_index(int(np.argmax(gains)), gains.shape)
            if gains[one, other] <= 0:
                break
            self._join(int(one), int(other))
            group[group == other], alive[other] = one, False
            gains[other, :], gains[:, other] = -np.inf, -np.inf
            alone[one] = self.worth(self.rows[[one]], self.scatter[[one]], [w[[one]] for w in self.words])[0]
            rest = np.flatnonzero(alive & (np.arange(count) != one))
            fresh = self._gain(int(one), rest, alone)
            gains[np.minimum(rest, one), np.maximum(rest, one)] = fresh
        return np.unique(group, return_inverse=True)[1].astype(np.int64)

    def _gain(self, one: int, others: Labels, alone: Floats) -> Floats:
        rows = self.rows[one] + self.rows[others]
        apart = self.means[others] - self.means[one]
        between = np.einsum("ki,kj->kij", apart, apart) * (self.rows[one] * self.rows[others] / rows)[:, None, None]
        scatter = self.scatter[one] + self.scatter[others] + between
        words = [counts[one] + counts[others] for counts in self.words]
        return self.worth(rows, scatter, words) - alone[one] - alone[others] + self.price

    def _join(self, one: int, other: int) -> None:
        rows = self.rows[one] + self.rows[other]
        apart = self.means[other] - self.means[one]
        self.scatter[one] += self.scatter[other] + np.outer(apart, apart) * self.rows[one] * self.rows[other] / rows
        self.means[one] += apart * self.rows[other] / rows
        self.rows[one] = rows
        for counts in self.words:
            counts[one] += counts[other]
