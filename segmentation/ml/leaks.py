"""Columns that give the label away: an answer known only afterwards, which would make every figure a lie.

A column is named when the label can be told from it alone with an AUC above 0.99. Its values are judged by
the label's rate among *other* rows with that value, so that an identifier, which tells nothing about a row
not yet seen, is not mistaken for a leak. Blank is a value too: "cancelled on" filled only for cancellations leaks.
"""

import numpy as np
import pandas as pd

from segmentation.ml import columns, tables
from segmentation.ml.metrics import auc_either_way

GIVES_AWAY = 0.99
FOLDS, BINS, PRIOR_ROWS = 5, 64, 2.0
RARE = 4
ENOUGH_ROWS = 100_000
# With fewer rows of one answer, a column of noise could reach the limit by chance.
FEWEST_OF_AN_ANSWER = 5


def find_leaks(rows: pd.DataFrame, outcome: np.ndarray, *, seed: int = 1) -> dict[str, float]:
    """The AUC of each column that gives `outcome` away, by column name."""
    if min(outcome.sum(), len(outcome) - outcome.sum()) < FEWEST_OF_AN_ANSWER:
        return {}
    if len(outcome) > ENOUGH_ROWS:
        chosen = np.random.default_rng(seed).choice(len(outcome), ENOUGH_ROWS, replace=False)
        rows, outcome = rows.iloc[chosen], outcome[chosen]
    fold = np.random.default_rng(seed).permutation(len(outcome)) % FOLDS
    aucs = {name: column_auc(rows[name], outcome, fold) for name in rows.columns}
    return {name: auc for name, auc in aucs.items() if auc > GIVES_AWAY}


def column_auc(values: pd.Series, outcome: np.ndarray, fold: np.ndarray) -> float:
    """How well `outcome` can be told from this column alone, whichever way it points."""
    if values.isna().all() or tables.is_nested(values):
        return 0.5
    aucs = [auc_either_way(outcome, _rate_elsewhere(code, outcome, fold)) for code in _codings(values)]
    size = _sizes(values)
    if size is not None and not np.isnan(size).any():
        aucs.append(auc_either_way(outcome, size))
    return max(aucs)


def _codings(values: pd.Series) -> list[np.ndarray]:
    """Ways to group the rows: by value (rare ones together), and by size where it has one."""
    absent = tables.missing(values).to_numpy()
    by_value = pd.factorize(values.astype("str").str.strip() if tables.is_text(values) else values)[0] + 2
    counts = np.bincount(by_value)
    grouped = np.where(counts[by_value] < RARE, 1, by_value)
    codings = [np.where(absent, 0, grouped)]
    size = _sizes(values)
    if size is not None:
        edges = np.unique(np.nanquantile(size, np.linspace(0, 1, BINS + 1)[1:-1]))
        codings.append(np.where(np.isnan(size), 0, 1 + np.searchsorted(edges, size, side="right")))
    return codings


def _sizes(values: pd.Series) -> np.ndarray | None:
    column = columns.describe(values)
    if column.kind == "date":
        times = columns.as_times(values, day_first=column.day_first)
        return columns.encode_days(times)
    numbers = columns.as_numbers(values)
    return numbers if np.isfinite(numbers).mean() > 0.02 else None


def _rate_elsewhere(code: np.ndarray, outcome: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """The label's rate among rows of the same group in the other folds, pulled to the base rate when few."""
    groups = int(code.max()) + 1
    rows, hits = np.bincount(code, minlength=groups), np.bincount(code, weights=outcome, minlength=groups)
    rate = np.empty(len(code))
    for number in range(FOLDS):
        held = fold == number
        rows_here = np.bincount(code[held], minlength=groups)
        hits_here = np.bincount(code[held], weights=outcome[held], minlength=groups)
        base = (outcome.sum() - outcome[held].sum()) / max(1, (~held).sum())
        elsewhere = (hits - hits_here + PRIOR_ROWS * base) / (rows - rows_here + PRIOR_ROWS)
        # Only the group may speak: the base rate differs from fold to fold and would rank the folds.
        rate[held] = elsewhere[code[held]] - base
    return rate
