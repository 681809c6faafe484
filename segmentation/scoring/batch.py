"""Score: every champion over everyone its question applies to, block by block, each block in one transaction.

Comes in: stored vectors, for bookings their features at the moment of booking. Goes out: Score rows, which take the
place of all earlier ones. A model without a champion says nothing, and what it said before goes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import copying
from iaros.lib.ids import uuid7_block
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from segmentation.features import catalogue, facts, offline, store
from segmentation.features.facts import Which
from segmentation.ml import prediction, registry
from segmentation.ml.catalogue import SPECS
from segmentation.ml.prediction import Scores
from segmentation.ml.spec import ModelSpec
from segmentation.models import EntityKind, ModelVersion

if TYPE_CHECKING:
    import pandas as pd

Keys = NDArray[np.bytes_]
Bytes = NDArray[np.uint8]

_WHO_SQL = """
SELECT string_agg(uuid_send(q.customer_id), ''::bytea) FROM ({population}) q
WHERE %(one)s::uuid IS NULL OR q.customer_id = %(one)s
"""
_BOOKINGS_SQL = """
SELECT DISTINCT ON (q.customer_id, q.booking_id) q.customer_id, q.booking_id, q.at
FROM ({population}) q
WHERE %(one)s::uuid IS NULL OR q.customer_id = %(one)s
ORDER BY q.customer_id, q.booking_id, q.at
"""
_CLEAR_SQL = """
DELETE FROM segmentation_score s
WHERE {which} AND s.entity_kind = %(kind)s
"""
# No booking is open longer than airlines sell ahead.
_SOLD_AHEAD = timedelta(days=400)


@dataclass(frozen=True)
class Speaker:
    """A model with its champion."""

    spec: ModelSpec
    version: ModelVersion


@dataclass(frozen=True)
class Answers:
    """What one model said: of whom, about which entity, and the scores."""

    speaker: Speaker
    customers: Bytes
    entities: Bytes
    scores: Scores


def score_all(as_of: datetime, buckets: Iterable[int] = range(256), progress: Progress | None = None) -> StageReport:
    """Let every champion of the catalogue speak as of that moment; the note names those that could not."""
    watch, tell = Stopwatch("scores"), progress or silent
    speakers, silent_ones = _speakers()
    of_customers = [(one, _who(one.spec, as_of)) for one in speakers if one.spec.entity == "customer"]
    of_bookings = [(one, _bookings(one.spec, as_of)) for one in speakers if one.spec.entity == "booking"]
    todo = list(facts.blocks(buckets))
    for done, which in enumerate(todo):
        tell(phase="scores", done=done, total=len(todo))
        customers = _score_customers(which, of_customers, as_of)
        watch.profiles += max(customers, _score_bookings(which, of_bookings, as_of))
    spoken = [f"{one.spec.name} {one.version.number}" for one in speakers]
    watch.note = "; ".join([*spoken, *silent_ones])
    return watch.finish()


def score_customer(customer_id: UUID, as_of: datetime) -> None:
    """The same for one customer and the bookings they are on."""
    speakers, _ = _speakers()
    which = Which(customers=(str(customer_id),))
    asked = [one for one in speakers if one.spec.entity == "customer"]
    _score_customers(which, [(one, _who(one.spec, as_of, customer_id)) for one in asked], as_of)
    asked = [one for one in speakers if one.spec.entity == "booking"]
    _score_bookings(which, [(one, _bookings(one.spec, as_of, customer_id)) for one in asked], as_of)


def _speakers() -> tuple[list[Speaker], list[str]]:
    speakers, silent_ones, champions = [], [], registry.champions()
    for spec in SPECS.values():
        version = champions.get(spec.name)
        if version is None:
            silent_ones.append(f"{spec.name}: no champion")
        elif set(version.features) - set(catalogue.BY_NAME):
            silent_ones.append(f"{spec.name}: its features have changed, train it again")
        else:
            speakers.append(Speaker(spec, version))
    return speakers, silent_ones


def _population(spec: ModelSpec, as_of: datetime, one: UUID | None) -> dict[str, Any]:
    moment = {"at": as_of, "since": as_of - _SOLD_AHEAD, "horizon_days": spec.horizon_days}
    return {**spec.parameters, **moment, "one": one}


def _who(spec: ModelSpec, as_of: datetime, one: UUID | None = None) -> Keys:
    with connection.cursor() as cursor:
        cursor.execute(_WHO_SQL.format(population=spec.sql_for_scoring), _population(spec, as_of, one))
        raw = bytes(cursor.fetchone()[0] or b"")
    return np.sort(np.frombuffer(raw, dtype="S16"))


def _bookings(spec: ModelSpec, as_of: datetime, one: UUID | None = None) -> pd.DataFrame:
    """`customer_id, booking_id, at, bucket` of every passenger of a booking that the question applies to."""
    import pandas as pd

    with connection.cursor() as cursor:
        cursor.execute(_BOOKINGS_SQL.format(population=spec.sql_for_scoring), _population(spec, as_of, one))
        rows = pd.DataFrame(cursor.fetchall(), columns=["customer_id", "booking_id", "at"])
    rows["bucket"] = [one.bytes[15] for one in rows["customer_id"]]
    rows["at"] = pd.to_datetime(rows["at"], utc=True)
    return rows


@transaction.atomic
def _score_customers(which: Which, speakers: list[tuple[Speaker, Keys]], as_of: datetime) -> int:
    _clear(which, EntityKind.CUSTOMER)
    if not speakers:
        return 0
    block = store.read(which)
    keys = np.ascontiguousarray(block.ids).view("S16").ravel()
    for speaker, who in speakers:
        asked = np.isin(keys, who)
        ids = block.ids[asked]
        scores = prediction.predict(speaker.version, block.columns(speaker.version.features)[asked])
        _write(Answers(speaker, ids, ids, scores), as_of)
    return len(block)


@transaction.atomic
def _score_bookings(which: Which, speakers: list[tuple[Speaker, pd.DataFrame]], as_of: datetime) -> int:
    _clear(which, EntityKind.BOOKING)
    passengers = 0
    for speaker, rows in speakers:
        mine = rows[rows["bucket"].isin(which.buckets)]
        if mine.empty:
            continue
        passengers += len(mine)
        names = list(speaker.version.features)
        found = offline.frame(mine, names, entity="booking")
        # Whoever may not be analysed comes back without a single value.
        found = found[found[names].notna().any(axis=1)].reset_index(drop=True)
        if len(found):
            scores = prediction.predict(speaker.version, found)
            _write(Answers(speaker, _block(found["customer_id"]), _block(found["booking_id"]), scores), as_of)
    return passengers


def _block(ids: pd.Series[Any]) -> Bytes:
    return np.frombuffer(b"".join(one.bytes for one in ids), dtype=np.uint8).reshape(-1, 16)


def _clear(which: Which, kind: EntityKind) -> None:
    with connection.cursor() as cursor:
        # Scores can be computed again, so their commit need not wait for the disk.
        cursor.execute("SET LOCAL synchronous_commit = off")
        which.hold(cursor)
        statement = _CLEAR_SQL.format(which=which.where("s", "customer_id"))
        cursor.execute(statement, {**which.params, "kind": kind.value})


def _write(answers: Answers, as_of: datetime) -> None:
    count, scores, spec = len(answers.customers), answers.scores, answers.speaker.spec
    if not count:
        return
    version = np.frombuffer(answers.speaker.version.id.bytes, dtype=np.uint8)
    columns: dict[str, copying.Column] = {
        "bucket": copying.smallints(answers.customers[:, 15]),
        "id": copying.uuids(uuid7_block(count)),
        "entity_kind": copying.texts([spec.entity] * count),
        "entity_id": copying.uuids(answers.entities),
        "customer_id": copying.uuids(answers.customers),
        "name": copying.texts([spec.name] * count),
        "value": copying.doubles(scores.value),
        "low": copying.nullable(copying.doubles(scores.low), ~np.isnan(scores.low)),
        "high": copying.nullable(copying.doubles(scores.high), ~np.isnan(scores.high)),
        "reasons": copying.jsonb(scores.reasons),
        "model_version_id": copying.uuids(np.broadcast_to(version, (count, 16))),
        "as_of": copying.timestamps(np.full(count, facts.microseconds(as_of), dtype="datetime64[us]")),
    }
    with connection.cursor() as cursor:
        copying.copy_in(cursor, "segmentation_score", columns)
