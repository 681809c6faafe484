"""The one trainer: any `ModelSpec` becomes a judged, calibrated, explained version in the registry.

Three groups of rows: everyone at the latest moment whose answer is known (test); a fifth of customers at the
latest moment whose answer was known by then (calibrate); all others at that moment and earlier ones (train).
So nothing learnt from lies later than what judges it, and no one calibrates a model that has learnt from them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from iaros.lib.reports import Progress, silent
from profiles.currency import minor_units
from segmentation.features import offline
from segmentation.ml import artifact, metrics, registry
from segmentation.ml.artifact import FittedModel
from segmentation.ml.calibration import Calibration
from segmentation.ml.card import model_card
from segmentation.ml.conformal import AmountBands, AnswerSets, ErrorBands
from segmentation.ml.estimators.boosted_trees import BoostedTrees, BoostedTreesClassifier, BoostedTreesRegressor
from segmentation.ml.spec import Check, ModelSpec
from segmentation.models import ModelVersion, VersionStatus

if TYPE_CHECKING:
    import pandas as pd

CALIBRATION_FIFTHS = 5
INNER_PARTS = 7
FEWEST_TRAINING_ROWS = 100
MOST_ROWS = 400_000
SCORE_BANDS = 20


class CannotTrain(Exception):
    """There is not enough history or not both answers; the message says which."""


@dataclass(frozen=True)
class Moment:
    """One look into the past: those the question applies to at `at`, or from `since` until before `at`."""

    since: datetime
    at: datetime


@dataclass(frozen=True)
class Sample:
    """Rows of one part: features, label, and whose they are."""

    X: np.ndarray
    y: np.ndarray
    customer: np.ndarray

    def __len__(self) -> int:
        return len(self.y)

    def where(self, chosen: np.ndarray) -> Sample:
        return Sample(self.X[chosen], self.y[chosen], self.customer[chosen])


@dataclass(frozen=True)
class Parts:
    train: Sample
    calibrate: Sample
    test: Sample
    tested_at: datetime


def train(
    spec: ModelSpec, as_of: datetime, progress: Progress = silent, *, trained_by: str = "", seed: int = 1
) -> ModelVersion:
    """Train, judge and store a version; it becomes champion where there is none and it passes its gate."""
    started = time.perf_counter()
    parts = build_parts(spec, as_of, progress)
    progress(phase=f"{spec.name}: learning", done=0, total=1)
    model, coverage = fit(spec, parts, seed=seed)
    figures = judge(spec, model, parts.test, coverage) | {"train_seconds": round(time.perf_counter() - started, 3)}
    figures |= {"rows_train": len(parts.train), "rows_calibrate": len(parts.calibrate)}
    checks = [*spec.gate.judge(figures), *asked_by_the_airline(figures)]
    version = _store(spec, as_of, model, figures, checks, parts, trained_by=trained_by, seed=seed)
    progress(phase=f"{spec.name}: learning", done=1, total=1)
    return registry.settle(version, trained_by)


def asked_by_the_airline(figures: Mapping[str, float]) -> list[Check]:
    """What `segmentation.confidence_threshold` adds to every gate: chances are as good as they claim, 1 - ECE."""
    threshold = settings.INTELLIGENCE.segmentation.confidence_threshold
    return [Check("ece", figures["ece"], "at most", round(1 - threshold, 6))] if "ece" in figures else []


def moments(spec: ModelSpec, as_of: datetime) -> tuple[Moment, list[Moment]]:
    """(test, earlier ones newest first). An earlier answer was complete before the test looks."""
    horizon, step = timedelta(days=spec.horizon_days), timedelta(days=spec.snapshot_step_days)
    tested = Moment(since=as_of - horizon - step, at=as_of - horizon)
    # The rows of a booking model come from a stretch of time, and its beginning already counts as the test.
    first = (tested.since if spec.entity == "booking" else tested.at) - horizon
    return tested, [Moment(since=first - (n + 1) * step, at=first - n * step) for n in range(spec.snapshots)]


def build_parts(spec: ModelSpec, as_of: datetime, progress: Progress = silent) -> Parts:
    tested, earlier = moments(spec, as_of)
    looks = [tested, *earlier]
    samples = []
    for number, look in enumerate(looks):
        progress(phase=f"{spec.name}: reading the past", done=number, total=len(looks))
        samples.append(read_sample(spec, look))
    calibrating = samples[1].customer % CALIBRATION_FIFTHS == 0
    held = samples[1].where(calibrating)
    learnt = _together([sample.where(sample.customer % CALIBRATION_FIFTHS != 0) for sample in samples[1:]])
    parts = Parts(train=learnt, calibrate=held, test=samples[0], tested_at=tested.at)
    _require_enough(spec, parts)
    return parts


def population(spec: ModelSpec, look: Moment, *, labelled: bool = True) -> pd.DataFrame:
    """`customer_id, at` (`booking_id`), with `label` unless it is for scoring."""
    import pandas as pd

    query = f"WITH population AS ({spec.population_sql}) {spec.label_sql}" if labelled else spec.sql_for_scoring
    parameters = {**spec.parameters, "at": look.at, "since": look.since, "horizon_days": spec.horizon_days}
    parameters |= {"minor_units": minor_units()}
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        names = [column.name for column in cursor.description]
        rows = pd.DataFrame(cursor.fetchall(), columns=names)
    # The order of a set is not fixed; the same rows in the same order make the same trees.
    return rows.sort_values([name for name in ("customer_id", "booking_id") if name in rows], ignore_index=True)


def read_sample(spec: ModelSpec, look: Moment) -> Sample:
    import pandas as pd

    rows = population(spec, look)
    if len(rows) > MOST_ROWS:
        chosen = np.random.default_rng(1).choice(len(rows), MOST_ROWS, replace=False)
        rows = rows.iloc[np.sort(chosen)].reset_index(drop=True)
    if rows.empty:
        return Sample(np.zeros((0, len(spec.features)), np.float32), np.zeros(0), np.zeros(0, np.int64))
    rows["at"] = pd.to_datetime(rows["at"], utc=True)
    found = offline.frame(rows, list(spec.features), entity=spec.entity)
    X = found[list(spec.features)].to_numpy(dtype=np.float32)
    customer = np.array([one.int >> 8 & 0xFFFFFF for one in found["customer_id"]], dtype=np.int64)
    sample = Sample(X, found["label"].to_numpy(dtype=np.float64), customer)
    # Whoever may not be analysed has no features; they neither teach nor judge.
    return sample.where(~np.isnan(X).all(axis=1))


def fit(spec: ModelSpec, parts: Parts, *, seed: int = 1) -> tuple[FittedModel, AnswerSets | AmountBands]:
    # A customer appears in several snapshots; one who has taught must not say when to stop learning.
    stopping = parts.train.customer // CALIBRATION_FIFTHS % INNER_PARTS == 0
    trees = estimator(spec, seed).fit(parts.train.X, parts.train.y, inner=stopping)
    held = trees.score_of(parts.calibrate.X)
    if spec.objective == "binary":
        return _calibrated(spec, trees, held, parts.calibrate.y, seed)
    factor = _factor(held, parts.calibrate.y)
    bands = AmountBands().fit(held * factor, parts.calibrate.y)
    return FittedModel(spec.objective, spec.features, trees, {"factor": factor}, bands.to_json()), bands


def estimator(spec: ModelSpec, seed: int) -> Any:
    if spec.estimator is not None:
        return spec.estimator(seed=seed)
    kind: type[BoostedTrees] = BoostedTreesClassifier if spec.objective == "binary" else BoostedTreesRegressor
    return kind(seed=seed, num_leaves=7, learning_rate=0.05, max_rounds=400)


def judge(spec: ModelSpec, model: FittedModel, test: Sample, promise: AnswerSets | AmountBands) -> dict[str, Any]:
    """The figures of the gate and the card, on rows later than anything learnt."""
    value = model.value(test.X)
    common = {"rows_test": len(test), "outcomes_test": int((test.y > 0).sum())}
    if isinstance(promise, AnswerSets):
        return common | {
            "base_rate": float(test.y.mean()),
            "roc_auc": metrics.roc_auc(test.y, value),
            "pr_auc": metrics.pr_auc(test.y, value),
            "brier": metrics.brier(test.y, value),
            "ece": metrics.ece(test.y, value),
            "lift_top_decile": metrics.lift_in_top(test.y, value),
            "coverage_90": promise.coverage(model.trees.score_of(test.X), test.y),  # type: ignore[attr-defined]
            "reliability": metrics.reliability(test.y, value),
        }
    return common | {
        "mean": float(test.y.mean()),
        "mean_predicted": float(value.mean()),
        "spearman": metrics.spearman(test.y, value),
        "top_decile_capture": metrics.share_in_top(test.y, value),
        "total_error": metrics.total_error(test.y, value),
        "coverage_90": promise.coverage(value, test.y),
    }


def _calibrated(
    spec: ModelSpec, trees: Any, held: np.ndarray, outcome: np.ndarray, seed: int
) -> tuple[FittedModel, AnswerSets]:
    curve = Calibration(seed=seed).fit(held, outcome)
    probability = curve.transform(held)
    model = FittedModel(spec.objective, spec.features, trees, curve.parameters_, _rate_bands(probability, outcome))
    return model, AnswerSets(seed=seed).fit(held, outcome)


def _rate_bands(probability: np.ndarray, outcome: np.ndarray, z: float = 1.645) -> dict[str, Any]:
    """How far a stated probability may be off: Wilson's 90 % interval of the rate seen among like scores."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, SCORE_BANDS + 1)[1:-1]))
    place = np.searchsorted(edges, probability, side="right")
    low, high = [], []
    for band in range(len(edges) + 1):
        rows, said = outcome[place == band], probability[place == band]
        n = max(len(rows), 1)
        rate = rows.mean() if len(rows) else 0.5
        centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        middle = said.mean() if len(said) else centre
        low.append(float(centre - half - middle))
        high.append(float(centre + half - middle))
    return {"kind": ErrorBands.kind, "level": 0.9, "edges": edges.tolist(), "low": low, "high": high}


