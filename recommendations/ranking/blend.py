"""One order out of several opinions: each opinion's scores are standardised among the items a person may be offered,
then added with weights fitted on a time split."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from recommendations.candidates.contract import Scores

NOT_OFFERED = np.float32(-1e9)
_STEPS = 4


def standardised(scores: Scores, eligible: NDArray[np.bool_]) -> Scores:
    """Mean 0 and deviation 1 over each person's eligible items; 0 elsewhere."""
    mask = eligible.astype(np.float32)
    number = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    centred = scores * mask
    centred -= centred.sum(axis=1, keepdims=True) / number
    centred *= mask
    deviation = np.sqrt(np.einsum("ij,ij->i", centred, centred)[:, None] / number)
    return np.asarray(centred / np.maximum(deviation, 1e-6), dtype=np.float32)


def blended(parts: Mapping[str, Scores], weights: Mapping[str, float], eligible: NDArray[np.bool_]) -> Scores:
    """The weighted sum of standardised `parts`; what is not eligible is far below everything else."""
    total = np.zeros(eligible.shape, dtype=np.float32)
    for name, weight in weights.items():
        if weight:
            total += np.float32(weight) * parts[name]
    return np.where(eligible, total, NOT_OFFERED)


def weight_grid(names: tuple[str, ...]) -> list[dict[str, float]]:
    """Every way to divide one among `names` in quarters."""
    shares = [
        combination for combination in product(range(_STEPS + 1), repeat=len(names)) if sum(combination) == _STEPS
    ]
    return [{name: part / _STEPS for name, part in zip(names, share, strict=True)} for share in shares]


def top(scores: Scores, k: int) -> NDArray[np.int64]:
    """The numbers of each row's best items, best first; equal scores keep the order of the catalogue."""
    k = min(k, scores.shape[1])
    best = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)
