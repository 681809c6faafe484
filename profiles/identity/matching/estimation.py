"""Estimates a match model: Splink learns by EM how often true pairs and strangers reach each level.

Nothing is labelled. Splink sees the cleaned frame and the comparisons as SQL; what it learnt is taken out, and the two
things it cannot see by itself are put right from the pairs it would link: random pairs hold a few of the same person,
and nobody said how many pairs are.
"""

from __future__ import annotations

import copy
import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.identity.matching.catalogue import comparisons_for
from profiles.identity.matching.comparisons import Column, Comparison, Pairs, outcomes
from profiles.identity.matching.model import LEAST, LevelWeight, MatchModel
from profiles.identity.matching.scoring import Scorer, columns_of

SEED, MOST_PAIRS, RANDOM_PAIRS = 1, 1e6, 500_000
PASSES, MOST_SESSIONS, ROUNDS = 1, 4, 4
# So many true pairs are thought to have been seen before the data speak: no level is impossible for want of examples.
PRETENDED = 10.0
# Fields two records agree on while Splink learns the weights of the others, most telling first.
_AGREEING = (
    ("birth_date",),
    ("given_name", "surname"),
    ("email",),
    ("document",),
    ("phone",),
    ("surname", "postal_code"),
    ("surname", "city"),
    ("loyalty_number",),
    ("given_name", "city"),
    ("surname",),
)


class CannotEstimate(ValueError):
    """The records hold too little to learn from."""


