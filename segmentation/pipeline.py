"""From facts to segments, read aloud. One refresh runs at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from iaros.lib import leases
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from segmentation import features, scoring
from segmentation.ml import registry, training
from segmentation.ml.catalogue import SPECS
from segmentation.ml.spec import ModelSpec
from segmentation.segments import membership
from segmentation.segments.catalogue import ensure_default_segments
from segmentation.segments.growing import ensure_lattice

Train = Literal[True, False, "missing"]


class AlreadyRefreshing(Exception):
    """Another refresh of features, scores and segments is running."""


def refresh(as_of: datetime, train: Train = False, progress: Progress | None = None) -> list[StageReport]:
    """Bring features, models, scores and segments to `as_of`, from the facts and profiles as they stand.

    `train`: the models that have no champion ("missing"), all (True), or none. A model that cannot be trained or is
    short of its gate stops nothing; its stage says so. Raises AlreadyRefreshing.
    """
    tell = progress or silent
    with leases.lease("segmentation refresh") as free:
        if not free:
            raise AlreadyRefreshing("features, scores and segments are being refreshed already; wait for it to end")
        ensure_default_segments()
        ensure_lattice()
        return [
            features.materialise(as_of, progress=tell),
            *train_models(as_of, train, tell),
            scoring.score_all(as_of, progress=tell),
            membership.refresh(as_of, progress=tell),
        ]


def refresh_customer(customer_id: UUID, as_of: datetime) -> None:
    """The same for one customer, with the models that speak: features, scores, segments."""
    features.materialise_customer(customer_id, as_of)
    scoring.score_customer(customer_id, as_of)
    membership.refresh_customer(customer_id, as_of)


def train_models(as_of: datetime, train: Train, progress: Progress | None = None) -> list[StageReport]:
    """Train the models that `train` asks for, each in a stage of its own."""
    wanted = SPECS.values() if train else ()
    chosen = [spec for spec in wanted if train is True or registry.champion(spec.name) is None]
    return [_train(spec, as_of, progress or silent) for spec in chosen]


def retrain(model: str, as_of: datetime, progress: Progress | None = None, *, by: str = "") -> StageReport:
    """Train one model of the catalogue. Raises KeyError for a name it has not, training.CannotTrain."""
    watch = Stopwatch(f"train {model}")
    version = training.train(SPECS[model], as_of, progress or silent, trained_by=by)
    watch.profiles = int(version.metrics.get("rows_train", 0))
    watch.note = f"version {version.number}, {version.get_status_display().lower()}"
    return watch.finish()


def _train(spec: ModelSpec, as_of: datetime, progress: Progress) -> StageReport:
    watch = Stopwatch(f"train {spec.name}")
    try:
        return retrain(spec.name, as_of, progress, by="pipeline")
    except training.CannotTrain as problem:
        watch.note = f"not trained: {problem}"
        return watch.finish()
