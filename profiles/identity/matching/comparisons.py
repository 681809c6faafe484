"""How two records are compared, declared once and carried out twice: as SQL for Splink, which estimates the weights,
and on arrays for us, who apply them.

A comparison is a ladder of levels. The first level that holds is the outcome; a value missing on either side says
nothing. Every test is symmetric, so it does not matter which record came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

MISSING, ELSE = -1, "otherwise"
WORKERS = 1


class Column:
    """One cleaned column as codes into its distinct values in alphabetical order; -1 where the value is missing."""

    def __init__(self, values: Iterable[str | None]) -> None:
        told = list(values)
        distinct = sorted({value for value in told if isinstance(value, str)})
        code = {value: at for at, value in enumerate(distinct)}
        self.codes: NDArray[np.int64] = np.array([code.get(value, MISSING) for value in told], dtype=np.int64)  # type: ignore[arg-type]
        # The last place is read by -1.
        self.values: NDArray[np.object_] = np.array([*distinct, ""], dtype=object)
        self._in_other: dict[int, NDArray[np.int64]] = {}

    def in_codes_of(self, other: Column) -> NDArray[np.int64]:
        """By code here, the code of the same value in `other`; -2 where it never holds it, and in the last place."""
        known = self._in_other.get(id(other))
        if known is None:
            place = np.searchsorted(other.values[:-1], self.values[:-1])
            place[place == len(other.values) - 1] = -1
            known = np.append(np.where(other.values[place] == self.values[:-1], place, -2), -2)
            self._in_other[id(other)] = known
        return known


class Pairs:
    """Pairs of rows of a cleaned frame. `left` and `right` are row numbers."""

    def __init__(self, columns: Mapping[str, Column], left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
        self.columns, self.left, self.right = columns, left, right

    def __len__(self) -> int:
        return len(self.left)

    def only(self, chosen: NDArray[np.bool_]) -> Pairs:
        return Pairs(self.columns, self.left[chosen], self.right[chosen])

    def codes(self, column: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        codes = self.columns[column].codes
        return codes[self.left], codes[self.right]

    def distinct(self, column: str) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
        """The distinct unordered pairs of values, in alphabetical order within a pair, and which one each pair is."""
        one, other = self.codes(column)
        values = self.columns[column].values
        size = len(values)
        keys, inverse = np.unique((np.minimum(one, other) + 1) * size + np.maximum(one, other) + 1, return_inverse=True)
        return values[keys // size - 1], values[keys % size - 1], inverse


class Test(Protocol):
    def columns(self) -> set[str]: ...

    def sql(self) -> str: ...

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]: ...


def _ordered(column: str) -> str:
    return f'least("{column}_l", "{column}_r"), greatest("{column}_l", "{column}_r")'


@dataclass(frozen=True)
class Same:
    """Both have the same value."""

    column: str

    def columns(self) -> set[str]:
        return {self.column}

    def sql(self) -> str:
        return f'"{self.column}_l" = "{self.column}_r"'

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        one, other = pairs.codes(self.column)
        return (one == other) & (one != MISSING)


@dataclass(frozen=True)
class Slips:
    """At most so many letters were changed, left out, added or exchanged with their neighbour."""

    column: str
    most: int

    def columns(self) -> set[str]:
        return {self.column}

    def sql(self) -> str:
        return f"damerau_levenshtein({_ordered(self.column)}) <= {self.most}"

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        first, second, at = pairs.distinct(self.column)
        found = process.cpdist(
            first, second, scorer=DamerauLevenshtein.distance, score_cutoff=self.most, dtype=np.int32, workers=WORKERS
        )
        return np.asarray(found <= self.most)[at] & _both(pairs, self.column)


@dataclass(frozen=True)
class Alike:
    """The Jaro-Winkler similarity is at least so high."""

    column: str
    least: float

    def columns(self) -> set[str]:
        return {self.column}

    def sql(self) -> str:
        return f"jaro_winkler_similarity({_ordered(self.column)}) >= {self.least}"

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        first, second, at = pairs.distinct(self.column)
        found = process.cpdist(first, second, scorer=JaroWinkler.similarity, dtype=np.float64, workers=WORKERS)
        return np.asarray(found >= self.least)[at] & _both(pairs, self.column)


@dataclass(frozen=True)
class Starts:
    """One is how the other begins: an initial, a name cut off, the first of two surnames."""

    column: str
    letters: int = 1

    def columns(self) -> set[str]:
        return {self.column}

    def sql(self) -> str:
        one, other = f'"{self.column}_l"', f'"{self.column}_r"'
        return (
            f"(starts_with({one}, {other}) OR starts_with({other}, {one}))"
            f" AND least(length({one}), length({other})) >= {self.letters}"
        )

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        first, second, at = pairs.distinct(self.column)
        # In alphabetical order the shorter of two comes first where it begins the other.
        begins = [len(a) >= self.letters and b.startswith(a) for a, b in zip(first, second, strict=True)]
        return np.array(begins, dtype=bool)[at] & _both(pairs, self.column)


@dataclass(frozen=True)
class Crossed:
    """The two columns were exchanged, in whole or in part: what one calls `column` the other calls `other`."""

    column: str
    other: str

    def columns(self) -> set[str]:
        return {self.column, self.other}

    def sql(self) -> str:
        a, b = self.column, self.other
        return f'("{a}_l" = "{b}_r" AND "{b}_l" = "{a}_r")'

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        a, b = pairs.columns[self.column], pairs.columns[self.other]
        as_other = a.in_codes_of(b)[a.codes]
        left, right = pairs.left, pairs.right
        return np.asarray((as_other[left] == b.codes[right]) & (as_other[right] == b.codes[left]))


@dataclass(frozen=True)
class CrossedAlike:
    """As `Crossed`, with slips: each is similar to what the other record calls the other column."""

    column: str
    other: str
    least: float

    def columns(self) -> set[str]:
        return {self.column, self.other}

    def sql(self) -> str:
        return " AND ".join(
            f'jaro_winkler_similarity(least("{a}_l", "{b}_r"), greatest("{a}_l", "{b}_r")) >= {self.least}'
            for a, b in ((self.column, self.other), (self.other, self.column))
        )

    def holds(self, pairs: Pairs) -> NDArray[np.bool_]:
        found = np.ones(len(pairs), dtype=bool)
        for a, b in ((self.column, self.other), (self.other, self.column)):
            one, other = pairs.columns[a], pairs.columns[b]
            left, right = one.codes[pairs.left], other.codes[pairs.right]
            found &= (left != MISSING) & (right != MISSING)
            at = np.flatnonzero(found)
            size = len(other.values)
            keys, inverse = np.unique(left[at] * size + right[at], return_inverse=True)
            texts = [sorted(pair) for pair in zip(one.values[keys // size], other.values[keys % size], strict=True)]
            first, second = [pair[0] for pair in texts], [pair[1] for pair in texts]
            similar = process.cpdist(first, second, scorer=JaroWinkler.similarity, dtype=np.float64, workers=WORKERS)
            found[at] = np.asarray(similar >= self.least)[inverse]
        return found


def _both(pairs: Pairs, column: str) -> NDArray[np.bool_]:
    one, other = pairs.codes(column)
    return (one != MISSING) & (other != MISSING)


@dataclass(frozen=True)
class Level:
    """An outcome of a comparison. `frequency`: the column whose rare values say more where they agree.

    `m` is how often a true pair ends here where the data do not say: it stands for a level that was never observed.
    `neutral`: it weighs nothing, since another comparison has counted the same thing already.
    """

    name: str
    test: Test
    m: float
    frequency: str = ""
    neutral: bool = False


@dataclass(frozen=True)
class Comparison:
    """A ladder of levels over `column`, the column that has to be there on both sides. `needs`: others it reads."""

    name: str
    column: str
    levels: tuple[Level, ...]
    needs: tuple[str, ...] = ()


def outcomes(comparison: Comparison, pairs: Pairs) -> NDArray[np.int8]:
    """Which level each pair reaches: its place on the ladder, `len(levels)` for none, -1 where a value is missing."""
    found = np.full(len(pairs), MISSING, dtype=np.int8)
    open_ = _both(pairs, comparison.column)
    found[open_] = len(comparison.levels)
    at = np.flatnonzero(open_)
    for place, level in enumerate(comparison.levels):
        if not len(at):
            break
        holds = level.test.holds(Pairs(pairs.columns, pairs.left[at], pairs.right[at]))
        found[at[holds]] = place
        at = at[~holds]
    return found