def _factor(predicted: np.ndarray, actual: np.ndarray) -> float:
    """Brings the sum of predictions to what came; half to double at most, beyond that the model is wrong."""
    total = predicted.sum()
    return float(np.clip(actual.sum() / total, 0.5, 2.0)) if total else 1.0


def _together(samples: Sequence[Sample]) -> Sample:
    return Sample(
        np.concatenate([sample.X for sample in samples]),
        np.concatenate([sample.y for sample in samples]),
        np.concatenate([sample.customer for sample in samples]),
    )


def _require_enough(spec: ModelSpec, parts: Parts) -> None:
    for name, sample in (("train", parts.train), ("calibrate", parts.calibrate), ("test", parts.test)):
        least = FEWEST_TRAINING_ROWS if name == "train" else FEWEST_TRAINING_ROWS // CALIBRATION_FIFTHS
        if len(sample) < least:
            raise CannotTrain(f"{spec.name}: {len(sample)} rows to {name}; history does not reach back far enough")
        if np.ptp(sample.y) == 0:
            raise CannotTrain(f"{spec.name}: all {len(sample)} rows to {name} have the same answer")


@transaction.atomic
def _store(
    spec: ModelSpec,
    as_of: datetime,
    model: FittedModel,
    figures: dict[str, Any],
    checks: list[Check],
    parts: Parts,
    *,
    trained_by: str,
    seed: int,
) -> ModelVersion:
    packed, sha256 = artifact.pack(model)
    passed = all(check.passed for check in checks)
    with connection.cursor() as cursor:
        # Numbers of one model follow each other, whoever trains.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('model version'), hashtext(%s))", [spec.name])
    last = ModelVersion.objects.filter(name=spec.name).order_by("-number").values_list("number", flat=True).first()
    return ModelVersion.objects.create(
        name=spec.name,
        number=(last or 0) + 1,
        as_of=as_of,
        trained_by=trained_by,
        status=VersionStatus.PASSED if passed else VersionStatus.SHORT,
        sha256=sha256,
        artifact=packed,
        features=list(spec.features),
        metrics=figures,
        gate={"passed": passed, "checks": [check.to_json() for check in checks]},
        card=model_card(spec, model, tested_at=parts.tested_at, as_of=as_of, seed=seed),
    )
