"""A trained recommender: the catalogue, three opinions, the weights of the blend, and what is needed to say why.

Written as .npz and read back without pickle; a checksum refuses an artifact that was changed.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.collaborative import Collaborative
from recommendations.candidates.content import ContentBased
from recommendations.candidates.contract import History, Scores
from recommendations.candidates.popularity import Popularity
from recommendations.catalogue.items import Catalogue
from recommendations.models import ItemKind, RecommenderVersion
from recommendations.ranking.blend import blended, standardised
from recommendations.ranking.packing import Source

SOURCES = {
    Collaborative.name: Source.COLLABORATIVE,
    ContentBased.name: Source.CONTENT_BASED,
    Popularity.name: Source.POPULARITY,
}


class DamagedArtifact(Exception):
    """The stored bytes are not those that were trained."""


@dataclass(frozen=True)
class Recommender:
    """`together` counts, for each pair of items, the travellers who dealt with both; `homes` numbers the airports."""

    catalogue: Catalogue
    collaborative: Collaborative
    content: ContentBased
    popularity: Popularity
    homes: tuple[str, ...]
    together: NDArray[np.int32]
    weights: dict[str, float]

    def opinions(self, history: History, eligible: NDArray[np.bool_]) -> dict[str, Scores]:
        """Every opinion that carries weight, standardised, with popularity always among them."""
        asked = [o for o in (self.collaborative, self.content) if self.weights.get(o.name)]
        return {o.name: standardised(o.scores(history), eligible) for o in (*asked, self.popularity)}

    def scores(self, opinions: dict[str, Scores], history: History, eligible: NDArray[np.bool_]) -> Scores:
        """The blend for whoever has a history, popularity for whoever has none."""
        warm = blended(opinions, self.weights, eligible)
        cold = blended(opinions, {Popularity.name: 1.0}, eligible)
        return np.where(history.is_warm[:, None], warm, cold)

    def home_numbers(self, homes: NDArray[np.str_]) -> NDArray[np.int64]:
        """The number of each home airport; -1 for one that nobody of the training left from."""
        known = np.array(self.homes, dtype="<U3")
        if not len(known):
            return np.full(len(homes), -1)
        at = np.searchsorted(known, homes).clip(max=len(known) - 1)
        return np.where(known[at] == homes, at, -1)

    def params(self) -> dict[str, Any]:
        als = self.collaborative
        return {
            "factors": als.factors,
            "regularization": als.regularization,
            "alpha": als.alpha,
            "iterations": als.iterations,
            "weights": self.weights,
        }

    def artifact(self) -> bytes:
        """Everything learnt, as an .npz."""
        buffer = io.BytesIO()
        arrays: dict[str, Any] = {
            "codes": np.array(self.catalogue.codes, dtype="<U32"),
            "operated": self.catalogue.operated,
            "homes": np.array(self.homes, dtype="<U3"),
            "together": self.together,
            **self.collaborative.arrays(),
            **self.content.arrays(),
            **self.popularity.arrays(),
        }
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()


def restored(version: RecommenderVersion) -> Recommender:
    """The recommender of a stored version. Raises DamagedArtifact if its checksum does not match."""
    raw = bytes(version.artifact)
    if hashlib.sha256(raw).hexdigest() != version.sha256:
        raise DamagedArtifact(f"{version.name}: the artifact's SHA-256 is not the one written when it was trained")
    with np.load(io.BytesIO(raw), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    codes = tuple(str(code) for code in arrays["codes"])
    return Recommender(
        catalogue=Catalogue(ItemKind(version.kind), codes, arrays["operated"], arrays["traits"]),
        collaborative=Collaborative.restored(arrays, version.params),
        content=ContentBased(arrays["traits"]),
        popularity=Popularity(arrays["popular"]),
        homes=tuple(str(home) for home in arrays["homes"]),
        together=arrays["together"],
        weights=version.params["weights"],
    )
