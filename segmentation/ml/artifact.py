"""A trained model as bytes: LightGBM's own text and JSON, compressed, sealed by its SHA-256. Never executable."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from segmentation.ml.estimators.boosted_trees import BoostedTrees


FORMAT = 1
# A model of ours is well under a megabyte; more is not ours and is not unpacked.
LARGEST = 256 * 1024 * 1024


class TamperedArtifact(Exception):
    """The stored bytes are not those that were sealed, or not of a format we wrote."""


@dataclass(frozen=True)
class FittedModel:
    """Trees, what makes their score mean what it says, and how sure one may be of it."""

    objective: Literal["binary", "regression"]
    features: tuple[str, ...]
    trees: BoostedTrees
    calibration: dict[str, Any]
    bands: dict[str, Any]

    def value(self, X: np.ndarray) -> np.ndarray:
        """A calibrated probability, or the expected amount."""
        from segmentation.ml import calibration
        from segmentation.ml.estimators.boosted_trees import BoostedTreesClassifier

        if isinstance(self.trees, BoostedTreesClassifier):
            return calibration.apply(self.calibration, self.trees.score_of(X))
        return self.trees.score_of(X) * self.calibration["factor"]  # type: ignore[attr-defined]

    def interval(self, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        from segmentation.ml.conformal import bands_from

        low, high = bands_from(self.bands).interval(value)
        if self.objective == "binary":
            return np.clip(low, 0, 1), np.clip(high, 0, 1)
        return np.maximum(low, 0), np.maximum(high, 0)


def pack(model: FittedModel) -> tuple[bytes, str]:
    """The model as bytes and their SHA-256; the same model gives the same bytes."""
    document = {
        "format": FORMAT,
        "objective": model.objective,
        "features": list(model.features),
        "calibration": model.calibration,
        "bands": model.bands,
        "trees": model.trees.to_text(),
    }
    packed = zlib.compress(json.dumps(document, sort_keys=True).encode(), 6)
    return packed, hashlib.sha256(packed).hexdigest()


def unpack(packed: bytes, sha256: str) -> FittedModel:
    from segmentation.ml.estimators.boosted_trees import BoostedTreesClassifier, BoostedTreesRegressor

    if hashlib.sha256(packed).hexdigest() != sha256:
        raise TamperedArtifact("the stored model is not the one that was sealed (its SHA-256 differs)")
    unpacker = zlib.decompressobj()
    document = json.loads(unpacker.decompress(packed, LARGEST))
    if document.get("format") != FORMAT or document.get("objective") not in ("binary", "regression"):
        raise TamperedArtifact("the stored model has a format this version does not read")
    kind = BoostedTreesClassifier if document["objective"] == "binary" else BoostedTreesRegressor
    return FittedModel(
        objective=document["objective"],
        features=tuple(document["features"]),
        trees=kind.from_text(document["trees"]),
        calibration=document["calibration"],
        bands=document["bands"],
    )
