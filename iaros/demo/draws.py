"""Small random draws shared by the world's modules: every one takes its generator, none keeps state."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# An empty value that can stand in a column of texts.
NOTHING = np.array(None, dtype=object)


def pick(rng: np.random.Generator, weights: Sequence[float] | NDArray, n: int) -> NDArray[np.int64]:
    """`n` positions drawn by the same weights."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges / edges[-1], rng.random(n), side="right").clip(0, len(edges) - 1)


def pick_rows(rng: np.random.Generator, weights: NDArray) -> NDArray[np.int64]:
    """One position for each row of a table of weights."""
    edges = np.cumsum(weights, axis=1)
    return (edges < (rng.random(len(weights)) * edges[:, -1])[:, None]).sum(axis=1).clip(0, weights.shape[1] - 1)


def argmax_gumbel(rng: np.random.Generator, utility: NDArray) -> NDArray[np.int64]:
    """The choice of each row under a multinomial logit with these utilities."""
    noise = -np.log(-np.log(rng.random(utility.shape).clip(1e-12, 1 - 1e-12)))
    return np.argmax(utility + noise, axis=1)


def chance(rng: np.random.Generator, probability: NDArray | float, n: int | None = None) -> NDArray[np.bool_]:
    if n is None:
        n = len(np.atleast_1d(probability))
    return rng.random(n) < probability


def logistic(z: NDArray) -> NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-z))


def positions_in_group(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 ... within each run of equal values of a sorted column."""
    if len(group) == 0:
        return np.zeros(0, dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    return np.arange(len(group)) - np.repeat(starts, np.diff(np.r_[starts, len(group)]))


def expand(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row number repeated `counts` times, with the position inside each repetition."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, positions_in_group(owner)
