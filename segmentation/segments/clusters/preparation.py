"""From a frame to what a mixture reads: numbers on one scale, words as codes.

Comes in: the chosen columns, described by `ml.columns`. Goes out: `Prepared`. A long-tailed amount goes in as its
logarithm where that describes it better; an absent number becomes the median and is told apart by a flag of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from segmentation.ml import columns
from segmentation.ml.columns import Column

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

MOST_WORDS = 40
_SAMPLE = 4_000
# An absent value is told by a flag from this share on; rarer, it says more about the table than about people.
_ABSENT_SHARE = 0.02
_MOST_STEPS = 200
ABSENT = " absent"


@dataclass(frozen=True)
class Number:
    """How one number goes in: (log or not, then) less `middle`, over `spread`."""

    name: str
    logged: bool
    unit: float
    median: float
    middle: float
    spread: float
    grain: float

    def apply(self, values: Floats) -> Floats:
        filled = np.where(np.isnan(values), self.median, values)
        moved = np.log1p(np.maximum(filled, 0) / self.unit) if self.logged else filled
        return (moved - self.middle) / self.spread


@dataclass(frozen=True)
class Prepared:
    """`numbers` has a column per name in `number_names`; `words` a column of codes per name in `word_names`.

    `grain` is the step between a number's values, 0 where it has none to speak of: nothing is told apart more finely.
    """

    numbers: Floats
    words: Codes
    grain: Floats
    number_names: tuple[str, ...]
    word_names: tuple[str, ...]
    word_counts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def taken(self, rows: NDArray[np.int64]) -> Prepared:
        return replace(self, numbers=self.numbers[rows], words=self.words[rows])

    def only(self, numbers: Sequence[int], words: Sequence[int]) -> Prepared:
        """The same rows with some of the columns."""
        return Prepared(
            self.numbers[:, list(numbers)],
            self.words[:, list(words)],
            self.grain[list(numbers)],
            tuple(self.number_names[place] for place in numbers),
            tuple(self.word_names[place] for place in words),
            tuple(self.word_counts[place] for place in words),
        )


class Preparation:
    """Learns the scale of each column on the rows it is fitted on; `transform` does the same to any others."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed

    def fit(self, rows: pd.DataFrame) -> Preparation:
        described = [columns.describe(rows[name], MOST_WORDS) for name in rows.columns]
        self.columns_: list[Column] = [one for one in described if one.kind in ("number", "category", "date")]
        self.ignored_ = {one.name: one.reason for one in described if one.kind not in ("number", "category", "date")}
        self.numbers_: list[Number] = []
        self.flags_: list[str] = []
        for one in self.columns_:
            if one.kind == "category":
                continue
            for name, values in self._read(rows, one):
                if np.nanstd(values) > 0:
                    self.numbers_.append(_scale(name, values, self.seed))
                if _ABSENT_SHARE <= np.isnan(values).mean() <= 1 - _ABSENT_SHARE:
                    self.flags_.append(name)
        return self

    def transform(self, rows: pd.DataFrame) -> Prepared:
        raw = dict(pair for one in self.columns_ if one.kind != "category" for pair in self._read(rows, one))
        numbers = [number.apply(raw[number.name]) for number in self.numbers_]
        worded = [one for one in self.columns_ if one.kind == "category"]
        words = [columns.encode(rows[one.name], one)[0].astype(np.int64) for one in worded]
        words += [np.isnan(raw[name]).astype(np.int64) for name in self.flags_]
        return Prepared(
            numbers=np.column_stack(numbers) if numbers else np.zeros((len(rows), 0)),
            words=np.column_stack(words) if words else np.zeros((len(rows), 0), dtype=np.int64),
            grain=np.array([number.grain for number in self.numbers_]),
            number_names=tuple(number.name for number in self.numbers_),
            word_names=(*(one.name for one in worded), *(f"{name}{ABSENT}" for name in self.flags_)),
            word_counts=(*(len(one.categories) + 2 for one in worded), *(2 for _ in self.flags_)),
        )

    def fit_transform(self, rows: pd.DataFrame) -> Prepared:
        return self.fit(rows).transform(rows)

    def word(self, name: str, code: int) -> str:
        """What a code of the word column `name` stands for."""
        for one in self.columns_:
            if one.kind == "category" and one.name == name:
                return {columns.MISSING: "absent", columns.OTHER: "of another kind"}.get(code) or one.categories[
                    code - 2
                ]
        return "yes" if code else "no"

    def readable(self, rows: pd.DataFrame) -> tuple[Floats, list[str]]:
        """Numbers as they stand in the table, and a flag "column is word" for each word: what a tree may say."""
        raw = dict(pair for one in self.columns_ if one.kind != "category" for pair in self._read(rows, one))
        parts = [np.where(np.isnan(raw[n.name]), n.median, raw[n.name]) for n in self.numbers_]
        names = [number.name for number in self.numbers_]
        prepared = self.transform(rows)
        for place, (name, width) in enumerate(zip(prepared.word_names, prepared.word_counts, strict=True)):
            for code in range(width):
                flag = prepared.words[:, place] == code
                if flag.any():
                    parts.append(flag.astype(np.float64))
                    names.append(f"{name} is {self.word(name, code)}")
        return np.column_stack(parts), names

    def _read(self, rows: pd.DataFrame, one: Column) -> list[tuple[str, Floats]]:
        values = columns.encode(rows[one.name], one)
        return [(name, np.asarray(v, dtype=np.float64)) for name, v in zip(one.features, values, strict=True)]


def _scale(name: str, values: Floats, seed: int) -> Number:
    known = values[~np.isnan(values)]
    median = float(np.median(known))
    positive = known[known > 0]
    unit = float(np.median(positive)) if len(positive) else 1.0
    logged = bool(known.min() >= 0 and _skew(known) > 1.0 and _better_logged(known, unit, seed))
    moved = np.log1p(known / unit) if logged else known
    spread = float(np.std(moved)) or 1.0
    return Number(name, logged, unit, median, float(np.mean(moved)), spread, _grain(moved) / spread)


def _grain(values: Floats) -> float:
    distinct = np.unique(values)
    return float(np.median(np.diff(distinct))) if 1 < len(distinct) <= _MOST_STEPS else 0.0


def _skew(values: Floats) -> float:
    spread = values.std()
    return float(np.mean(((values - values.mean()) / spread) ** 3)) if spread > 0 else 0.0


def _better_logged(values: Floats, unit: float, seed: int) -> bool:
    """Is the logarithm described better by a few bells than the amount itself? Densities are compared as amounts."""
    rng = np.random.default_rng(seed)
    sample = rng.choice(values, min(len(values), _SAMPLE), replace=False)
    # The width of a whole number's step keeps a spike (zero, say) from being worth any likelihood.
    sample = sample + rng.uniform(-0.005, 0.005, len(sample)) * values.std()
    sample = np.maximum(sample, 0)
    logged = np.log1p(sample / unit)
    jacobian = -np.log(unit + sample).mean()
    return _likelihood(logged, seed) + jacobian > _likelihood(sample, seed)


def _likelihood(values: Floats, seed: int) -> float:
    column = ((values - values.mean()) / (values.std() or 1)).reshape(-1, 1)
    bells = GaussianMixture(4, random_state=seed, reg_covar=1e-3, tol=1e-2).fit(column)
    return float(bells.score(column) - np.log(values.std() or 1))
