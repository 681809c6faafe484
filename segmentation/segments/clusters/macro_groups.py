"""The upper of the two levels: groups that lie near each other, told and measured as a group is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmentation.segments.clusters import explaining, stability
from segmentation.segments.clusters.preparation import Preparation, Prepared
from segmentation.segments.clusters.stability import Graded

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True)
class MacroGroup:
    """Groups that lie near each other; `ways`: a tree's paths to it, `stability` and `distinct` as of a group."""

    name: str
    traits: list[str]
    stability: float
    confidence: float
    distinct: float
    ways: tuple[str, ...]


def describe(
    preparation: Preparation,
    rows: pd.DataFrame,
    prepared: Prepared,
    fits: tuple[Graded, Sequence[Graded], float],
    labels: Labels,
    macro_of: Labels,
    shares: Floats,
    seed: int,
) -> list[MacroGroup]:
    """`fits`: the fit of all rows, the refits, and the level they are cut at. Nothing where all groups lie in one."""
    if macro_of.max() < 1:
        return []
    whole, refits, level = fits
    macros = macro_of[labels]
    traits = explaining.traits(preparation, rows, macros)
    explained = explaining.explain(preparation, rows, macros, seed)
    again = [stability.gathered(macros, refit.labels(level)) for refit in refits]
    held = np.mean([stability.jaccard(macros, one) for one in again], axis=0)
    chances = (shares @ np.eye(int(macro_of.max()) + 1)[macro_of]).max(axis=1)
    _, distinct = stability.silhouette(whole, prepared, macros, seed)
    return [
        MacroGroup(
            name=name,
            traits=[trait.words for trait in traits[place][:5]],
            stability=float(held[place]),
            confidence=float(chances[macros == place].mean()),
            distinct=distinct[place],
            ways=explained.rules[place].ways,
        )
        for place, name in enumerate(explaining.names(traits))
    ]
