"""What a group is, for people: macro groups, names from what stands out, and a shallow tree with its fidelity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from segmentation.segments.clusters.preparation import ABSENT, Preparation

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

DEEPEST = 10
_TAUGHT_SHARE = 0.7
_STANDS_OUT, _FAR_OUT = 0.5, 1.3
# A group may end in several leaves: another is named only where it makes the rule this much better.
_MOST_WAYS, _WORTH_NAMING = 6, 0.01


@dataclass(frozen=True)
class Trait:
    """How a group differs from everybody: in words, and by how much."""

    words: str
    strength: float


@dataclass(frozen=True)
class Rule:
    """The few ways down a tree that together name a group; precision and recall on rows the tree has not seen."""

    words: str
    precision: float
    recall: float
    ways: tuple[str, ...] = ()

    @property
    def fidelity(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def traits(preparation: Preparation, rows: pd.DataFrame, labels: Labels) -> list[list[Trait]]:
    """For every group, what stands out most first."""
    prepared = preparation.transform(rows)
    count = int(labels.max()) + 1
    found: list[list[Trait]] = [[] for _ in range(count)]
    sizes = np.maximum(np.bincount(labels, minlength=count), 1)
    for name, values in zip(prepared.number_names, prepared.numbers.T, strict=True):
        away = np.bincount(labels, values - values.mean(), minlength=count) / sizes
        for group in np.flatnonzero(np.abs(away) >= _STANDS_OUT).tolist():
            found[group].append(Trait(f"{_how(float(away[group]))} {_plain(name)}", abs(float(away[group]))))
    for place, (name, width) in enumerate(zip(prepared.word_names, prepared.word_counts, strict=True)):
        table = np.bincount(labels * width + prepared.words[:, place], minlength=count * width).reshape(count, width)
        shares, overall = table / sizes[:, None], table.sum(axis=0) / len(labels)
        for group, word in enumerate(shares.argmax(axis=1).tolist()):
            lift = shares[group, word] / max(overall[word], 1e-9)
            if shares[group, word] >= 0.6 and lift >= 1.4 and not name.endswith(ABSENT):
                said = f"{_plain(name)} {preparation.word(name, word)}"
                found[group].append(Trait(said, float(log2(lift) + shares[group, word])))
    return [sorted(one, key=lambda trait: -trait.strength) for one in found]


def _how(away: float) -> str:
    far = "very " if abs(away) >= _FAR_OUT else ""
    return f"{far}{'high' if away > 0 else 'low'}"


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").replace("?", "").replace("#", "").split())


def names(found: Sequence[Sequence[Trait]]) -> list[str]:
    """A name from the two traits that stand out most; more of them, then a number, where two groups share theirs."""
    taken: dict[str, int] = {}
    result = []
    for group in found:
        name = "About the middle in everything"
        for length in range(min(2, len(group)), len(group) + 1):
            if length:
                name = ", ".join(trait.words for trait in group[:length])
                name = name[0].upper() + name[1:]
            if name not in taken or length >= 4:
                break
        taken[name] = taken.get(name, 0) + 1
        result.append(name if taken[name] == 1 else f"{name} ({taken[name]})")
    return result


@dataclass(frozen=True)
class Explained:
    """`fidelity`: how often the tree names the right group, on rows it was not grown on."""

    fidelity: float
    rules: list[Rule]


def explain(preparation: Preparation, rows: pd.DataFrame, labels: Labels, seed: int) -> Explained:
    """One shallow tree tells the groups apart; a group's rule is the ways to where most of it ends."""
    matrix, named = preparation.readable(rows)
    taught = taught_on(len(matrix), seed)
    groups = int(labels.max()) + 1
    depth = min(DEEPEST, 3 + ceil(log2(max(groups, 2))))
    leaf = max(3, len(matrix) // 4000)
    # With many groups the Gini index cuts off one at a time and runs out of depth; entropy halves them.
    tree = DecisionTreeClassifier(criterion="entropy", max_depth=depth, min_samples_leaf=leaf, random_state=seed)
    tree.fit(matrix[taught], labels[taught])
    leaves, rules = _settled_at(tree)[tree.apply(matrix[taught])], []
    for group in range(groups):
        chosen = _leaves(leaves, labels[taught] == group)
        paths = [_path(tree, goal, named) for goal in chosen] or [[]]
        rules.append(_judged(paths, matrix[~taught], labels[~taught] == group))
    return Explained(float((tree.predict(matrix[~taught]) == labels[~taught]).mean()), rules)


def taught_on(rows: int, seed: int) -> NDArray[np.bool_]:
    """The rows that trees are grown on; what they are worth is told on the others."""
    return np.random.default_rng(seed).random(rows) < _TAUGHT_SHARE


def _leaves(leaves: Labels, mine: NDArray[np.bool_]) -> list[int]:
    """The leaf where most of the group ends, and those that make the rule better, the fullest first."""
    if not mine.any():
        return []
    hits, sizes = np.bincount(leaves[mine], minlength=leaves.max() + 1), np.bincount(leaves)
    chosen: list[int] = []
    best = hit = taken = 0.0
    for leaf in np.argsort(-hits, kind="stable").tolist():
        better = 2 * (hit + hits[leaf]) / (taken + sizes[leaf] + mine.sum())
        if chosen and (better < best + _WORTH_NAMING or len(chosen) == _MOST_WAYS):
            continue
        chosen.append(leaf)
        best, hit, taken = better, hit + hits[leaf], taken + sizes[leaf]
    return chosen


Step = tuple[int, bool, float, str]


def _settled_at(tree: DecisionTreeClassifier) -> NDArray[np.int64]:
    """For every node, the highest one above it (or itself) from which all ways lead to the same group."""
    grown = tree.tree_
    says = grown.value[:, 0].argmax(axis=1)
    inner = np.flatnonzero(grown.children_left >= 0)
    # Children stand after their parents in the arrays of scikit-learn.
    for node in inner[::-1]:
        low, high = says[grown.children_left[node]], says[grown.children_right[node]]
        says[node] = low if low == high else -1
    settled = np.arange(grown.node_count)
    for node in inner[says[inner] >= 0]:
        settled[[grown.children_left[node], grown.children_right[node]]] = settled[node]
    return settled


def _path(tree: DecisionTreeClassifier, goal: int, named: Sequence[str]) -> list[Step]:
    """The steps down to a node: column, whether its low side is taken, the limit and the column's name."""
    grown = tree.tree_
    parents = {
        int(child): (parent, low)
        for children, low in ((grown.children_left, True), (grown.children_right, False))
        for parent, child in enumerate(children.tolist())
        if child >= 0
    }
    path, node = [], goal
    while node in parents:
        node, low = parents[node]
        column = int(grown.feature[node])
        path.append((column, low, float(grown.threshold[node]), named[column]))
    return path[::-1]


def _judged(paths: Sequence[Sequence[Step]], matrix: Floats, mine: NDArray[np.bool_]) -> Rule:
    """The ways in words, and what they are worth together."""
    chosen = np.zeros(len(matrix), dtype=bool)
    for path in paths:
        steps = [(matrix[:, column] <= limit) == low for column, low, limit, _ in path]
        chosen |= np.logical_and.reduce(steps, initial=True) if steps else True
    hit = float((chosen & mine).sum())
    ways = tuple(_in_words(path) for path in paths)
    words = ways[0] if len(ways) == 1 else " or ".join(f"({way})" for way in ways)
    return Rule(words, hit / max(chosen.sum(), 1), hit / max(mine.sum(), 1), ways)


def _in_words(path: Sequence[Step]) -> str:
    """The tightest limit of each column once."""
    limits: dict[tuple[str, bool], float] = {}
    for _, low, limit, name in path:
        tightest = min if low else max
        limits[name, low] = tightest(limits.get((name, low), limit), limit)
    return " and ".join(_said(name, low, limit) for (name, low), limit in limits.items())


def _said(name: str, low: bool, limit: float) -> str:
    column, is_word, word = name.partition(" is ")
    if is_word:
        return f"{column} is {'not ' if low else ''}{word}"
    return f"{name} {'<=' if low else '>'} {limit:.6g}"
