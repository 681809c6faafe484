"""Gradient-boosted trees (LightGBM) that behave like scikit-learn: for a yes/no outcome and for an amount.

In comes a float32 matrix and the places of its categorical columns; early stopping looks at an inner slice
of the training rows. The same seed and rows give the same trees. Stored as LightGBM's own text.
"""

import os
from typing import Any, Self

# Threads that spin while they wait took 20 s for what sleeping ones do in 3 s on a busy machine of two cores.
# OpenMP reads this when it is loaded, so it stands before the import.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import lightgbm
import numpy as np
from sklearn.base import BaseEstimator

SMALL, MEDIUM = 2_000, 50_000
THREADED_ROWS = 30_000
# Rounds times rows: more rows need fewer rounds for the same quality, and a big table must end in minutes.
ROUND_ROWS = 60_000_000
FEWEST_ROUNDS_ALLOWED = 250


def cores() -> int:
    """The cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class BoostedTrees(BaseEstimator):
    """Base of the two: `objective` is LightGBM's; None for a size means chosen by the number of rows."""

    objective = "regression"

    def __init__(
        self,
        *,
        categorical: tuple[int, ...] = (),
        learning_rate: float | None = None,
        num_leaves: int | None = None,
        max_rounds: int = 1500,
        patience: int = 50,
        inner_share: float = 0.15,
        seed: int = 1,
    ) -> None:
        self.categorical = categorical
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_rounds = max_rounds
        self.patience = patience
        self.inner_share = inner_share
        self.seed = seed

    def fit(self, X: np.ndarray, y: np.ndarray, *, inner: np.ndarray | None = None) -> Self:
        """`inner` marks the rows that decide when to stop; by default a seeded share of them."""
        inner = self._inner_slice(y) if inner is None else inner
        parameters = self._parameters(len(y))
        fitted = self._dataset(X[~inner], y[~inner], parameters)
        watched = fitted.create_valid(X[inner], label=self._target(y[inner]))
        self.booster_ = lightgbm.train(
            parameters,
            fitted,
            num_boost_round=min(self.max_rounds, max(FEWEST_ROUNDS_ALLOWED, ROUND_ROWS // len(y))),
            valid_sets=[watched],
            callbacks=[lightgbm.early_stopping(self.patience, verbose=False)],
        )
        self.rounds_ = max(1, self.booster_.best_iteration)
        return self

    def raw(self, X: np.ndarray) -> np.ndarray:
        return np.asarray(self.booster_.predict(X, num_iteration=self.rounds_, raw_score=True))

    def contributions(self, X: np.ndarray) -> np.ndarray:
        """What each column adds to the raw score of each row; the last column is the common base."""
        return np.asarray(self.booster_.predict(X, num_iteration=self.rounds_, pred_contrib=True))

    def gain(self) -> np.ndarray:
        """The part of all that was learnt that each column gave."""
        gain = self.booster_.feature_importance("gain", iteration=self.rounds_)
        return gain / max(gain.sum(), 1e-12)

    def to_text(self) -> str:
        return str(self.booster_.model_to_string(num_iteration=self.rounds_))

    @classmethod
    def from_text(cls, text: str) -> Self:
        trees = cls()
        trees.booster_ = lightgbm.Booster(model_str=text)
        trees.rounds_ = trees.booster_.num_trees()
        return trees

    def _target(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(y, dtype=np.float64)

    def _inner_slice(self, y: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        inner = np.zeros(len(y), dtype=bool)
        inner[rng.permutation(len(y))[: max(1, round(len(y) * self.inner_share))]] = True
        return inner

    def _dataset(self, X: np.ndarray, y: np.ndarray, parameters: dict[str, Any]) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            X,
            label=self._target(y),
            params=parameters,
            categorical_feature=list(self.categorical),
            free_raw_data=True,
        )

    def _parameters(self, rows: int) -> dict[str, Any]:
        small, medium = rows < SMALL, rows < MEDIUM
        return {
            "objective": self.objective,
            "learning_rate": self.learning_rate or (0.03 if small else 0.05 if medium else 0.1),
            "num_leaves": self.num_leaves or (6 if small else 24 if medium else 63),
            "min_data_in_leaf": 5 if rows < 300 else 10 if small else 30 if medium else 50,
            "feature_fraction": 0.7,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 3.0 if small else 1.0,
            "cat_smooth": 20.0,
            "cat_l2": 10.0,
            "min_data_per_group": 10 if small else 50,
            "max_cat_threshold": 32,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            # Few rows are done sooner than threads have agreed, the more so on a busy machine.
            "num_threads": cores() if rows >= THREADED_ROWS else 1,
            "verbosity": -1,
        }


class BoostedTreesClassifier(BoostedTrees):
    """A yes/no outcome coded 1 and 0; `predict_proba` as scikit-learn gives it."""

    objective = "binary"

    def _inner_slice(self, y: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(self.seed)
        inner = np.zeros(len(y), dtype=bool)
        for answer in (0, 1):
            rows = rng.permutation(np.flatnonzero(y == answer))
            inner[rows[: max(1, round(len(rows) * self.inner_share))]] = True
        return inner

    def score_of(self, X: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-self.raw(X)))

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        score = self.score_of(X)
        return np.column_stack([1 - score, score])


class BoostedTreesRegressor(BoostedTrees):
    """An amount that is often nought and sometimes large: Tweedie, never below nought."""

    objective = "tweedie"

    def __init__(
        self,
        *,
        categorical: tuple[int, ...] = (),
        learning_rate: float | None = None,
        num_leaves: int | None = None,
        max_rounds: int = 1500,
        patience: int = 50,
        inner_share: float = 0.15,
        seed: int = 1,
        power: float = 1.5,
    ) -> None:
        super().__init__(
            categorical=categorical,
            learning_rate=learning_rate,
            num_leaves=num_leaves,
            max_rounds=max_rounds,
            patience=patience,
            inner_share=inner_share,
            seed=seed,
        )
        self.power = power

    def score_of(self, X: np.ndarray) -> np.ndarray:
        return np.exp(np.clip(self.raw(X), -30, 30))

    def predict(self, X: np.ndarray) -> np.ndarray:
        return self.score_of(X)

    def _target(self, y: np.ndarray) -> np.ndarray:
        return np.maximum(np.asarray(y, dtype=np.float64), 0.0)

    def _parameters(self, rows: int) -> dict[str, Any]:
        return super()._parameters(rows) | {"tweedie_variance_power": self.power}