def settings(comparisons: list[Comparison], model: MatchModel) -> dict[str, Any]:
    """Splink's settings for these comparisons with the weights of `model`."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": model.prior,
        "comparisons": [_comparison(c, model.comparisons[c.name]) for c in comparisons],
        "blocking_rules_to_generate_predictions": [],
        "retain_intermediate_calculation_columns": False,
        "retain_matching_columns": False,
        "max_iterations": 60,
    }


def _comparison(comparison: Comparison, weights: tuple[LevelWeight, ...]) -> dict[str, Any]:
    column = comparison.column
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": f'"{column}_l" IS NULL OR "{column}_r" IS NULL',
            "label_for_charts": "missing",
            "is_null_level": True,
        }
    ]
    for level in comparison.levels:
        declared: dict[str, Any] = {"sql_condition": level.test.sql(), "label_for_charts": level.name}
        if level.frequency:
            declared["tf_adjustment_column"] = level.frequency
        levels.append(declared)
    levels.append({"sql_condition": "ELSE", "label_for_charts": "otherwise"})
    for declared, weight in zip(levels[1:], weights, strict=True):
        declared["m_probability"], declared["u_probability"] = weight.m, weight.u
        declared["fix_m_probability"] = weight.neutral
    return {"output_column_name": comparison.name, "comparison_levels": levels}


def estimate(
    cleaned: pd.DataFrame, left: NDArray[np.int64], right: NDArray[np.int64], *, learnt_from: str = ""
) -> MatchModel:
    """A match model for these records. `left`, `right`: their candidate pairs. Same records, same model."""
    comparisons = _usable(cleaned)
    if not comparisons:
        raise CannotEstimate("no two records have anything in common to be compared")
    columns = columns_of(cleaned)
    random = _Observed.of(comparisons, columns, *_random_pairs(len(cleaned)))
    likely = _Observed.of(comparisons, columns, left, right)
    model = _before(cleaned, comparisons, len(left))
    model = replace(model, comparisons=_strangers(model, random, np.zeros(len(random.left))))
    for _ in range(PASSES):
        model = _by_em(cleaned, comparisons, model)
        model = _put_right(model, comparisons, random, likely, len(cleaned))
    return replace(model, learnt_from=learnt_from)


@dataclass
class _Observed:
    """Pairs and the level each reached."""

    columns: dict[str, Column]
    reached: dict[str, NDArray[np.int8]]
    left: NDArray[np.int64]
    right: NDArray[np.int64]

    @classmethod
    def of(
        cls,
        comparisons: list[Comparison],
        columns: dict[str, Column],
        left: NDArray[np.int64],
        right: NDArray[np.int64],
    ) -> _Observed:
        pairs = Pairs(columns, left, right)
        return cls(columns, {c.name: outcomes(c, pairs) for c in comparisons}, left, right)

    def same_person(self, model: MatchModel) -> NDArray[np.float64]:
        weight = Scorer(model, self.columns).reweigh(self.reached, self.left, self.right).weight
        return np.asarray(1 / (1 + np.exp2(-np.clip(weight, -60, 60))))


def _random_pairs(size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if size * (size - 1) // 2 <= RANDOM_PAIRS:
        left, right = np.triu_indices(size, 1)
        return left.astype(np.int64), right.astype(np.int64)
    rng = np.random.default_rng(SEED)
    left, right = rng.integers(0, size, (2, RANDOM_PAIRS))
    apart = left != right
    return left[apart], right[apart]


def _usable(cleaned: pd.DataFrame) -> list[Comparison]:
    """Comparisons whose columns are there and repeat: what differs on every record tells nothing about any two."""
    repeating = {str(name) for name in cleaned.columns if cleaned[name].notna().sum() > max(cleaned[name].nunique(), 1)}
    usable = []
    for comparison in comparisons_for(repeating):
        levels = tuple(level for level in comparison.levels if level.test.columns() <= set(cleaned.columns))
        usable.append(replace(comparison, levels=levels) if levels != comparison.levels else comparison)
    return usable


def _before(cleaned: pd.DataFrame, comparisons: list[Comparison], candidates: int) -> MatchModel:
    """What is thought before the data speak."""
    everything = max(len(cleaned) * (len(cleaned) - 1) / 2, 1)
    levels = {
        c.name: (
            *(LevelWeight(level.name, level.m, 0.0, level.frequency, level.neutral) for level in c.levels),
            LevelWeight("otherwise", max(1 - sum(level.m for level in c.levels), 0.02), 0.0),
        )
        for c in comparisons
    }
    frequent = {level.frequency for c in comparisons for level in c.levels if level.frequency}
    return MatchModel(
        prior=float(np.clip(min(len(cleaned) / 2, candidates / 2) / everything, 1e-9, 0.1)),
        comparisons=levels,
        frequencies={
            column: {str(value): float(share) for value, share in cleaned[column].value_counts(normalize=True).items()}
            for column in sorted(frequent)
        },
    )


def _by_em(cleaned: pd.DataFrame, comparisons: list[Comparison], model: MatchModel) -> MatchModel:
    """The model with the `m` Splink learns by EM from records that agree in one thing or another."""
    # Splink and DuckDB take half a second to import; only who estimates waits for them.
    from splink import DuckDBAPI, Linker, block_on

    frame = cleaned.assign(unique_id=np.arange(len(cleaned)))
    linker = Linker(DuckDBAPI().register(frame), settings(comparisons, model))
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    rules = [block_on(*names) for names in _AGREEING if set(names) <= set(cleaned.columns) and _agree(cleaned, names)]
    for rule in rules[:MOST_SESSIONS]:
        _train(linker, rule)
    trained = {c.output_column_name: c for c in linker._settings_obj.core_model_settings.comparisons}
    learnt = {name: _learnt(levels, trained[name]) for name, levels in model.comparisons.items()}
    return replace(model, comparisons=learnt)


def _train(linker: Any, rule: Any) -> None:
    """One session of EM. Where nearly all that agree so are one person the share of true pairs runs away to 1, which
    Splink refuses and leaves its settings half changed: then the session is held again with the share kept still."""
    from splink.internals.exceptions import EMTrainingException

    learn = linker.training.estimate_parameters_using_expectation_maximisation
    before = copy.deepcopy(linker._settings_obj.core_model_settings)
    for still in (False, True):
        try:
            learn(rule, max_pairs=MOST_PAIRS, fix_probability_two_random_records_match=still)
        except (ValueError, EMTrainingException):
            linker._settings_obj.core_model_settings = copy.deepcopy(before)
        else:
            return


def _agree(cleaned: pd.DataFrame, columns: tuple[str, ...]) -> bool:
    held = cleaned[list(columns)].dropna()
    return bool(held.duplicated().sum() >= 20)


def _learnt(levels: tuple[LevelWeight, ...], trained: Any) -> tuple[LevelWeight, ...]:
    """What Splink learnt of a comparison; a level that no pair reached has no estimate and is as rare as none."""
    found = [level for level in trained.comparison_levels if not level.is_null_level]
    if not any(level._m_is_trained for level in found):
        return levels
    shares = [level._m_probability if level._m_is_trained else 0.0 for level in found]
    shares = [float(share) if isinstance(share, float | int) else 0.0 for share in shares]
    return tuple(replace(level, m=share) for level, share in zip(levels, shares, strict=True))


def _put_right(
    model: MatchModel, comparisons: list[Comparison], random: _Observed, likely: _Observed, records: int
) -> MatchModel:
    """Count the pairs that look like one person, and take those out of what strangers do."""
    everything = max(records * (records - 1) / 2, 1)
    before = {c.name: [level.m for level in c.levels] for c in comparisons}
    learnt = model
    for _ in range(ROUNDS):
        same = likely.same_person(model)
        model = replace(model, prior=float(np.clip(same.sum() / everything, 1e-9, 0.5)))
        seen = {name: float(same[reached >= 0].sum()) for name, reached in likely.reached.items()}
        model = replace(
            model,
            comparisons={
                name: _with_pretended(levels, before[name], seen[name]) for name, levels in learnt.comparisons.items()
            },
        )
        model = replace(model, comparisons=_strangers(model, random, random.same_person(model)))
    return model


def _with_pretended(levels: tuple[LevelWeight, ...], before: list[float], seen: float) -> tuple[LevelWeight, ...]:
    shares = [*before, max(1 - sum(before), 0.02)]
    return tuple(
        replace(level, m=max((level.m * seen + share * PRETENDED) / (seen + PRETENDED), LEAST))
        for level, share in zip(levels, shares, strict=True)
    )


def _strangers(model: MatchModel, random: _Observed, same: NDArray[np.float64]) -> dict[str, tuple[LevelWeight, ...]]:
    """By comparison, how often random pairs reach each level, those that are one person left out."""
    found = {}
    for name, levels in model.comparisons.items():
        at = random.reached[name] >= 0
        counted = np.bincount(random.reached[name][at], weights=1 - same[at], minlength=len(levels))
        shares = (counted + 0.3) / (counted.sum() + 0.3 * len(levels))
        found[name] = tuple(_with_u(level, max(float(u), LEAST)) for level, u in zip(levels, shares, strict=True))
    return found


def _with_u(level: LevelWeight, u: float) -> LevelWeight:
    return replace(level, u=u, m=u if level.neutral else level.m)
