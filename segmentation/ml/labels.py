"""Which rows carry the outcome, and which did not: a two-valued column as 0 and 1.

Yes/no, true/false and 0/1 are understood in any case and mixed. Two other values are accepted too: of two
numbers the larger is the outcome, of two words the rarer; the caller may name it instead. Anything else is refused.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmentation.ml import tables

POSITIVE_WORDS = frozenset({"yes", "y", "true", "t", "1", "on"})
NEGATIVE_WORDS = frozenset({"no", "n", "false", "f", "0", "off"})


class UnusableLabel(Exception):
    """The label column cannot be learnt from; the message says why."""


@dataclass(frozen=True)
class Label:
    """`outcome` holds 0 and 1 for the labelled rows, in their order; `known` marks them in the table."""

    outcome: np.ndarray
    known: np.ndarray
    positive: str


def read_label(values: pd.Series, *, positive: str | None = None) -> Label:
    known = ~tables.missing(values).to_numpy()
    if not known.any():
        raise UnusableLabel(f"column {values.name!r} holds no value in any row")
    words = _words(values[known])
    counts = words.value_counts()
    if positive is not None:
        return _named(words, known, counts, _word(positive))
    if set(counts.index) <= POSITIVE_WORDS | NEGATIVE_WORDS:
        outcome = words.isin(POSITIVE_WORDS).to_numpy()
        chosen = next((word for word in counts.index if word in POSITIVE_WORDS), "")
    else:
        chosen = _choose(counts, name=str(values.name))
        outcome = (words == chosen).to_numpy()
    if outcome.all() or not outcome.any():
        raise UnusableLabel(f"column {values.name!r} has one value only ({counts.index[0]!r}): nothing to tell apart")
    return Label(outcome=outcome.astype(np.int8), known=known, positive=chosen)


def _named(words: pd.Series, known: np.ndarray, counts: pd.Series, positive: str) -> Label:
    if positive not in counts.index:
        raise UnusableLabel(f"value {positive!r} does not occur; seen: {_seen(counts)}")
    outcome = (words == positive).to_numpy()
    if outcome.all():
        raise UnusableLabel(f"every row says {positive!r}: nothing to tell apart")
    return Label(outcome=outcome.astype(np.int8), known=known, positive=positive)


def _choose(counts: pd.Series, *, name: str) -> str:
    if len(counts) == 1:
        raise UnusableLabel(f"column {name!r} has one value only ({counts.index[0]!r}): nothing to tell apart")
    if len(counts) > 2:
        raise UnusableLabel(f"column {name!r} has {len(counts)} values ({_seen(counts)}); a label has two")
    numbers = pd.to_numeric(pd.Series(counts.index), errors="coerce")
    if numbers.notna().all():
        return str(counts.index[int(numbers.argmax())])
    return str(counts.sort_index(ascending=False).idxmin())


def _words(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values.dtype):
        return values.astype(bool).map({True: "true", False: "false"})
    return values.map({value: _word(value) for value in values.unique()})


def _word(value: object) -> str:
    """`1.0` and `1` are one word, as are `Yes` and `yes `."""
    word = str(value).strip().lower()
    try:
        number = float(word)
    except ValueError:
        return word
    return str(int(number)) if number.is_integer() else str(number)


def _seen(counts: pd.Series) -> str:
    shown = ", ".join(repr(value) for value in counts.index[:4])
    return shown + (", ..." if len(counts) > 4 else "")
