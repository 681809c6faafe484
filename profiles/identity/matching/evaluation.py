"""`evaluate identity`: how well records of somebody's own table are put together, against a truth of theirs.

The truth is looked at when all is decided, never before: neither the weights nor the threshold know it.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import yaml
from numpy.typing import NDArray

from profiles.identity.matching import cleaning, headers, matching, measures, splink_alone
from profiles.identity.matching.estimation import CannotEstimate

BATCH, SINGLES = 100, 200
_SCORE = re.compile(r"score|match|label|gold|same|prob", re.IGNORECASE)


class Unusable(ValueError):
    """The request cannot be carried out on these records; the message says why."""


@dataclass(frozen=True)
class IdentityRequest:
    """`truth` names the column that says who is who, `truth_regex` the part of it that does; `pairs` labelled pairs of
    ids instead. `mapping` overrides the guess of which column is what. `drop` names columns that are not to be used."""

    records: pd.DataFrame
    pairs: pd.DataFrame | None = None
    truth: str | None = None
    truth_regex: str | None = None
    mapping: Mapping[str, Any] = field(default_factory=dict)
    drop: Sequence[str] = ()
    incremental: bool = False
    batch: int = BATCH
    splink: bool = False
    seed: int = 1


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping file, JSON or YAML: our field -> their column, or a list of columns, or nothing to leave it out."""
    try:
        text = path.read_text("utf-8-sig")
        found = orjson.loads(text) if text.lstrip().startswith("{") else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, orjson.JSONDecodeError, yaml.YAMLError) as problem:
        raise Unusable(f"{path}: not a readable mapping ({str(problem).splitlines()[0]})") from problem
    if not isinstance(found, dict):
        raise Unusable(f"{path}: a mapping names for each field of ours a column")
    return {str(name): column for name, column in found.items()}


def evaluate(request: IdentityRequest) -> dict[str, Any]:
    """Put the records together and say how well it was done."""
    frame, started = request.records, time.perf_counter()
    hidden = [*_columns(frame, request.drop), *([_column(frame, request.truth)] if request.truth else [])]
    mapping = headers.guess(frame, given=request.mapping, leave_out=hidden)
    if not mapping.columns:
        raise Unusable("no column was recognised; name them in a mapping file")
    cleaned = cleaning.clean(frame, mapping.columns)
    cleaning_seconds = time.perf_counter() - started
    try:
        prepared = matching.prepare(cleaned)
    except CannotEstimate as problem:
        raise Unusable(str(problem)) from problem
    clusters = matching.in_one_go(prepared)
    at_once = of = clusters.of[prepared.form]
    seconds = cleaning_seconds + prepared.seconds["matching"]
    report: dict[str, Any] = {}
    if request.incremental:
        grown = matching.one_after_the_other(prepared, batch=request.batch, singles=SINGLES, seed=request.seed)
        report = _grown(grown, of, prepared)
        of, seconds = grown.of[prepared.form], cleaning_seconds + grown.seconds
    score = _truth(request, frame)
    judged = {**score(of), **_sizes(of), "records": len(frame)}
    judged["records_per_second"] = round(len(frame) / seconds, 1) if seconds else 0.0
    judged["threshold"] = round(prepared.model.threshold, 4)
    judged["threshold_probability"] = round(float(1 / (1 + np.exp2(-prepared.model.threshold))), 4)
    report = {**judged, **report}
    if request.incremental:
        report["batch"] = {**score(at_once), **_sizes(at_once)}
    if request.splink:
        report["splink_alone"] = _alone(frame, mapping.columns, score)
    return report | {
        "columns": mapping.columns,
        "unused_columns": mapping.unused,
        "shared_identifiers": prepared.shared,
        "suspicious_clusters": len(clusters.suspicious),
        "seconds": {
            "cleaning": round(cleaning_seconds, 3),
            "estimation": round(prepared.seconds["estimation"], 3),
            "matching": round(prepared.seconds["matching"], 3),
            "all": round(time.perf_counter() - started, 3),
        },
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "weights": _weights(prepared),
    }


def _grown(grown: matching.Grown, at_once: NDArray[np.int64], prepared: matching.Prepared) -> dict[str, Any]:
    taken = grown.milliseconds
    return {
        "incremental": {
            "agreement_with_batch": round(measures.adjusted_rand(grown.of[prepared.form], at_once), 6),
            "untouched_ids_kept": grown.kept,
            "one_record_ms": {
                "p50": round(float(np.percentile(taken, 50)), 2) if len(taken) else None,
                "p99": round(float(np.percentile(taken, 99)), 2) if len(taken) else None,
            },
        }
    }


