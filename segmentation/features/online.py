"""The features of single customers, as the events stand now, by the declarations the batch uses.

Most customers' events are read and folded in a few milliseconds. Of busy ones whole days stand folded in day tiles:
only days that a window's edge cuts, and those since the tiles were made, are read as events. What the tiles come to is
kept in Valkey until the next day or the next change of a tile; without Valkey it is laid together again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from iaros.lib import clock, valkey
from segmentation.features import batch, calendar, compute, day_tiles, facts, partials, rfm, store
from segmentation.features.catalogue import FEATURES, NAMES
from segmentation.features.day_tiles import Standing
from segmentation.features.facts import People, Which
from segmentation.features.grammar import LIFETIME, WINDOWS
from segmentation.features.partials import Body
from segmentation.features.tiles import Tiles

KEPT_FOR = timedelta(hours=36)
_ONE_DAY = timedelta(days=1)
log = logging.getLogger(__name__)


def vector(customer_id: UUID, as_of: datetime | None = None) -> dict[str, float]:
    """Every feature by name; empty for whoever may not be analysed or is not known.

    The `rfm:` features are placed against the limits of the last run over the whole base.
    """
    which = Which(customers=(str(customer_id),))
    people = facts.analysable(which)
    if not len(people):
        return {}
    values = vectors(which, people, as_of or clock.now(), rfm.last_limits())[0]
    return dict(zip(NAMES, values.tolist(), strict=True))


def materialise_customer(customer_id: UUID, as_of: datetime) -> bool:
    """Compute and store one customer's features; False for one who may not be analysed, who keeps nothing."""
    return bool(materialise_customers([customer_id], as_of))


def materialise_customers(customers: Sequence[UUID], as_of: datetime) -> int:
    """The same for some, a block's worth at most; returns how many may be analysed."""
    if not customers:
        return 0
    which = Which(customers=tuple(str(one) for one in customers))
    people = facts.analysable(which)
    store.replace(which, people.ids, vectors(which, people, as_of, rfm.last_limits()), as_of)
    return len(people)


def vectors(which: Which, people: People, as_of: datetime, limits: rfm.Limits | None) -> NDArray[np.float32]:
    """The whole catalogue for `people`, who are the customers named in `which`: the same values as the batch's."""
    busy = day_tiles.busy_among(which)
    if not busy:
        return batch.vectors(which, people, as_of, limits)
    texts: list[str] = people.texts.to_pylist()
    others = np.array([place for place, text in enumerate(texts) if text not in busy], dtype=np.int64)
    values = np.full((len(people), len(FEATURES)), np.nan, dtype=np.float32)
    if len(others):
        rest = Which(customers=tuple(texts[place] for place in others))
        values[others] = batch.vectors(rest, people.taken(others), as_of, limits)
    for place, text in enumerate(texts):
        if text in busy:
            one = people.taken(np.array([place]))
            found = _from_tiles(UUID(text), one, as_of, limits)
            values[place] = batch.vectors(Which(customers=(text,)), one, as_of, limits) if found is None else found
    return values


def _from_tiles(
    customer_id: UUID, people: People, as_of: datetime, limits: rfm.Limits | None
) -> NDArray[np.float32] | None:
    """None where tiles cannot be had, or events came in while they were made."""
    today = clock.airline_day(as_of)
    for _ in range(2):
        stands = day_tiles.standing(customer_id)
        if stands is not None and stands.usable and stands.through >= today:
            which = Which(customers=(str(customer_id),))
            tail = facts.told(which, [(calendar.begins(stands.through), None)])
            if stands.events + _lines(tail) == stands.stand:
                return _laid_together(customer_id, people, stands, tail, as_of, limits)
        if not day_tiles.make(customer_id, people, today):
            return None
    return None


def _lines(text: str) -> int:
    return text.count("\n") + 1 if text else 0


def _laid_together(
    customer_id: UUID, people: People, stands: Standing, tail: str, as_of: datetime, limits: rfm.Limits | None
) -> NDArray[np.float32]:
    moment = facts.microseconds(as_of)
    whole = _whole_days(customer_id, stands, as_of)
    events = facts.retold((whole.cut, tail), people)
    events = events.taken(np.flatnonzero(events.occurred < moment))
    folded = Tiles(events, events.customer, moment - events.occurred, 1, whole.body, moment)
    return compute.matrix(folded, people, np.full(1, moment), FEATURES, limits)


@dataclass(frozen=True)
class _WholeDays:
    """What the days before a moment's own come to; and of those that a window cuts the events, as text."""

    body: Body
    cut: str


def _whole_days(customer_id: UUID, stands: Standing, as_of: datetime) -> _WholeDays:
    """From Valkey, where it stands for these very edges of windows; else from the tiles."""
    today = clock.airline_day(as_of)
    cuts = [clock.airline_day(as_of - timedelta(days=window)) for window in WINDOWS if window != LIFETIME]
    key, edges = day_tiles.key_of(customer_id, stands.stamp), json.dumps([str(day) for day in (today, *cuts)])
    kept = _kept(key, edges)
    if kept is None:
        kept = _from_postgres(customer_id, stands, today, cuts)
        _keep(key, edges, kept)
    return kept


def _from_postgres(customer_id: UUID, stands: Standing, today: date, cuts: list[date]) -> _WholeDays:
    rows, day = day_tiles.read(customer_id, min(today, stands.through), cuts)
    # A day that no edge cuts lies wholly in one bucket: it is older than every window whose edge is later.
    bucket = np.add.reduce([(day < np.datetime64(cut)).astype(np.int64) for cut in cuts])
    # A moment before the tiles' end has its own day cut as well.
    read = {one for one in (*cuts, today) if one < stands.through}
    spans = [(calendar.begins(one), calendar.begins(one + _ONE_DAY)) for one in sorted(read)]
    body = partials.merge(rows, bucket, facts.microseconds(calendar.begins(today)))
    return _WholeDays(body, facts.told(Which(customers=(str(customer_id),)), spans))


def _kept(key: str, edges: str) -> _WholeDays | None:
    try:
        found = cast(list[bytes | None], valkey.client().hmget(key, ["edges", "cells", "sets", "bucket", "cut"]))
    except valkey.WENT_WRONG as error:
        log.warning("what day tiles come to is laid together anew: %s", error)
        return None
    at, cells, sets, bucket, cut = (part if part is not None else b"" for part in found)
    return _WholeDays(Body.from_bytes(cells, sets, bucket), cut.decode()) if at.decode() == edges else None


def _keep(key: str, edges: str, whole: _WholeDays) -> None:
    cells, sets, bucket = whole.body.to_bytes()
    try:
        pipeline = valkey.client().pipeline()
        told = {"edges": edges, "cells": cells, "sets": sets, "bucket": bucket, "cut": whole.cut}
        pipeline.hset(key, mapping=told)  # type: ignore[arg-type]
        pipeline.expire(key, KEPT_FOR)
        pipeline.execute()
    except valkey.WENT_WRONG as error:
        log.warning("what day tiles come to is not kept: %s", error)
