"""Which columns tell people apart: those that hang together in more than a line, or fall into heaps of their own.

A column that does neither (noise, whatever its shape) would hide the groups that the others form, so it is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from segmentation.segments.clusters.preparation import Prepared

_BINS = 16
_SAMPLE = 20_000
# Mutual information, in nats, over what chance and a straight line explain.
_ENOUGH = 0.01
_DEEP = 0.6
_STEPS = 60


def informative(prepared: Prepared, seed: int = 1) -> tuple[list[int], list[int]]:
    """Places of the numbers and of the words that carry structure; all of them where none stands out."""
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(prepared))[:_SAMPLE]
    sample = prepared.taken(rows)
    binned, scores = _binned(sample)
    numbers = sample.numbers.shape[1]
    excess = np.zeros(len(binned))
    for one in range(len(binned)):
        for other in range(one):
            line = _line(scores, one, other) if max(one, other) < numbers else 0.0
            found = _mutual(binned[one], binned[other]) - line
            excess[[one, other]] = np.maximum(excess[[one, other]], found)
    heaps = np.array([_in_heaps(sample.numbers[:, place]) for place in range(numbers)], dtype=bool)
    kept = excess > _ENOUGH
    kept[:numbers] |= heaps
    if kept.sum() < 2:
        kept[:] = True
    chosen = np.flatnonzero(kept)
    return [int(c) for c in chosen if c < numbers], [int(c) - numbers for c in chosen if c >= numbers]


def _binned(sample: Prepared) -> tuple[list[NDArray[np.int64]], NDArray[np.float64]]:
    """Every column as codes (numbers by their sixteenths), and the normal scores of the numbers."""
    size = len(sample)
    ranks = np.array([rankdata(column) for column in sample.numbers.T]).reshape(-1, size).T
    codes = [np.minimum((column - 0.5) * _BINS // size, _BINS - 1).astype(np.int64) for column in ranks.T]
    return [*codes, *sample.words.T], np.asarray(norm.ppf((ranks - 0.5) / max(size, 1)))


def _mutual(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Mutual information less its expectation under independence."""
    width = int(other.max()) + 1
    table = np.bincount(one * width + other, minlength=(int(one.max()) + 1) * width).reshape(-1, width)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0] / len(one)
    expected = table.sum(1, keepdims=True) * table.sum(0)
    inside = table > 0
    found = float((table[inside] * np.log(table[inside] / expected[inside])).sum())
    freedom = (table.shape[0] - 1) * (table.shape[1] - 1)
    return found - (freedom + 2 * np.sqrt(2 * freedom)) / (2 * len(one))


def _line(scores: NDArray[np.float64], one: int, other: int) -> float:
    slope = float(np.corrcoef(scores[:, one], scores[:, other])[0, 1])
    return -0.5 * np.log(max(1 - slope**2, 1e-6))


def _in_heaps(values: NDArray[np.float64]) -> bool:
    """Does the column's density fall into at least two heaps with a deep valley between them?"""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) > _STEPS:
        counts, _ = np.histogram(values, bins=min(100, max(20, len(values) // 100)))
    smooth = np.convolve(np.pad(counts, 3, mode="edge"), np.array([1, 2, 3, 4, 3, 2, 1]) / 16, mode="valid")
    # Poisson noise: a valley counts when it lies under both shoulders by more than chance would cut it.
    left, right = np.maximum.accumulate(smooth), np.maximum.accumulate(smooth[::-1])[::-1]
    shoulder = np.minimum(left, right)
    return bool(((smooth < _DEEP * shoulder) & (shoulder - smooth > 4 * np.sqrt(shoulder / 4 + 1))).any())
