"""Who is one person, from the weights between records.

Groups are joined from the strongest pair down while the mean weight between all their records stays above the
threshold: one bridge between two people is outvoted by everything that tells them apart. A pair that contradicts in
name and birth date is never a link, whatever the sum of its weights, and three that agree do not outvote it. A person
of more distinct records than anybody has is set aside for review rather than grown.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from profiles.identity.matching.scoring import Scorer, Weighed

# A pair speaks at most so loudly for or against: nothing outvotes a group by itself.
LOUDEST = 30.0
# A contradiction weighs as much as three of the loudest that agree: it stands unless most of a group outvotes it.
CONTRADICTION = -3 * LOUDEST
MOST_RECORDS, MOST_TOGETHER = 60, 400


@dataclass
class Clusters:
    """`of`: by row, the number of its cluster. `suspicious`: clusters to be looked at, and why."""

    of: NDArray[np.int64]
    suspicious: dict[int, str] = field(default_factory=dict)


def contradicted(weighed: Weighed) -> NDArray[np.bool_]:
    """Pairs that cannot be one person: the birth date differs altogether, and so does the given name or both names.

    Brothers and sisters share surname, address and telephone, and a child books on a parent's number. A document is of
    one person only: where it agrees, the surname has to differ as well.
    """
    given, surname, born = (_differs(weighed, name) for name in ("given_name", "surname", "birth_date"))
    return np.asarray(born & given & (surname | ~_same_document(weighed)))


def _same_document(weighed: Weighed) -> NDArray[np.bool_]:
    reached = weighed.reached.get("document")
    return np.zeros(len(weighed.weight), dtype=bool) if reached is None else np.asarray((reached == 0) | (reached == 1))


def _differs(weighed: Weighed, name: str) -> NDArray[np.bool_]:
    reached = weighed.reached.get(name)
    if reached is None:
        return np.zeros(len(weighed.weight), dtype=bool)
    return np.asarray(reached == weighed.steps[name])


def voices(weighed: Weighed) -> NDArray[np.float64]:
    """What each pair says for or against one person."""
    return np.where(contradicted(weighed), CONTRADICTION, np.clip(weighed.weight, -LOUDEST, LOUDEST))


def cluster(scorer: Scorer, left: NDArray[np.int64], right: NDArray[np.int64], weighed: Weighed, size: int) -> Clusters:
    """Clusters of rows 0 to `size` - 1, of which the pairs (left, right) were worth weighing."""
    threshold = scorer.model.threshold
    linked = voices(weighed) >= threshold
    graph = coo_matrix((np.ones(linked.sum(), dtype=np.int8), (left[linked], right[linked])), shape=(size, size))
    count, group = connected_components(graph, directed=False)
    together = Clusters(group.astype(np.int64))
    groups = _groups_of_three(group, count)
    for rows in (rows for rows in groups if len(rows) > MOST_TOGETHER):
        together.suspicious[int(group[rows[0]])] = f"{len(rows)} records hang together; none was joined"
    _divide_all(together.of, groups, scorer, threshold, count)
    for number in np.flatnonzero(np.bincount(together.of) > MOST_RECORDS).tolist():
        together.suspicious[number] = "more distinct records than one person has"
    return together


def _groups_of_three(group: NDArray[np.int32], count: int) -> list[NDArray[np.int64]]:
    """The rows of each group of three and more; of two, the one pair has decided."""
    sizes = np.bincount(group, minlength=count)
    order = np.argsort(group, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    return [order[starts[number] : starts[number + 1]] for number in np.flatnonzero(sizes > 2).tolist()]


def _divide_all(
    of: NDArray[np.int64], groups: list[NDArray[np.int64]], scorer: Scorer, threshold: float, next_number: int
) -> None:
    """Divide every group into people. All pairs within all groups are weighed at once."""
    corners = [np.triu_indices(len(rows), 1) for rows in groups if len(rows) <= MOST_TOGETHER]
    small = [rows for rows in groups if len(rows) <= MOST_TOGETHER]
    for rows in (rows for rows in groups if len(rows) > MOST_TOGETHER):
        of[rows[1:]] = np.arange(next_number, next_number + len(rows) - 1)
        next_number += len(rows) - 1
    if not small:
        return
    one = np.concatenate([rows[first] for rows, (first, _) in zip(small, corners, strict=True)])
    other = np.concatenate([rows[second] for rows, (_, second) in zip(small, corners, strict=True)])
    said, at = voices(scorer.weigh(one, other)), 0
    for rows, (first, _) in zip(small, corners, strict=True):
        parts = divide(said[at : at + len(first)], threshold)
        at += len(first)
        apart = parts > 1
        of[rows[apart]] = next_number + parts[apart] - 2
        next_number += int(parts.max()) - 1


def divide(said: NDArray[np.float64], threshold: float) -> NDArray[np.int64]:
    """Which of some records are one person, from what all their pairs say, in the order of a condensed matrix."""
    tree = linkage(LOUDEST - said, method="average")
    return np.asarray(fcluster(tree, LOUDEST - threshold, criterion="distance"), dtype=np.int64)
