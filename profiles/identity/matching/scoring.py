"""Weighs pairs of records with a match model: look-ups in arrays, no SQL. Equal to Splink's own scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.identity.matching.catalogue import COMPARISONS
from profiles.identity.matching.comparisons import MISSING, Column, Comparison, Pairs, outcomes
from profiles.identity.matching.model import MatchModel


@dataclass
class Weighed:
    """`weight` in bits, prior included. By comparison, `parts`: what it added; `reached`: the level;
    `steps`: the level that means none."""

    weight: NDArray[np.float64]
    parts: dict[str, NDArray[np.float64]]
    reached: dict[str, NDArray[np.int8]]
    steps: dict[str, int]


class Scorer:
    """Weighs pairs of rows of one cleaned frame."""

    def __init__(self, model: MatchModel, columns: Mapping[str, Column]) -> None:
        self.model = model
        self.comparisons = [
            _as_learnt(c, model) for c in COMPARISONS if c.name in model.comparisons and c.column in columns
        ]
        self.columns = _with_blanks(columns, self.comparisons)
        self._frequency = {
            level.frequency: self._frequencies(level.frequency)
            for comparison in self.comparisons
            for level in model.comparisons[comparison.name]
            if level.frequency
        }

    def weigh(self, left: NDArray[np.int64], right: NDArray[np.int64]) -> Weighed:
        pairs = Pairs(self.columns, left, right)
        return self.reweigh({c.name: outcomes(c, pairs) for c in self.comparisons}, left, right)

    def reweigh(
        self, reached: dict[str, NDArray[np.int8]], left: NDArray[np.int64], right: NDArray[np.int64]
    ) -> Weighed:
        """Weigh pairs whose levels are known already."""
        pairs = Pairs(self.columns, left, right)
        weight = np.full(len(pairs), self.model.prior_weight)
        parts = {}
        for comparison in self.comparisons:
            part = self._weights(comparison, reached[comparison.name], pairs)
            parts[comparison.name] = part
            weight += part
        return Weighed(
            weight, parts, reached, {c.name: len(self.model.comparisons[c.name]) - 1 for c in self.comparisons}
        )

    def _weights(self, comparison: Comparison, level: NDArray[np.int8], pairs: Pairs) -> NDArray[np.float64]:
        levels = self.model.comparisons[comparison.name]
        # The last place is read by -1: a missing value weighs nothing.
        part = np.array([*(each.weight for each in levels), 0.0])[level]
        for place, each in enumerate(levels):
            if each.frequency:
                at = np.flatnonzero(level == place)
                part[at] += self._rarity(each.frequency, each.u, pairs.left[at], pairs.right[at])
        return part

    def _rarity(self, column: str, u: float, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.float64]:
        """How much more a rare value says than the average one, and a common one less."""
        frequency = self._frequency[column]
        codes = self.columns[column].codes
        held = np.fmax(frequency[codes[left]], frequency[codes[right]])
        return np.where(np.isnan(held), 0.0, np.log2(u) - np.log2(np.where(np.isnan(held), 1.0, held)))

    def _frequencies(self, column: str) -> NDArray[np.float64]:
        known = self.model.frequencies.get(column, {})
        values = self.columns[column].values[:-1] if column in self.columns else ()
        return np.array([*(known.get(value, np.nan) for value in values), np.nan])


def _as_learnt(comparison: Comparison, model: MatchModel) -> Comparison:
    """The comparison with the levels that the model knows."""
    known = {level.name for level in model.comparisons[comparison.name]}
    return replace(comparison, levels=tuple(level for level in comparison.levels if level.name in known))


def _with_blanks(columns: Mapping[str, Column], comparisons: list[Comparison]) -> dict[str, Column]:
    """The columns, and an empty one for each that the comparisons read beside their own and the records do not hold."""
    read = {name for comparison in comparisons for level in comparison.levels for name in level.test.columns()}
    size = len(next(iter(columns.values())).codes) if columns else 0
    return {**columns, **{name: Column([None] * size) for name in read - set(columns)}}


def columns_of(cleaned: pd.DataFrame | Mapping[str, Sequence[str | None]]) -> dict[str, Column]:
    """The columns of a cleaned frame, or of cleaned values, coded."""
    return {str(name): Column(values) for name, values in cleaned.items()}


__all__ = ["MISSING", "Scorer", "Weighed", "columns_of"]
