"""What may be promised about one prediction, from rows the model has not been fitted on (split conformal).

For a yes/no outcome: the set of answers that cannot be excluded at 90 %, judged within each answer's own
rows, so that the promise holds for the rare answer as for the common one, and when their mix shifts.
For an amount: an interval from what came among rows of a like prediction. Both are stored as JSON.
"""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator


class AnswerSets(BaseEstimator):
    """`fit(score, outcome)` on held-out rows; `coverage(score, outcome)` on others is what the promise came to.

    Cross-fitted scores come with the fold of each row; a new row is then scored by every fold's model (one
    column each) and compared only with rows that the same model had not seen.
    """

    def __init__(self, level: float = 0.9, seed: int = 1) -> None:
        self.level = level
        self.seed = seed

    def fit(self, score: np.ndarray, outcome: np.ndarray, *, fold: np.ndarray | None = None) -> Self:
        fold = np.zeros(len(score), dtype=int) if fold is None else fold
        # Strangeness of an answer: how little the score speaks for it.
        self.strangeness_ = {
            answer: [np.sort(_strange(score[(fold == part) & (outcome == answer)], answer)) for part in np.unique(fold)]
            for answer in (0, 1)
        }
        return self

    def contains(self, scores: np.ndarray, answer: int) -> np.ndarray:
        """Whether `answer` stays in each row's set. Ties are broken by a seeded draw: many rows of equal
        score would otherwise promise 90 % and deliver more."""
        scores = scores[:, None] if scores.ndim == 1 else scores
        draw = np.random.default_rng([self.seed, answer]).random(len(scores))
        stranger, known = draw.copy(), 1
        for part, rows in enumerate(self.strangeness_[answer]):
            strange = _strange(scores[:, part], answer)
            below, up_to = np.searchsorted(rows, strange, side="left"), np.searchsorted(rows, strange, side="right")
            stranger += len(rows) - up_to + draw * (up_to - below)
            known += len(rows)
        return stranger / known > 1 - self.level

    def coverage(self, scores: np.ndarray, outcome: np.ndarray) -> float:
        return float(np.where(outcome == 1, self.contains(scores, 1), self.contains(scores, 0)).mean())


def _strange(score: np.ndarray, answer: int) -> np.ndarray:
    return 1 - score if answer == 1 else np.asarray(score, dtype=float)


class Bands(BaseEstimator, ABC):
    """Intervals stored as JSON: by the place of a value among `edges_`, a low and a high."""

    kind = ""

    def __init__(self, level: float = 0.9, bins: int = 10, rows_a_bin: int = 100) -> None:
        self.level = level
        self.bins = bins
        self.rows_a_bin = rows_a_bin

    @abstractmethod
    def interval(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) of each row."""

    def coverage(self, predicted: np.ndarray, actual: np.ndarray) -> float:
        low, high = self.interval(predicted)
        return float(((low <= actual) & (actual <= high)).mean())

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "level": self.level,
            "edges": self.edges_.tolist(),
            "low": self.low_.tolist(),
            "high": self.high_.tolist(),
        }

    def place(self, predicted: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.edges_, predicted, side="right")

    def _cut(self, predicted: np.ndarray) -> np.ndarray:
        """Bins of like predictions and like many rows; returns the bin of each row."""
        bins = max(1, min(self.bins, len(predicted) // self.rows_a_bin))
        self.edges_ = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1]))
        return self.place(predicted)


class ErrorBands(Bands):
    """So much less or more than what was said, among rows with a like prediction."""

    kind = "error_bands"

    def interval(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = self.place(predicted)
        return predicted + self.low_[place], predicted + self.high_[place]


class AmountBands(Bands):
    """So many times what was said, for amounts of which many are nothing.

    Where more than the lower tail of a bin brought nothing, nothing is the lower end whatever was said, and all that
    may be missed is missed above. Of errors in money the lower end would instead lie above nothing for every row
    that is said a little more than its bin, and so miss those who bring nothing.

    Where more brought nothing than is promised, the interval is nothing alone and cannot be narrower; `coverage`
    counts those rows at the promised rate, by a seeded draw, as `AnswerSets` does with its ties.
    """

    kind = "amount_bands"

    def fit(self, predicted: np.ndarray, actual: np.ndarray) -> Self:
        place, ratio = self._cut(predicted), actual / _at_least_a_trace(predicted)
        tail = (1 - self.level) / 2
        low, high, counted = [], [], []
        for bin_ in range(len(self.edges_) + 1):
            rows = np.sort(ratio[place == bin_])
            nothings = float((rows <= 0).mean()) if len(rows) else 0.0
            low.append(0.0 if nothings > tail else _order_statistic(rows, tail, upper=False))
            high.append(_order_statistic(rows, self.level if nothings > tail else 1 - tail, upper=True))
            counted.append(self.level / nothings if high[-1] <= 0 and nothings > self.level else 1.0)
        self.low_, self.high_, self.counted_ = np.array(low), np.array(high), np.array(counted)
        return self

    def coverage(self, predicted: np.ndarray, actual: np.ndarray) -> float:
        low, high = self.interval(predicted)
        draw = np.random.default_rng(1).random(len(predicted))
        return float(((low <= actual) & (actual <= high) & (draw < self.counted_[self.place(predicted)])).mean())

    def interval(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place, said = self.place(predicted), _at_least_a_trace(predicted)
        return said * self.low_[place], said * self.high_[place]


def bands_from(stored: dict[str, Any]) -> Bands:
    """The intervals that a model was stored with."""
    kinds: dict[str, type[Bands]] = {kind.kind: kind for kind in (ErrorBands, AmountBands)}
    bands = kinds[stored["kind"]](level=stored["level"])
    bands.edges_, bands.low_, bands.high_ = (np.array(stored[key]) for key in ("edges", "low", "high"))
    return bands


def _at_least_a_trace(amount: np.ndarray) -> np.ndarray:
    return np.maximum(amount, 0.01)


def _order_statistic(errors: np.ndarray, share: float, *, upper: bool) -> float:
    """The finite-sample rank that keeps the promise: one row further out than the plain quantile."""
    if not len(errors):
        return 0.0
    rank = np.ceil((len(errors) + 1) * share) if upper else np.floor((len(errors) + 1) * share)
    return float(errors[int(np.clip(rank - 1, 0, len(errors) - 1))])
