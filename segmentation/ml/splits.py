"""Who trains, who calibrates, who judges. A judged row is never older than one that trained, where time is known."""

from dataclasses import dataclass

import numpy as np

CALIBRATION_SHARE = 0.2


class CannotSplit(Exception):
    """The rows cannot be divided so that each part can do its work; the message says why."""


@dataclass(frozen=True)
class TimeSplit:
    """Row numbers, each part later than the one before; rows of one time are judged together."""

    train: np.ndarray
    calibrate: np.ndarray
    test: np.ndarray


def stratified(outcome: np.ndarray, *, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(train, test) row numbers with the same share of outcomes in both."""
    rng = np.random.default_rng(seed)
    held = []
    for value in np.unique(outcome):
        rows = rng.permutation(np.flatnonzero(outcome == value))
        if len(rows) < 2:
            raise CannotSplit("one of the two answers is given by a single row")
        held.append(rows[: min(len(rows) - 1, max(1, round(len(rows) * test_fraction)))])
    test = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(outcome)), test), test


def folds(outcome: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """The fold of each row, outcomes spread evenly over folds."""
    rng = np.random.default_rng(seed)
    fold = np.empty(len(outcome), dtype=np.int64)
    start = 0
    for value in np.unique(outcome):
        rows = rng.permutation(np.flatnonzero(outcome == value))
        fold[rows] = (start + np.arange(len(rows))) % count
        start += len(rows)
    return fold


def by_time(moment: np.ndarray, *, test_fraction: float, seed: int) -> TimeSplit:
    """The latest rows judge, those before them calibrate, the earliest train."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(moment)), moment))
    clock = moment[order]
    cut = _cut_between_times(clock, round(len(clock) * (1 - test_fraction)))
    if cut is None:
        raise CannotSplit("every row has the same time, so no row is later than another")
    return TimeSplit(*_calibration_before(order, clock, cut), test=order[cut:])


def _calibration_before(order: np.ndarray, clock: np.ndarray, cut: int) -> tuple[np.ndarray, np.ndarray]:
    wanted = round(cut * (1 - CALIBRATION_SHARE))
    between = _cut_between_times(clock[:cut], wanted)
    # Where a few coarse times leave no fair cut (years, say), rows of one time are shared out at random.
    fair = between is not None and 0.1 * cut <= cut - between <= 0.4 * cut
    middle = between if fair and between is not None else wanted
    return order[:middle], order[middle:cut]


def _cut_between_times(clock: np.ndarray, wanted: int) -> int | None:
    """The place nearest to `wanted` at which the time changes."""
    changes = np.flatnonzero(clock[1:] != clock[:-1]) + 1
    if not len(changes):
        return None
    return int(changes[np.argmin(np.abs(changes - wanted))])
