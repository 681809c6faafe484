"""Clusters that grow: records come in batches, in any order, and clusters keep their ids.

A batch meets the records it shares a blocking key with. What hangs together is decided anew with everything that is
known of it, existing clusters being units that are never torn apart; of several that turn out to be one person the
oldest id survives. Clusters a batch does not meet are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from profiles.identity.matching.blocking import keys_for, with_parts
from profiles.identity.matching.clustering import MOST_TOGETHER, voices
from profiles.identity.matching.scoring import Scorer


@dataclass
class Growing:
    """`of`: by row, the id of its cluster, -1 for rows that have not come yet. Ids ascend in the order of creation."""

    scorer: Scorer
    keys: list[tuple[int, NDArray[np.int64]]]
    of: NDArray[np.int64]
    members: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    blocks: list[dict[int, list[int]]] = field(default_factory=list)
    next_id: int = 0

    @classmethod
    def over(cls, scorer: Scorer, cleaned: pd.DataFrame) -> Growing:
        """For the rows of `cleaned`, none of which has come yet."""
        keys = [(key.cap, number) for key, number in keys_for(with_parts(cleaned))]
        return cls(scorer, keys, np.full(len(cleaned), -1, dtype=np.int64), blocks=[defaultdict(list) for _ in keys])

    def add(self, rows: NDArray[np.int64]) -> set[int]:
        """Take in a batch; returns the ids that were grown, made or folded. All others are as they were."""
        one, other = self._candidates(rows)
        self.of[rows] = np.arange(self.next_id, self.next_id + len(rows))
        self.next_id += len(rows)
        for row in rows.tolist():
            self.members[int(self.of[row])].append(row)
        touched = set(self.of[rows].tolist())
        if len(one):
            said = voices(self.scorer.weigh(one, other))
            linked = said >= self.scorer.model.threshold
            touched |= self._join(self.of[one[linked]], self.of[other[linked]])
        return touched

    def _candidates(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found: set[tuple[int, int]] = set()
        for (cap, number), blocks in zip(self.keys, self.blocks, strict=True):
            for row, key in zip(rows.tolist(), number[rows].tolist(), strict=True):
                if key < 0:
                    continue
                block = blocks[key]
                if len(block) < cap:
                    found.update((earlier, row) for earlier in block)
                block.append(row)
        pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _join(self, one: NDArray[np.int64], other: NDArray[np.int64]) -> set[int]:
        """Decide what hangs together by these links between clusters."""
        ids, places = np.unique(np.concatenate([one, other]), return_inverse=True)
        if not len(ids):
            return set()
        ends = places[: len(one)], places[len(one) :]
        graph = coo_matrix((np.ones(len(one), dtype=np.int8), ends), shape=(len(ids), len(ids)))
        group = connected_components(graph, directed=False)[1]
        order = np.argsort(group, kind="stable")
        cuts = np.flatnonzero(np.diff(group[order])) + 1
        groups = [units for units in np.split(ids[order], cuts) if len(units) > 1]
        groups = [units for units in groups if sum(len(self.members[u]) for u in units.tolist()) <= MOST_TOGETHER]
        touched: set[int] = set()
        for units, means in zip(groups, self._means(groups), strict=True):
            sizes = np.array([len(self.members[unit]) for unit in units.tolist()], dtype=float)
            for people in _agglomerate(means, sizes, self.scorer.model.threshold):
                if len(people) > 1:
                    touched |= self._fold(sorted(int(units[at]) for at in people))
        return touched

    def _means(self, groups: list[NDArray[np.int64]]) -> list[NDArray[np.float64]]:
        """For each group the mean voice between each two of its units; all are weighed at once."""
        one: list[int] = []
        other: list[int] = []
        spans: list[tuple[int, int, int, int]] = []
        for at, units in enumerate(groups):
            for a in range(len(units)):
                for b in range(a + 1, len(units)):
                    first, second = self.members[int(units[a])], self.members[int(units[b])]
                    spans.append((at, a, b, len(first) * len(second)))
                    one.extend(row for row in first for _ in second)
                    other.extend(second * len(first))
        means = [np.zeros((len(units), len(units))) for units in groups]
        if not spans:
            return means
        said = voices(self.scorer.weigh(np.array(one, dtype=np.int64), np.array(other, dtype=np.int64)))
        start = 0
        for at, a, b, count in spans:
            means[at][a, b] = means[at][b, a] = said[start : start + count].mean()
            start += count
        return means

    def _fold(self, units: list[int]) -> set[int]:
        """The oldest id survives; the others are never used again."""
        survivor = units[0]
        for unit in units[1:]:
            moved = self.members.pop(unit)
            self.of[moved] = survivor
            self.members[survivor].extend(moved)
        return set(units)


def _agglomerate(means: NDArray[np.float64], sizes: NDArray[np.float64], threshold: float) -> list[list[int]]:
    """Join the two units that speak most for each other until no two reach the threshold: average linkage."""
    means, sizes = means.copy(), sizes.copy()
    np.fill_diagonal(means, -np.inf)
    people = [[at] for at in range(len(sizes))]
    while len(sizes) > 1:
        a, b = sorted(divmod(int(np.argmax(means)), len(sizes)))
        if means[a, b] < threshold:
            break
        merged = (means[a] * sizes[a] + means[b] * sizes[b]) / (sizes[a] + sizes[b])
        means[a], means[:, a] = merged, merged
        means[a, a] = -np.inf
        sizes[a] += sizes[b]
        people[a] += people.pop(b)
        means, sizes = np.delete(np.delete(means, b, axis=0), b, axis=1), np.delete(sizes, b)
    return people
