"""Splink by itself, with the settings its documentation recommends, to stand beside ours in the same run.

The comparisons are those of its library for names, dates of birth, e-mail addresses and post codes; blocking, training
and the thresholds of .5 and .95 follow its tutorials. Nothing of ours takes part but the columns,
trimmed and in lower case.
"""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

THRESHOLDS, SEED, MOST_PAIRS = (0.5, 0.95), 1, 1e6


@dataclass(frozen=True)
class Alone:
    """By threshold, the number of each row's cluster; and how long it took."""

    at: dict[float, NDArray[np.int64]]
    seconds: float


def cluster(frame: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> Alone:
    """Cluster the rows of `frame`, whose columns are named by field of ours."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    started = time.perf_counter()
    table = _table(frame, columns)
    fields = [str(name) for name in table.columns if name != "unique_id"]
    linker = Linker(
        DuckDBAPI().register(table),
        SettingsCreator(
            link_type="dedupe_only",
            comparisons=[_comparison(name) for name in fields],
            blocking_rules_to_generate_predictions=_blocking(fields),
        ),
    )
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    _train(linker, fields)
    predicted = linker.inference.predict(threshold_match_probability=0.2)
    at = {chance: _clusters(linker, predicted, chance, len(frame)) for chance in THRESHOLDS}
    return Alone(at, time.perf_counter() - started)


def _clusters(linker: Any, predicted: Any, chance: float, size: int) -> NDArray[np.int64]:
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=chance)
    of = found.as_pandas_dataframe().set_index("unique_id")["cluster_id"].reindex(np.arange(size))
    return np.asarray(pd.factorize(of)[0], dtype=np.int64)


def _table(frame: pd.DataFrame, columns: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The mapped columns as they stand; several of one field in a row, dates written as ISO has them."""
    table: dict[str, pd.Series] = {"unique_id": pd.Series(np.arange(len(frame)), index=frame.index)}
    dates = [name for name in ("birth_year", "birth_month", "birth_day") if name in columns]
    for name, wanted in columns.items():
        texts = frame[list(wanted)].astype("string").apply(lambda part: part.str.strip().str.lower())
        joined = texts.iloc[:, 0] if len(wanted) == 1 else texts.fillna("").agg(" ".join, axis=1).str.strip()
        table[name] = joined.mask(joined == "")
    if len(dates) == 3:
        year, month, day = (table.pop(name) for name in dates)
        table["birth_date"] = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    if "birth_date" in table:
        plain = table["birth_date"].str.fullmatch(r"\d{8}").fillna(False)
        spelt = table["birth_date"].str.replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3", regex=True)
        table["birth_date"] = table["birth_date"].mask(plain, spelt)
    built = pd.DataFrame(table)
    kept = [name for name in built.columns if name == "unique_id" or built[name].nunique() > 1]
    return built[kept].astype(object).where(built[kept].notna(), None)


def _comparison(name: str) -> Any:
    import splink.comparison_library as library

    if name in {"given_name", "surname", "middle_name", "surname_2", "full_name"}:
        return library.NameComparison(name)
    if name == "birth_date":
        return library.DateOfBirthComparison(name, input_is_string=True)
    if name == "email":
        return library.EmailComparison(name)
    if name in {"document", "phone", "loyalty_number"}:
        return library.DamerauLevenshteinAtThresholds(name, [1, 2])
    if name in {"street", "address_2", "city", "birth_place", "occupation"}:
        return library.JaroWinklerAtThresholds(name, [0.9, 0.7]).configure(term_frequency_adjustments=True)
    return library.ExactMatch(name).configure(term_frequency_adjustments=True)


def _blocking(fields: Sequence[str]) -> list[Any]:
    from splink import block_on

    wanted = (
        ("document",), ("email",), ("phone",), ("birth_date",), ("surname", "given_name"), ("given_name", "city"),
        ("surname", "city"), ("given_name", "postal_code"), ("surname", "postal_code"), ("street", "street_number"),
        ("surname",) if len(fields) < 6 else ("postal_code", "street_number"),
    )  # fmt: skip
    return [block_on(*names) for names in wanted if set(names) <= set(fields)]


def _train(linker: Any, fields: Sequence[str]) -> None:
    from splink import block_on

    certain = [names for names in (("given_name", "birth_date"), ("surname", "birth_date"), ("email",), ("document",))
               if set(names) <= set(fields)]  # fmt: skip
    if certain:
        linker.training.estimate_probability_two_random_records_match(
            [block_on(*names) for names in certain], recall=0.7
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=MOST_PAIRS, seed=SEED)
    for names in (("given_name", "surname"), ("birth_date",)):
        if set(names) <= set(fields):
            # Where all that agree so are one person the share of true pairs runs away to 1, which Splink refuses.
            before = copy.deepcopy(linker._settings_obj.core_model_settings)
            try:
                linker.training.estimate_parameters_using_expectation_maximisation(block_on(*names))
            except ValueError:
                linker._settings_obj.core_model_settings = before
