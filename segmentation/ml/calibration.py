"""From a model's score to a probability that means what it says.

Four candidates: leave the score, Platt's line, beta calibration, isotonic steps. The one with the lowest
cross-validated Brier score on rows the model has not been fitted on stands. Stored as JSON.
"""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator

from segmentation.ml.metrics import brier

SMALLEST = 1e-6
# Steps of the isotonic curve keep the model's order by this much of its own score.
ORDER_KEPT = 1e-3
# Isotonic steps over fewer rows of the rarer class follow noise.
ISOTONIC_ROWS = 200

Parameters = dict[str, Any]


def _logit(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.log(clipped / (1 - clipped))


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(value, -40, 40)))


def _line(features: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, float]:
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=100.0, max_iter=500).fit(features, outcome)
    return fitted.coef_[0], float(fitted.intercept_[0])


def _beta_features(probability: np.ndarray) -> np.ndarray:
    clipped = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped)])


def _fit_none(probability: np.ndarray, outcome: np.ndarray) -> Parameters:
    return {"method": "none"}


def _fit_platt(probability: np.ndarray, outcome: np.ndarray) -> Parameters:
    (slope,), intercept = _line(_logit(probability)[:, None], outcome)
    return {"method": "platt", "slope": max(float(slope), SMALLEST), "intercept": intercept}


def _fit_beta(probability: np.ndarray, outcome: np.ndarray) -> Parameters:
    (a, b), c = _line(_beta_features(probability), outcome)
    if a < 0 or b < 0:  # A falling curve would turn the ranking round.
        return _fit_platt(probability, outcome)
    return {"method": "beta", "a": float(a), "b": float(b), "c": c}


def _fit_isotonic(probability: np.ndarray, outcome: np.ndarray) -> Parameters:
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(probability, outcome)
    return {"method": "isotonic", "x": curve.X_thresholds_.tolist(), "y": curve.y_thresholds_.tolist()}


FITS: dict[str, Callable[[np.ndarray, np.ndarray], Parameters]] = {
    "none": _fit_none,
    "platt": _fit_platt,
    "beta": _fit_beta,
    "isotonic": _fit_isotonic,
}


def apply(parameters: Parameters, probability: np.ndarray) -> np.ndarray:
    method = parameters["method"]
    if method == "platt":
        return _sigmoid(parameters["slope"] * _logit(probability) + parameters["intercept"])
    if method == "beta":
        weights = np.array([parameters["a"], parameters["b"]])
        return _sigmoid(_beta_features(probability) @ weights + parameters["c"])
    if method == "isotonic":
        steps = np.interp(probability, parameters["x"], parameters["y"])
        return (1 - ORDER_KEPT) * steps + ORDER_KEPT * probability
    return np.asarray(probability, dtype=float)


class Calibration(BaseEstimator):
    """`fit(score, outcome)` on rows the model has not seen; `transform(score)` gives the probability."""

    def __init__(self, folds: int = 5, seed: int = 1) -> None:
        self.folds = folds
        self.seed = seed

    def fit(self, probability: np.ndarray, outcome: np.ndarray) -> Self:
        self.briers_ = {name: self._brier(name, probability, outcome) for name in self._candidates(outcome)}
        self.method_ = min(self.briers_, key=lambda name: self.briers_[name])
        self.parameters_ = FITS[self.method_](probability, outcome)
        return self

    def transform(self, probability: np.ndarray) -> np.ndarray:
        return apply(self.parameters_, probability)

    def _candidates(self, outcome: np.ndarray) -> list[str]:
        rarer = min(int(outcome.sum()), int(len(outcome) - outcome.sum()))
        if rarer < 2 * self.folds:
            return ["none"]
        return [name for name in FITS if name != "isotonic" or rarer >= ISOTONIC_ROWS]

    def _brier(self, name: str, probability: np.ndarray, outcome: np.ndarray) -> float:
        """Cross-validated, so that a curve with many steps earns nothing by following noise."""
        fold = _stratified_folds(outcome, self.folds, self.seed)
        calibrated = np.empty(len(outcome))
        for number in range(self.folds):
            held = fold == number
            if held.any():
                calibrated[held] = apply(FITS[name](probability[~held], outcome[~held]), probability[held])
        return brier(outcome, calibrated)


def _stratified_folds(outcome: np.ndarray, folds: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    fold = np.empty(len(outcome), dtype=np.int64)
    for value in (0, 1):
        rows = rng.permutation(np.flatnonzero(outcome == value))
        fold[rows] = np.arange(len(rows)) % folds
    return fold
