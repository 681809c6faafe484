"""Many rows scored at once by one model version: value, interval and, on request, the strongest reasons.

In comes a frame or matrix whose columns are the version's features; out go arrays in the order of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from segmentation.ml import artifact
from segmentation.ml.artifact import FittedModel
from segmentation.models import ModelVersion

if TYPE_CHECKING:
    import pandas as pd

REASONS = 3


@dataclass(frozen=True)
class Scores:
    """`reasons`: per row the strongest first, as {"feature", "contribution", "value"}; a missing value is None."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    reasons: list[list[dict[str, Any]]]


class MissingFeatures(Exception):
    """The rows lack columns that the version was trained on."""


def predict(version: ModelVersion, X: pd.DataFrame | np.ndarray, *, reasons: int = REASONS) -> Scores:
    """`X` is a frame with the version's features as columns (others are ignored), or a matrix of exactly them.

    `reasons=0` is many times faster.
    """
    model = fitted(version)
    matrix = _matrix(X, model.features)
    value = model.value(matrix)
    low, high = model.interval(value)
    return Scores(
        value=value,
        low=np.minimum(low, value),
        high=np.maximum(high, value),
        reasons=strongest(model, matrix, reasons) if reasons else [[] for _ in range(len(matrix))],
    )


def fitted(version: ModelVersion) -> FittedModel:
    """The model of a version, unpacked once a process and checked against its seal."""
    return _fitted(version.id, version.sha256, bytes(version.artifact))


@lru_cache(maxsize=64)
def _fitted(_: UUID, sha256: str, packed: bytes) -> FittedModel:
    return artifact.unpack(packed, sha256)


def _matrix(X: pd.DataFrame | np.ndarray, features: Sequence[str]) -> np.ndarray:
    if isinstance(X, np.ndarray):
        if X.ndim != 2 or X.shape[1] != len(features):
            raise MissingFeatures(f"{len(features)} columns are needed, not an array of shape {X.shape}")
        return np.asarray(X, dtype=np.float32)
    absent = [name for name in features if name not in X.columns]
    if absent:
        raise MissingFeatures("missing: " + ", ".join(absent[:5]) + (", ..." if len(absent) > 5 else ""))
    return X[list(features)].to_numpy(dtype=np.float32, na_value=np.nan)


def strongest(model: FittedModel, matrix: np.ndarray, count: int) -> list[list[dict[str, Any]]]:
    """The features that moved each row's score most, up or down (TreeSHAP)."""
    if not len(matrix):
        return []
    moved = model.trees.contributions(matrix)[:, :-1]
    order = np.argsort(-np.abs(moved), axis=1, kind="stable")[:, :count]
    parts = np.take_along_axis(moved, order, axis=1)
    values = np.take_along_axis(matrix, order, axis=1)
    return [
        [
            {
                "feature": model.features[place],
                "contribution": round(float(part), 4),
                "value": None if np.isnan(value) else round(float(value), 4),
            }
            for place, part, value in zip(places, row, held, strict=True)
            if part
        ]
        for places, row, held in zip(order.tolist(), parts.tolist(), values.tolist(), strict=True)
    ]
