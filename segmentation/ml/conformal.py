"""What may be promised about one prediction, from rows the model has not been fitted on (split conformal).

For a yes/no outcome: the set of answers that cannot be excluded at 90 %, judged within each answer's own
rows, so that the promise holds for the rare answer as for the common one, and when their mix shifts.
For an amount: an interval from the errors among rows of a like prediction. Both are stored as JSON.
"""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

KNOTS = 2000


class AnswerSets(BaseEstimator):
    """`fit(score, outcome)` on held-out rows; `coverage(score, outcome)` on others is what the promise came to."""

    def __init__(self, level: float = 0.9, seed: int = 1) -> None:
        self.level = level
        self.seed = seed

    def fit(self, score: np.ndarray, outcome: np.ndarray) -> Self:
        # Strangeness of an answer: how little the score speaks for it.
        self.strangeness_ = {answer: np.sort(_strange(score[outcome == answer], answer)) for answer in (0, 1)}
        return self

    def contains(self, score: np.ndarray, answer: int) -> np.ndarray:
        """Whether `answer` stays in each row's set. Ties are broken by a seeded draw: many rows of equal
        score would otherwise promise 90 % and deliver more."""
        known, strange = self.strangeness_[answer], _strange(score, answer)
        above = len(known) - np.searchsorted(known, strange, side="right")
        equal = np.searchsorted(known, strange, side="right") - np.searchsorted(known, strange, side="left")
        draw = np.random.default_rng([self.seed, answer]).random(len(score))
        return (above + draw * (equal + 1)) / (len(known) + 1) > 1 - self.level

    def coverage(self, score: np.ndarray, outcome: np.ndarray) -> float:
        return float(np.where(outcome == 1, self.contains(score, 1), self.contains(score, 0)).mean())

    def to_json(self) -> dict[str, Any]:
        """Quantiles of each answer's strangeness: enough to decide, small enough to store."""
        return {
            "kind": "answer_sets",
            "level": self.level,
            "strangeness": {str(answer): _thin(known).tolist() for answer, known in self.strangeness_.items()},
        }


def _strange(score: np.ndarray, answer: int) -> np.ndarray:
    return 1 - score if answer == 1 else np.asarray(score, dtype=float)


def _thin(values: np.ndarray) -> np.ndarray:
    if len(values) <= KNOTS:
        return values
    return np.quantile(values, np.linspace(0, 1, KNOTS))


class ErrorBands(BaseEstimator):
    """Intervals for an amount: the spread of errors among held-out rows with a like prediction."""

    def __init__(self, level: float = 0.9, bins: int = 10, rows_a_bin: int = 100) -> None:
        self.level = level
        self.bins = bins
        self.rows_a_bin = rows_a_bin

    def fit(self, predicted: np.ndarray, actual: np.ndarray) -> Self:
        bins = max(1, min(self.bins, len(predicted) // self.rows_a_bin))
        self.edges_ = np.unique(np.quantile(predicted, np.linspace(0, 1, bins + 1)[1:-1]))
        place = np.searchsorted(self.edges_, predicted, side="right")
        errors = [np.sort((actual - predicted)[place == bin_]) for bin_ in range(len(self.edges_) + 1)]
        self.low_ = np.array([_order_statistic(rows, (1 - self.level) / 2, upper=False) for rows in errors])
        self.high_ = np.array([_order_statistic(rows, (1 + self.level) / 2, upper=True) for rows in errors])
        return self

    def interval(self, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        place = np.searchsorted(self.edges_, predicted, side="right")
        return predicted + self.low_[place], predicted + self.high_[place]

    def coverage(self, predicted: np.ndarray, actual: np.ndarray) -> float:
        low, high = self.interval(predicted)
        return float(((low <= actual) & (actual <= high)).mean())

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": "error_bands",
            "level": self.level,
            "edges": self.edges_.tolist(),
            "low": self.low_.tolist(),
            "high": self.high_.tolist(),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        bands = cls(level=stored["level"])
        bands.edges_, bands.low_, bands.high_ = (np.array(stored[key]) for key in ("edges", "low", "high"))
        return bands


def _order_statistic(errors: np.ndarray, share: float, *, upper: bool) -> float:
    """The finite-sample rank that keeps the promise: one row further out than the plain quantile."""
    if not len(errors):
        return 0.0
    rank = np.ceil((len(errors) + 1) * share) if upper else np.floor((len(errors) + 1) * share)
    return float(errors[int(np.clip(rank - 1, 0, len(errors) - 1))])
