"""From cleaned rows to who is one person, read aloud: withdraw what is shared, block, estimate, weigh, cluster.

Rows that are equal in all that is read stand for one form; a form is weighed once, however often it was sent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.identity.matching import blocking, clustering, estimation, shared
from profiles.identity.matching.growing import Growing
from profiles.identity.matching.model import MatchModel
from profiles.identity.matching.scoring import Scorer, columns_of

# Of a record sent a thousand times so many copies teach: the estimates are about people, not about senders.
MOST_COPIES = 3


@dataclass
class Prepared:
    """`forms`: the distinct cleaned rows; `form`: by row, which one. `shared`: by column, values nobody owns."""

    forms: pd.DataFrame
    form: NDArray[np.int64]
    model: MatchModel
    scorer: Scorer
    shared: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)


def prepare(cleaned: pd.DataFrame, model: MatchModel | None = None) -> Prepared:
    """Make cleaned rows ready. Without a `model` one is estimated on them and its threshold chosen; nothing else is
    known of them."""
    started = time.perf_counter()
    cleaned, withdrawn = shared.withdrawn(cleaned)
    cleaned = cleaned[[name for name in cleaned.columns if cleaned[name].notna().any()]]
    model = model or learn(cleaned)
    form = np.asarray(cleaned.groupby(list(cleaned.columns), dropna=False, sort=False).ngroup(), dtype=np.int64)
    first = np.unique(form, return_index=True)[1]
    forms = cleaned.iloc[first].reset_index(drop=True)
    scorer = Scorer(model, columns_of(forms))
    form, forms = _apart(form, forms, scorer)
    scorer = Scorer(model, columns_of(forms))
    return Prepared(forms, form, model, scorer, withdrawn, {"estimation": time.perf_counter() - started})


def learn(cleaned: pd.DataFrame) -> MatchModel:
    """A match model for cleaned rows, with its threshold."""
    sample = cleaned[cleaned.groupby(list(cleaned.columns), dropna=False, sort=False).cumcount() < MOST_COPIES]
    sample = sample.reset_index(drop=True)
    left, right = blocking.candidates(sample)
    model = estimation.estimate(sample, left, right, learnt_from=f"{len(cleaned)} records")
    return replace(model, threshold=threshold(Scorer(model, columns_of(sample)), left, right))


def threshold(scorer: Scorer, left: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """The weight that promises the best F1, taking each pair's probability at its word; never less than even odds."""
    if not len(left):
        return 0.0
    weighed = scorer.weigh(left, right)
    weight = np.sort(weighed.weight[~clustering.contradicted(weighed)])[::-1]
    same = 1 / (1 + np.exp2(-np.clip(weight, -60, 60)))
    linked = np.arange(1, len(weight) + 1)
    promised = 2 * np.cumsum(same) / (linked + same.sum())
    best = int(np.argmax(promised)) if len(weight) else 0
    # All weights down to the next pair's promise the same; the lowest of them is the kindest to those yet to come.
    return max(float(np.nextafter(weight[best + 1], np.inf)), 0.0) if best + 1 < len(weight) else 0.0


def _apart(form: NDArray[np.int64], forms: pd.DataFrame, scorer: Scorer) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Rows that say the same and too little to be one person by it (a given name, nothing) stay rows of their own."""
    all_forms = np.arange(len(forms))
    telling = scorer.weigh(all_forms, all_forms).weight >= scorer.model.threshold
    first = np.zeros(len(form), dtype=bool)
    first[np.unique(form, return_index=True)[1]] = True
    extra = np.flatnonzero(~telling[form] & ~first)
    if not len(extra):
        return form, forms
    form, copies = form.copy(), forms.iloc[form[extra]]
    form[extra] = np.arange(len(forms), len(forms) + len(extra))
    return form, pd.concat([forms, copies], ignore_index=True)


def in_one_go(prepared: Prepared) -> clustering.Clusters:
    """Clusters of all forms at once."""
    started = time.perf_counter()
    left, right = blocking.candidates(prepared.forms)
    weighed = prepared.scorer.weigh(left, right)
    found = clustering.cluster(prepared.scorer, left, right, weighed, len(prepared.forms))
    prepared.seconds["matching"] = time.perf_counter() - started
    return found


@dataclass(frozen=True)
class Grown:
    """Clusters as they grew. `kept`: the share of clusters a batch did not touch that kept id and members.
    `milliseconds`: how long single records took, one after the other."""

    of: NDArray[np.int64]
    kept: float
    seconds: float
    milliseconds: NDArray[np.float64]


def one_after_the_other(prepared: Prepared, *, batch: int, singles: int, seed: int) -> Grown:
    """Add all forms in random order, `batch` at a time, the last `singles` one by one."""
    order = np.random.default_rng(seed).permutation(len(prepared.forms))
    growing = Growing.over(prepared.scorer, prepared.forms)
    started, cut = time.perf_counter(), max(len(order) - singles, 0)
    untouched = kept = 0
    for at in range(0, cut, batch):
        before = growing.of.copy()
        touched = growing.add(order[at : min(at + batch, cut)])
        still = (before >= 0) & ~np.isin(before, list(touched))
        untouched += int(still.sum())
        kept += int((growing.of[still] == before[still]).sum())
    taken = []
    for row in order[cut:]:
        begun = time.perf_counter()
        growing.add(np.array([row]))
        taken.append((time.perf_counter() - begun) * 1000)
    return Grown(growing.of, kept / untouched if untouched else 1.0, time.perf_counter() - started, np.array(taken))
