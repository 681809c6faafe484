"""Clusters that grow: records come in batches, in any order, and clusters keep their ids.

A batch meets the records it shares a blocking key with. What hangs together with it is decided anew with everything
that is known by now, as if all of it had come at once: what looked like one person may turn out to be two. An id stays
with the bulk of its records; of several that turn out to be one person the oldest survives. Clusters that do not hang
together with a batch are not looked at.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.identity.matching.blocking import keys_for, with_parts
from profiles.identity.matching.clustering import MOST_TOGETHER, divide, voices
from profiles.identity.matching.scoring import Scorer


@dataclass
class Growing:
    """`of`: by row, the id of its cluster, -1 for rows that have not come yet. Ids ascend in the order of creation.
    `linked`: by row, the rows that speak for being one person with it."""

    scorer: Scorer
    keys: list[tuple[int, NDArray[np.int64]]]
    of: NDArray[np.int64]
    linked: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    blocks: list[dict[int, list[int]]] = field(default_factory=list)
    next_id: int = 0

    @classmethod
    def over(cls, scorer: Scorer, cleaned: pd.DataFrame) -> Growing:
        """For the rows of `cleaned`, none of which has come yet."""
        keys = [(key.cap, number) for key, number in keys_for(with_parts(cleaned))]
        return cls(scorer, keys, np.full(len(cleaned), -1, dtype=np.int64), blocks=[defaultdict(list) for _ in keys])

    def add(self, rows: NDArray[np.int64]) -> set[int]:
        """Take in a batch; returns the ids that were looked at again, grown, made or folded. All others are as they
        were."""
        one, other = self._candidates(rows)
        self.of[rows] = self._new_ids(len(rows))
        touched = set(self.of[rows].tolist())
        if not len(one):
            return touched
        speaks = voices(self.scorer.weigh(one, other)) >= self.scorer.model.threshold
        for first, second in zip(one[speaks].tolist(), other[speaks].tolist(), strict=True):
            self.linked[first].append(second)
            self.linked[second].append(first)
        groups = self._hanging_together(rows)
        touched |= {int(each) for group in groups for each in np.unique(self.of[group])}
        self._decide(groups)
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

    def _hanging_together(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The groups of two and more that these rows are in, as links lead from one to the next."""
        seen: set[int] = set()
        groups = []
        for row in rows.tolist():
            if row in seen or row not in self.linked:
                continue
            group, left = {row}, [row]
            while left:
                new = [each for each in self.linked[left.pop()] if each not in group]
                group.update(new)
                left += new
            seen |= group
            groups.append(np.array(sorted(group), dtype=np.int64))
        return groups

    def _decide(self, groups: list[NDArray[np.int64]]) -> None:
        """Divide the groups into people. More than anybody can be stay as they are, and whoever came new alone."""
        groups = [group for group in groups if len(group) <= MOST_TOGETHER]
        if not groups:
            return
        corners = [np.triu_indices(len(group), 1) for group in groups]
        one = np.concatenate([group[first] for group, (first, _) in zip(groups, corners, strict=True)])
        other = np.concatenate([group[second] for group, (_, second) in zip(groups, corners, strict=True)])
        said, at = voices(self.scorer.weigh(one, other)), 0
        for group, (first, _) in zip(groups, corners, strict=True):
            self._name(group, divide(said[at : at + len(first)], self.scorer.model.threshold))
            at += len(first)

    def _name(self, group: NDArray[np.int64], people: NDArray[np.int64]) -> None:
        """Give each of the people the oldest id of which they hold most records, or a new one."""
        held = Counter(zip(self.of[group].tolist(), people.tolist(), strict=True))
        heir: dict[int, int] = {}
        for (number, person), _ in sorted(held.items(), key=lambda row: (row[0][0], -row[1], row[0][1])):
            heir.setdefault(number, person)
        oldest: dict[int, int] = {}
        for number, person in heir.items():
            oldest.setdefault(person, number)
        new = iter(self._new_ids(len(set(people.tolist()) - set(oldest))).tolist())
        named = {person: oldest[person] if person in oldest else next(new) for person in np.unique(people).tolist()}
        self.of[group] = [named[person] for person in people.tolist()]

    def _new_ids(self, count: int) -> NDArray[np.int64]:
        self.next_id += count
        return np.arange(self.next_id - count, self.next_id)