def _sizes(of: NDArray[np.int64]) -> dict[str, Any]:
    counts = np.bincount(pd.factorize(of)[0])
    return {"clusters": len(counts), "largest_cluster": int(counts.max(initial=0))}


def _truth(request: IdentityRequest, frame: pd.DataFrame) -> Any:
    """A function from clusters to figures. It is only called on what has been decided."""
    if request.pairs is not None:
        left, right, same, all_true = _labelled_pairs(frame, request.pairs)
        return lambda of: {
            **measures.labelled(of, left, right, same, all_true=all_true).as_dict(),
            "b_cubed": None,
            "judged_on": f"{len(left)} labelled pairs",
        }
    if request.truth is None:
        return lambda of: {"precision": None, "recall": None, "f1": None, "b_cubed": None}
    truth = _person(frame[_column(frame, request.truth)], request.truth, request.truth_regex)
    known = truth >= 0
    return lambda of: {
        **measures.pairwise(of[known], truth[known]).as_dict(),
        "b_cubed": measures.b_cubed(of[known], truth[known]).as_dict(),
        "people": len(np.unique(truth[known])),
    }


def _person(values: pd.Series, column: str, pattern: str | None) -> NDArray[np.int64]:
    texts = values.map(lambda value: None if value is None else str(value).strip(), na_action="ignore")
    if pattern:
        try:
            compiled = re.compile(pattern)
        except re.error as problem:
            raise Unusable(f"--truth-regex: {problem}") from problem
        found = [compiled.search(text) if isinstance(text, str) else None for text in texts]
        texts = pd.Series([(hit[1] if compiled.groups else hit[0]) if hit else None for hit in found], dtype=object)
    texts = texts.mask(texts == "")
    if texts.notna().sum() < 2:
        raise Unusable(f"{column}: the truth was found on fewer than two records")
    return np.asarray(pd.factorize(texts)[0], dtype=np.int64)


def _labelled_pairs(
    frame: pd.DataFrame, pairs: pd.DataFrame
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], bool]:
    """The two columns of the pairs that name records, whichever column of the records holds their ids."""
    for column in frame.columns:
        ids = frame[column].astype(str).str.strip()
        if not ids.is_unique:
            continue
        place = pd.Series(np.arange(len(ids)), index=ids)
        hits = {c: pairs[c].astype(str).str.strip().map(place) for c in pairs.columns}
        naming = [c for c in pairs.columns if hits[c].notna().mean() > 0.95 and not _SCORE.search(str(c))][:2]
        if len(naming) == 2:
            left, right = hits[naming[0]], hits[naming[1]]
            known = (left.notna() & right.notna()).to_numpy()
            scores = [c for c in pairs.columns if c not in naming and _SCORE.search(str(c))]
            scored = pd.to_numeric(pairs[scores[0]], errors="coerce") if scores else pd.Series(1.0, index=pairs.index)
            same = (scored >= 0.5).to_numpy()[known]
            ends = np.asarray(left[known], dtype=np.int64), np.asarray(right[known], dtype=np.int64)
            return ends[0], ends[1], same, not scores
    raise Unusable("no two columns of the pairs hold ids of the records")


def _alone(frame: pd.DataFrame, columns: Mapping[str, Sequence[str]], score: Any) -> dict[str, Any]:
    """Splink by itself, at the two thresholds its documentation uses."""
    alone = splink_alone.cluster(frame, columns)
    return {
        "seconds": round(alone.seconds, 3),
        **{f"at_{chance}": {**score(of), **_sizes(of)} for chance, of in alone.at.items()},
    }


def _weights(prepared: matching.Prepared) -> dict[str, dict[str, float]]:
    return {
        name: {level.name: round(level.weight, 2) for level in levels}
        for name, levels in prepared.model.comparisons.items()
    }


def _column(frame: pd.DataFrame, name: str) -> str:
    wanted = name.strip().casefold()
    found = [str(column) for column in frame.columns if str(column).strip().casefold() == wanted]
    if not found:
        raise Unusable(f"there is no column {name!r}; the columns are {', '.join(map(str, frame.columns))}")
    return found[0]


def _columns(frame: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Columns by their own name, or by the field of ours they are guessed to be."""
    guessed = headers.guess(frame).columns
    found: list[str] = []
    for name in names:
        theirs = {str(column).strip().casefold() for column in frame.columns}
        found += guessed[name] if name in guessed and name.casefold() not in theirs else [_column(frame, name)]
    return found
