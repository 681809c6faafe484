"""Materialise: every analysable customer's vector as of one moment, block by block, each block in one transaction.

Memory is bounded by a block of customers and their events; a run that was killed is repeated, and replaces its blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from iaros.lib import clock
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from segmentation.features import compute, day_tiles, facts, rfm, store
from segmentation.features.catalogue import FEATURES, NAMES, VERSION
from segmentation.features.facts import People, Which
from segmentation.features.tiles import Events, Tiles
from segmentation.models import FeatureRun


def materialise(as_of: datetime, buckets: Iterable[int] = range(256), progress: Progress | None = None) -> StageReport:
    """Compute and store every feature of the customers in `buckets`, from the events strictly before `as_of`.

    Customers who may not be analysed keep nothing: their vector, scores, memberships and transitions go.
    There is no cut on `ingested_at` here: what we know today about the time before `as_of` is used.
    """
    watch, tell = Stopwatch("features"), progress or silent
    limits = rfm.limits(as_of)
    run = FeatureRun.objects.create(as_of=as_of, catalogue_version=VERSION, names=list(NAMES), rfm_limits=dict(limits))
    todo = list(facts.blocks(buckets))
    for done, which in enumerate(todo):
        tell(phase="features", done=done, total=len(todo))
        watch.profiles += _materialise_block(which, as_of, limits)
    report = watch.finish()
    run.profiles, run.seconds, run.finished_at = report.profiles, report.seconds, clock.now()
    run.save(update_fields=["profiles", "seconds", "finished_at"])
    return report


def _materialise_block(which: Which, as_of: datetime, limits: rfm.Limits | None) -> int:
    people = facts.analysable(which)
    events = facts.events(which, people, as_of)
    store.replace(which, people.ids, _folded(events, people, as_of, limits), as_of)
    day_tiles.enlist(people, events.customer)
    return len(people)


def vectors(which: Which, people: People, as_of: datetime, limits: rfm.Limits | None) -> NDArray[np.float32]:
    """The whole catalogue for `people` as of one moment, from their events."""
    return _folded(facts.events(which, people, as_of), people, as_of, limits)


def _folded(events: Events, people: People, as_of: datetime, limits: rfm.Limits | None) -> NDArray[np.float32]:
    moment = facts.microseconds(as_of)
    folded = Tiles(events, events.customer, moment - events.occurred, len(people))
    return compute.matrix(folded, people, np.full(len(people), moment), FEATURES, limits)
