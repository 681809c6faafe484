"""From facts to segments, read aloud. One refresh runs at a time."""

from __future__ import annotations

from datetime import datetime
from math import isnan, nan
from typing import Any, Literal
from uuid import UUID

from django.db import transaction

from iaros.lib import jobs, leases
from iaros.lib.ids import bucket_of
from iaros.lib.models import Job
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from segmentation import features, scoring
from segmentation.features import store
from segmentation.features.catalogue import NAMES
from segmentation.ml import registry
from segmentation.ml.catalogue import SPECS
from segmentation.ml.spec import ModelSpec
from segmentation.models import Activation, Destination, Score, Segment
from segmentation.segments import activation, boundaries, dag, membership, publishing, reach, rules
from segmentation.segments.catalogue import ensure_default_segments
from segmentation.segments.growing import ensure_lattice

Train = Literal[True, False, "missing"]
COUNT_REACH, ACTIVATE = "segmentation.count_reach", "segmentation.activate"
_TOGETHER = 8_000  # customers of one block


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
        publishing.retire_expired(as_of)
        return [
            features.materialise(as_of, progress=tell),
            *train_models(as_of, train, tell),
            scoring.score_all(as_of, progress=tell),
            membership.refresh(as_of, progress=tell),
        ]


def refresh_customer(customer_id: UUID, as_of: datetime) -> int:
    """The same for one customer, with the models that speak: features, scores, segments.

    Only the segments that read something that moved are evaluated. Returns how many were entered or left.
    """
    before = _known_of(customer_id)
    features.materialise_customer(customer_id, as_of)
    scoring.score_customer(customer_id, as_of)
    changed = _moved(before, _known_of(customer_id)) if before else None
    return membership.refresh_customers([customer_id], as_of, changed)


def pass_boundaries(until: datetime) -> int:
    """Bring those up to date for whom a window or a limit of days has passed since this was done last.

    Returns how many customers were looked at. A first time looks back over one day.
    """
    due = boundaries.due(until)
    for start in range(0, len(due), _TOGETHER):
        some = due[start : start + _TOGETHER]
        features.materialise_customers(some, until)
        membership.refresh_customers(some, until)
    boundaries.passed(until)
    return len(due)


def count_exactly(rule: Any, audience: reach.Audience, *, by: Any = None, client: str = "") -> Job:
    """Count a rule and its reach over everybody, as a job that can be cancelled. Raises rules.InvalidRule."""
    rules.read(rule, names=dag.names())
    params = {
        "rule": rule,
        "purpose": audience.purpose.value,
        "channel": audience.channel.value,
        "holdout_percent": audience.holdout_percent,
        "slug": audience.slug,
    }
    return jobs.start("segment.count", params | ({"client": client} if client else {}), owner=by, task=COUNT_REACH)


@transaction.atomic
def activate(*, segment: Segment, destination: Destination, by: Any = None, client: str = "") -> Job:
    """Send the segment's members to the destination, as a job. Raises activation.CannotActivate."""
    made = activation.prepare(segment, destination, by)
    params = {"activation": str(made.id)} | ({"client": client} if client else {})
    job = jobs.start("segment.activate", params, owner=by, task=ACTIVATE)
    Activation.objects.filter(id=made.id).update(job_id=job.id)
    return job


def _known_of(customer_id: UUID) -> dict[str, float]:
    """What rules may read of the customer as stored, by the name of the dependency; empty for one not yet known."""
    found = store.vector_of(customer_id)
    if found is None:
        return {}
    told = {f"feature {name}": value for name, value in zip(NAMES, found[0].tolist(), strict=True)}
    scores = Score.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id, entity_kind="customer")
    return told | {f"score {name}": value for name, value in scores.values_list("name", "value")}


def _moved(before: dict[str, float], after: dict[str, float]) -> set[str]:
    """What differs; beside it always the clock and the profile, which are not compared."""
    differs = {
        name for name, value in after.items() if value != before.get(name) and not (isnan(value) and name in before)
    }
    differs |= {name for name, value in before.items() if isnan(after.get(name, nan)) and not isnan(value)}
    return differs | {"time"} | {f"attribute {name}" for name in rules.ATTRIBUTES}


def train_models(as_of: datetime, train: Train, progress: Progress | None = None) -> list[StageReport]:
    """Train the models that `train` asks for, each in a stage of its own."""
    wanted = SPECS.values() if train else ()
    chosen = [spec for spec in wanted if train is True or registry.champion(spec.name) is None]
    return [_train(spec, as_of, progress or silent) for spec in chosen]


def retrain(model: str, as_of: datetime, progress: Progress | None = None, *, by: str = "") -> StageReport:
    """Train one model of the catalogue. Raises KeyError for a name it has not, training.CannotTrain."""
    from segmentation.ml import training  # brings scikit-learn and LightGBM, which nothing else here needs

    watch = Stopwatch(f"train {model}")
    version = training.train(SPECS[model], as_of, progress or silent, trained_by=by)
    watch.profiles = int(version.metrics.get("rows_train", 0))
    watch.note = f"version {version.number}, {version.get_status_display().lower()}"
    return watch.finish()


def _train(spec: ModelSpec, as_of: datetime, progress: Progress) -> StageReport:
    from segmentation.ml import training

    watch = Stopwatch(f"train {spec.name}")
    try:
        return retrain(spec.name, as_of, progress, by="pipeline")
    except training.CannotTrain as problem:
        watch.note = f"not trained: {problem}"
        return watch.finish()
