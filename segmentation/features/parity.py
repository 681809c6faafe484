"""Do the ways to a feature's value agree? Random customers, recomputed: stored, singly, and as a training row.

A mismatch is a value that differs after rounding to float32. What is asked of the whole base (fifths) is compared
between stored and single only; it has no value in the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import numpy as np
import pandas as pd
from django.db import connection
from numpy.typing import NDArray

from segmentation.features import batch, facts, offline, rfm, store
from segmentation.features.catalogue import FEATURES, NAMES, VERSION
from segmentation.features.facts import Which
from segmentation.features.grammar import Parity
from segmentation.models import FeatureRun

_SAMPLE_SQL = """
SELECT id::text FROM segmentation_featurevector
WHERE catalogue_version = %(version)s AND as_of = %(as_of)s
ORDER BY md5(id::text || %(seed)s) LIMIT %(size)s
"""


class NothingToCompare(Exception):
    """No run of today's catalogue has been completed."""


@dataclass(frozen=True)
class ParityReport:
    """`values` were compared, `mismatches` of them differ; `features` names those that do, the worst first."""

    customers: int
    values: int
    mismatches: int
    features: dict[str, int]

    @property
    def rate(self) -> float:
        return self.mismatches / self.values if self.values else 0.0


def compare(size: int = 200, seed: int = 1) -> ParityReport:
    """Compare so many random customers of the last run, as of its moment. Raises NothingToCompare.

    Events that came in since and lie before that moment are found as mismatches: the stored vector is old then.
    """
    run = FeatureRun.objects.filter(finished_at__isnull=False, catalogue_version=VERSION).order_by("-as_of").first()
    if run is None:
        raise NothingToCompare("no features of today's catalogue; run `manage.py refresh` first")
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE_SQL, {"version": VERSION, "as_of": run.as_of, "seed": str(seed), "size": size})
        chosen = tuple(row[0] for row in cursor.fetchall())
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
    return ParityReport(len(ids), compared, int(wrong.sum()), {NAMES[p]: int(per_feature[p]) for p in worst})


def _single(customer_id: UUID, run: FeatureRun) -> NDArray[np.float32]:
    which = Which(customers=(str(customer_id),))
    people = facts.analysable(which)
    if not len(people):
        return np.full((1, len(NAMES)), np.nan, dtype=np.float32)
    limits: rfm.Limits = run.rfm_limits
    return batch.vectors(which, people, run.as_of, limits)


def _differs(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    return (one != other) & ~(np.isnan(one) & np.isnan(other))
