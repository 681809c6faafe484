"""A propensity model on somebody's own table, and figures that hold on rows it has never seen.

In comes the path of a table and its label; out goes a `PropensityReport`. Columns that give the label away
are named and left out before anything is learnt. Without a time, rows are split at random and the score is
cross-fitted, so that calibration needs no rows of its own; with one, later rows calibrate and the latest judge.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from segmentation.ml import columns, labels, leaks, metrics, splits, tables
from segmentation.ml.calibration import Calibration
from segmentation.ml.columns import TableEncoder
from segmentation.ml.conformal import AnswerSets
from segmentation.ml.estimators.boosted_trees import BoostedTreesClassifier, cores

FEWEST_ROWS, FEWEST_OF_AN_ANSWER = 40, 8


class Unusable(Exception):
    """The table or what is asked of it cannot give honest figures; the message says why."""


@dataclass(frozen=True)
class PropensityRequest:
    paths: Sequence[Path | str]
    label: str
    time: str | None = None
    test_fraction: float = 0.25
    seed: int = 1
    drop: Sequence[str] = ()
    positive: str | None = None


@dataclass(frozen=True)
class PropensityReport:
    """`coverage_90`: how often the set of answers promised at 90 % held the true one, on the test rows."""

    rows: int
    base_rate: float
    roc_auc: float
    pr_auc: float
    brier: float
    ece: float
    lift_top_decile: float
    coverage_90: float
    train_seconds: float
    leaks: list[str]
    dropped_leaks: list[str]
    ignored: dict[str, str]
    label: str
    positive: str
    split: str
    rows_train: int
    rows_calibrate: int
    rows_test: int
    rows_without_label: int
    rows_without_time: int
    rows_malformed: int
    features: int
    calibration: str
    most_telling: dict[str, float]
    warnings: list[str]
    reliability: list[dict[str, float]]
    seed: int
    cores: int

    def to_json(self) -> dict[str, Any]:
        return {key: round(value, 6) if isinstance(value, float) else value for key, value in asdict(self).items()}


@dataclass(frozen=True)
class Examples:
    """Labelled rows without the label; `moment` is there when the caller named a time."""

    rows: pd.DataFrame
    outcome: np.ndarray
    moment: np.ndarray | None
    positive: str
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """Scores of the test rows, and of rows not trained on that calibrate and promise."""

    test_score: np.ndarray
    test_score_by_fold: np.ndarray
    held_score: np.ndarray
    held_outcome: np.ndarray
    held_fold: np.ndarray
    encoder: TableEncoder
    gain: np.ndarray

    @property
    def most_telling(self) -> dict[str, float]:
        best = np.argsort(-self.gain)[:5]
        return {self.encoder.features_[place]: round(float(self.gain[place]), 4) for place in best}


def evaluate(request: PropensityRequest) -> PropensityReport:
    examples = read_examples(request)
    leaking = leaks.find_leaks(examples.rows, examples.outcome, seed=request.seed)
    rows = examples.rows.drop(columns=list(leaking))
    started = time.perf_counter()
    train, calibrate, test = _split(examples, request)
    if examples.moment is None:
        judged = _cross_fitted(rows, examples.outcome, train, test, seed=request.seed)
    else:
        judged = _fitted_before(rows, examples.outcome, train, calibrate, test, request)
    calibration = Calibration(seed=request.seed).fit(judged.held_score, judged.held_outcome)
    seconds = time.perf_counter() - started
    outcome, probability = examples.outcome[test], calibration.transform(judged.test_score)
    promise = AnswerSets(seed=request.seed)
    promise.fit(judged.held_score, judged.held_outcome, fold=judged.held_fold)
    named = sorted(leaking, key=lambda name: -leaking[name])
    auc = metrics.roc_auc(outcome, probability)
    return PropensityReport(
        rows=len(examples.outcome),
        base_rate=float(examples.outcome.mean()),
        roc_auc=auc,
        pr_auc=metrics.pr_auc(outcome, probability),
        brier=metrics.brier(outcome, probability),
        ece=metrics.ece(outcome, probability),
        lift_top_decile=metrics.lift_in_top(outcome, probability),
        coverage_90=promise.coverage(judged.test_score_by_fold, outcome),
        train_seconds=round(seconds, 3),
        leaks=named,
        dropped_leaks=named,
        ignored=judged.encoder.ignored_,
        label=request.label,
        positive=examples.positive,
        split="random" if examples.moment is None else "time",
        rows_train=len(train),
        rows_calibrate=len(calibrate),
        rows_test=len(test),
        rows_without_label=examples.left_out["label"],
        rows_without_time=examples.left_out["time"],
        rows_malformed=examples.left_out["malformed"],
        features=len(judged.encoder.features_),
        calibration=calibration.method_,
        most_telling=judged.most_telling,
        warnings=_warnings(auc, outcome, judged.most_telling),
        reliability=metrics.reliability(outcome, probability),
        seed=request.seed,
        cores=cores(),
    )


def _warnings(auc: float, outcome: np.ndarray, most_telling: dict[str, float]) -> list[str]:
    """What a careful reader would ask about these figures."""
    found = []
    if auc > leaks.GIVES_AWAY:
        columns_ = ", ".join(list(most_telling)[:3])
        found.append(f"ROC AUC above {leaks.GIVES_AWAY}: columns may give the label away together; look at {columns_}")
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    if rarer < 50:
        found.append(f"only {rarer} test rows of the rarer answer: the figures are rough")
    return found


def read_examples(request: PropensityRequest) -> Examples:
    if not 0.05 <= request.test_fraction <= 0.6:
        raise Unusable("--test-fraction must lie between 0.05 and 0.6")
    table = tables.read(request.paths)
    label_name = column_named(table.rows, request.label)
    time_name = column_named(table.rows, request.time) if request.time else None
    dropped = {column_named(table.rows, name) for name in request.drop}
    if label_name in dropped or label_name == time_name:
        raise Unusable(f"column {label_name!r} is the label and cannot be dropped or be the time as well")
    label = labels.read_label(table.rows[label_name], positive=request.positive)
    rows = table.rows[label.known].reset_index(drop=True)
    outcome, known = label.outcome, np.ones(len(rows), dtype=bool)
    moment = _moments(rows[time_name]) if time_name else None
    if moment is not None:
        known = ~np.isnan(moment)
        moment = moment[known]
    rows = rows[known].reset_index(drop=True).drop(columns=[label_name, *dropped])
    _require_enough(outcome[known])
    left_out = {"label": int((~label.known).sum()), "time": int((~known).sum()), "malformed": table.malformed}
    return Examples(rows, outcome[known], moment, label.positive, left_out)


def column_named(rows: pd.DataFrame, name: str) -> str:
    """The column of that name; a difference in case or spaces is forgiven where it stays unique."""
    if name in rows.columns:
        return name
    like = [column for column in rows.columns if column.strip().casefold() == name.strip().casefold()]
    if len(like) == 1:
        return str(like[0])
    shown = ", ".join(map(str, rows.columns[:20])) + (", ..." if len(rows.columns) > 20 else "")
    raise Unusable(f"there is no column {name!r}; the table has: {shown}")


def _moments(values: pd.Series) -> np.ndarray:
    """Dates as days, numbers (years, weeks, seconds) as they are."""
    column = columns.describe(values)
    if column.kind == "date":
        times = columns.as_times(values, day_first=column.day_first)
        return columns.encode_days(times)
    numbers = columns.as_numbers(values)
    if np.isnan(numbers).mean() > 0.5:
        raise Unusable(f"column {values.name!r} cannot be read as a time: neither dates nor numbers")
    return numbers


def _require_enough(outcome: np.ndarray) -> None:
    rarer = int(min(outcome.sum(), len(outcome) - outcome.sum()))
    if len(outcome) < FEWEST_ROWS:
        raise Unusable(f"{len(outcome)} rows with a label: fewer than {FEWEST_ROWS} give no figure worth reading")
    if rarer < FEWEST_OF_AN_ANSWER:
        raise Unusable(f"{rarer} rows of the rarer answer: fewer than {FEWEST_OF_AN_ANSWER} cannot train and judge")


def _split(examples: Examples, request: PropensityRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if examples.moment is None:
        train, test = splits.stratified(examples.outcome, test_fraction=request.test_fraction, seed=request.seed)
        return train, train, test
    split = splits.by_time(examples.moment, test_fraction=request.test_fraction, seed=request.seed)
    for part, rows in (("earliest", split.train), ("middle", split.calibrate), ("latest", split.test)):
        if len(np.unique(examples.outcome[rows])) < 2:
            raise Unusable(f"the {part} rows by {request.time!r} all have one answer; another time or none is needed")
    return split.train, split.calibrate, split.test


def _fold_count(rows: int) -> int:
    return 8 if rows < 2_000 else 5 if rows < 40_000 else 3 if rows < 150_000 else 2


def _cross_fitted(rows: pd.DataFrame, outcome: np.ndarray, train: np.ndarray, test: np.ndarray, *, seed: int) -> Judged:
    """Each training row is scored by trees that have not seen it; a test row by all of them together."""
    encoder = TableEncoder().fit(rows.iloc[train])
    matrix, unseen = encoder.transform(rows.iloc[train]), encoder.transform(rows.iloc[test])
    _require_features(matrix)
    answers = outcome[train]
    count = min(_fold_count(len(train)), int(answers.sum()), int((1 - answers).sum()))
    fold = splits.folds(answers, count=count, seed=seed)
    held, raw, gain = np.empty(len(train)), np.zeros((len(test), count)), np.zeros(matrix.shape[1])
    for number in range(count):
        away = fold == number
        trees = BoostedTreesClassifier(categorical=tuple(encoder.categorical_), seed=seed + number)
        trees.fit(matrix[~away], answers[~away])
        held[away] = trees.raw(matrix[away])
        raw[:, number] = trees.raw(unseen)
        gain += trees.gain() / count
    together = _sigmoid(raw.mean(axis=1))
    return Judged(together, _sigmoid(raw), _sigmoid(held), answers, fold, encoder, gain)


def _fitted_before(
    rows: pd.DataFrame,
    outcome: np.ndarray,
    train: np.ndarray,
    calibrate: np.ndarray,
    test: np.ndarray,
    request: PropensityRequest,
) -> Judged:
    """Trees from the earliest rows, scores of the later ones."""
    clock = column_named(rows, request.time) if request.time else None
    encoder = TableEncoder(clock=clock).fit(rows.iloc[train])
    matrix = encoder.transform(rows.iloc[train])
    _require_features(matrix)
    trees = BoostedTreesClassifier(categorical=tuple(encoder.categorical_), seed=request.seed)
    trees.fit(matrix, outcome[train])
    held = trees.score_of(encoder.transform(rows.iloc[calibrate]))
    judged = trees.score_of(encoder.transform(rows.iloc[test]))
    one = np.zeros(len(calibrate), dtype=int)
    return Judged(judged, judged, held, outcome[calibrate], one, encoder, trees.gain())


def _require_features(matrix: np.ndarray) -> None:
    if not matrix.shape[1]:
        raise Unusable("no column is left to learn from: all are constant, identifiers, dropped or give the label away")


def _sigmoid(value: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-value))
