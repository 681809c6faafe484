"""Sums over runs: arrays sorted by customer, a result a customer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def total(customer: NDArray[np.int64], weight: NDArray, count: int) -> NDArray[np.float64]:
    """The sum of the weights of each of `count` customers."""
    return np.bincount(customer, weights=np.asarray(weight, dtype=float), minlength=count).astype(float)


def heaviest(
    customer: NDArray[np.int64], label: Sequence[object] | NDArray, weight: NDArray, count: int
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """For each customer the label with the largest sum of weights, and its share of all; None where there is none.

    Of equals the label that sorts first, so that the same data always gives the same answer.
    """
    best, share = np.full(count, None, dtype=object), np.zeros(count)
    if not len(customer):
        return best, share
    names, code = np.unique(np.asarray(label, dtype=str), return_inverse=True)
    pair = customer * len(names) + code
    pairs, inverse = np.unique(pair, return_inverse=True)
    sums = np.bincount(inverse, weights=weight)
    who, which = pairs // len(names), pairs % len(names)
    order = np.lexsort((which, -sums, who))
    first = order[np.r_[True, np.diff(who[order]) > 0]]
    best[who[first]] = names[which[first]].astype(object)
    all_of = total(who, sums, count)
    share[who[first]] = sums[first] / np.maximum(all_of[who[first]], 1e-12)
    return best, share


def median(customer: NDArray[np.int64], value: NDArray, count: int) -> NDArray[np.float64]:
    """The lower median of each customer's values; NaN where there are none."""
    found = np.full(count, np.nan)
    if len(customer):
        order = np.lexsort((value, customer))
        who = customer[order]
        starts = np.flatnonzero(np.r_[True, np.diff(who) > 0])
        sizes = np.diff(np.r_[starts, len(who)])
        found[who[starts]] = np.asarray(value, dtype=float)[order][starts + (sizes - 1) // 2]
    return found
