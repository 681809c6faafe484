"""Do the ways to a feature's value agree? Random customers, recomputed: stored, singly, and as a training row.

Customers with day tiles are always among them, and computed singly by their tiles. A mismatch is a value that differs
after rounding to float32. What is asked of the whole base (fifths) is compared between stored and single only; it has
no value in the past.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib.models import Job, JobState
from segmentation.features import facts, offline, online, rfm, store
from segmentation.features.catalogue import FEATURES, NAMES, VERSION
from segmentation.features.facts import Which
from segmentation.features.grammar import Parity
from segmentation.models import FeatureRun

_SAMPLE_SQL = """
SELECT id::text FROM segmentation_featurevector
WHERE catalogue_version = %(version)s AND as_of = %(as_of)s
ORDER BY md5(id::text || %(seed)s) LIMIT %(size)s
"""
_BUSY_SQL = """
SELECT v.id::text FROM segmentation_featurevector v
JOIN segmentation_busycustomer b ON b.bucket = v.bucket AND b.id = v.id AND b.through IS NOT NULL
WHERE v.catalogue_version = %(version)s AND v.as_of = %(as_of)s
ORDER BY md5(v.id::text || %(seed)s) LIMIT %(size)s
"""


JOB = "feature parity"


@dataclass(frozen=True)
class LastComparison:
    """What the last nightly comparison of the ways to a value found."""

    at: datetime
    job: Job
    customers: int
    by_tiles: int
    values: int
    mismatches: int
    rate: float
    features: dict[str, int]


def last() -> LastComparison | None:
    """None where none has been completed."""
    job = Job.objects.filter(kind=JOB, state=JobState.SUCCEEDED).order_by("-finished_at").first()
    told = (job.result or {}) if job else {}
    if job is None or job.finished_at is None or "values" not in told:
        return None
    return LastComparison(
        at=job.finished_at,
        job=job,
        customers=told["customers"],
        by_tiles=told.get("by_tiles", 0),
        values=told["values"],
        mismatches=told["mismatches"],
        rate=told["mismatch_rate"],
        features=told.get("features", {}),
    )


class NothingToCompare(Exception):
    """No run of today's catalogue has been completed."""


@dataclass(frozen=True)
class ParityReport:
    """`values` were compared, `mismatches` of them differ; `features` names those that do, the worst first.

    `by_tiles` of the customers have day tiles.
    """

    customers: int
    values: int
    mismatches: int
    features: dict[str, int]
    by_tiles: int = 0

    @property
    def rate(self) -> float:
        return self.mismatches / self.values if self.values else 0.0

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "mismatch_rate": self.rate}


def compare(size: int = 200, seed: int = 1) -> ParityReport:
    """Compare so many random customers of the last run, as of its moment, and up to as many with day tiles. Raises
    NothingToCompare.

    Events that came in since and lie before that moment are found as mismatches: the stored vector is old then.
    """
    import pandas as pd  # a web process reads the last result only

    runs = FeatureRun.objects.filter(finished_at__isnull=False, catalogue_version=VERSION)
    # Of two runs as of one moment the later wrote what stands.
    run = runs.order_by("-as_of", "-finished_at").first()
    if run is None:
        raise NothingToCompare("no features of today's catalogue; run `manage.py refresh` first")
    chosen = _chosen(_SAMPLE_SQL, run, size, seed)
    busy = _chosen(_BUSY_SQL, run, size, seed)
    chosen = tuple(dict.fromkeys((*chosen, *busy)))
    if not chosen:
        return ParityReport(0, 0, 0, {})
    which = Which(customers=chosen)
    stored = store.read(which)
    ids = [UUID(bytes=row.tobytes()) for row in stored.ids]
    single = np.vstack([_single(one, run) for one in ids])
    past = [place for place, one in enumerate(FEATURES) if one.parity is not Parity.NONE]
    rows = offline.frame(pd.DataFrame({"customer_id": ids, "at": run.as_of}), [NAMES[place] for place in past])
    trained = rows[[NAMES[place] for place in past]].to_numpy(dtype=np.float32)
    wrong = _differs(stored.values, single)
    wrong[:, past] |= _differs(stored.values[:, past], trained)
    per_feature = wrong.sum(axis=0)
    worst = [place for place in np.argsort(-per_feature).tolist() if per_feature[place]][:20]
    compared = stored.values.size + trained.size
    told = {NAMES[place]: int(per_feature[place]) for place in worst}
    return ParityReport(len(ids), compared, int(wrong.sum()), told, by_tiles=len(busy))


def _chosen(statement: str, run: FeatureRun, size: int, seed: int) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"version": VERSION, "as_of": run.as_of, "seed": str(seed), "size": size})
        return tuple(row[0] for row in cursor.fetchall())


def _single(customer_id: UUID, run: FeatureRun) -> NDArray[np.float32]:
    which = Which(customers=(str(customer_id),))
    people = facts.analysable(which)
    if not len(people):
        return np.full((1, len(NAMES)), np.nan, dtype=np.float32)
    limits: rfm.Limits = run.rfm_limits
    return online.vectors(which, people, run.as_of, limits)


def _differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    return (one != other) & ~(np.isnan(one) & np.isnan(other))
