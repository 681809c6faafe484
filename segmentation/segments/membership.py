"""Who is in which segment: one bitmap per customer, and a log of those who entered or left.

Comes in: blocks of vectors and the published rules. Goes out: changed bitmaps and their transitions, nothing else, so
running again changes nothing. Each block is one transaction: after a kill, the last good membership stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import numpy as np
import orjson
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import copying
from iaros.lib.ids import as_uuids, uuid7_block
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from privacy import consent
from segmentation.features import facts, store
from segmentation.features.facts import Which
from segmentation.features.store import Block
from segmentation.models import Direction, Segment, SegmentStatus
from segmentation.segments import evaluation, rules
from segmentation.segments.rules import Group

Bytes = NDArray[np.uint8]

# Shorter bitmaps of older days are filled up with zeros.
_READ_SQL = """
SELECT string_agg(uuid_send(m.id) || substring(m.bitmap || decode(repeat('00', %(width)s), 'hex') FROM 1 FOR %(width)s),
                  ''::bytea ORDER BY m.bucket, m.id)
FROM segmentation_membership m
WHERE {which}
"""
_DELETE_SQL = """
DELETE FROM segmentation_membership
WHERE bucket = ANY(%(held)s::smallint[]) AND id = ANY(%(ids)s::uuid[])
"""
_REACHABLE_SQL = """
SELECT string_agg(uuid_send(v.id), ''::bytea) FROM segmentation_featurevector v
WHERE {which} AND {gate}
"""


@dataclass(frozen=True)
class Wording:
    """A segment with the rule that stands; without a rule nobody is in."""

    segment: Segment
    number: int
    rule: Group | None


@dataclass
class Tally:
    """Members and reachable members by position, summed over blocks."""

    size: NDArray[np.int64]
    reach: NDArray[np.int64]
    changes: int = 0


def standing() -> list[Wording]:
    """Every segment in the order of its position, with the newest wording of those that are published."""
    found = []
    for segment in Segment.objects.prefetch_related("versions").order_by("position"):
        newest = max(segment.versions.all(), key=lambda version: version.number, default=None)
        live = newest is not None and segment.status == SegmentStatus.PUBLISHED
        found.append(
            Wording(
                segment,
                newest.number if newest else 0,
                _tree(orjson.dumps(newest.rule)) if live and newest else None,
            )
        )
    return found


@lru_cache(maxsize=4_096)
def _tree(rule: bytes) -> Group:
    """A wording is never changed, so its tree is read once a process."""
    return rules.read(orjson.loads(rule))


def refresh(as_of: datetime, buckets: Iterable[int] = range(256), progress: Progress | None = None) -> StageReport:
    """Bring memberships in line with today's vectors, scores and rules; changes are logged as of `as_of`.

    Sizes and reach are written when all buckets were asked for.
    """
    watch, tell, wordings = Stopwatch("segments"), progress or silent, standing()
    tally = _nothing_counted(wordings)
    chosen = sorted(set(buckets))
    todo = list(facts.blocks(chosen))
    for done, which in enumerate(todo):
        tell(phase="segments", done=done, total=len(todo))
        watch.profiles += refresh_block(which, wordings, as_of, tally)
    if len(chosen) == 256:
        _write_counts(wordings, tally, as_of)
    watch.note = f"{tally.changes} changes"
    return watch.finish()


def refresh_customer(customer_id: UUID, as_of: datetime) -> int:
    """The same for one customer; returns how many segments were entered or left."""
    wordings = standing()
    tally = _nothing_counted(wordings)
    refresh_block(Which(customers=(str(customer_id),)), wordings, as_of, tally)
    return tally.changes


def _nothing_counted(wordings: list[Wording]) -> Tally:
    places = 1 + max((one.segment.position for one in wordings), default=-1)
    return Tally(np.zeros(places, np.int64), np.zeros(places, np.int64))


@transaction.atomic
def refresh_block(which: Which, wordings: list[Wording], as_of: datetime, tally: Tally) -> int:
    with connection.cursor() as cursor:
        which.hold(cursor)
    block = store.read(which)
    inside = members(block, wordings, len(tally.size))
    new = np.packbits(inside, axis=1, bitorder="little")
    old, gone = _old(which, block, new.shape[1])
    changed = np.flatnonzero((old != new).any(axis=1))
    _write(which, block.ids[changed], new[changed], gone, as_of)
    tally.changes += _log(block.ids[changed], old[changed], new[changed], wordings, as_of)
    tally.size += inside.sum(axis=0)
    _add_reach(which, block, inside, wordings, tally)
    return len(block)


def members(block: Block, wordings: list[Wording], places: int) -> NDArray[np.bool_]:
    """For each customer of the block and each position: in or not."""
    live = [(one.segment.position, one.rule) for one in wordings if one.rule is not None]
    known = evaluation.columns(block, [rule for _, rule in live])
    inside = np.zeros((len(block), places), dtype=bool)
    for position, rule in live:
        inside[:, position] = evaluation.holds(rule, known)
    return inside


def _old(which: Which, block: Block, width: int) -> tuple[Bytes, list[UUID]]:
    """Bitmaps as they stand, in the order of the block, and customers with one who are no longer in the block."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_SQL.format(which=which.where("m", "id")), {**which.params, "width": width})
        raw = bytes(cursor.fetchone()[0] or b"")
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16 + width)
    old = np.zeros((len(block), width), dtype=np.uint8)
    if not len(rows) or not len(block):
        return old, as_uuids(rows[:, :16])
    keys, held = _keys(block.ids), _keys(rows[:, :16])
    order = np.argsort(keys)
    at = order[np.minimum(np.searchsorted(keys, held, sorter=order), len(keys) - 1)]
    same = keys[at] == held
    old[at[same]] = rows[same, 16:]
    return old, as_uuids(rows[~same, :16])


def _keys(ids: Bytes) -> NDArray[np.bytes_]:
    """Identifiers as comparable values; of equal width, so that a zero at the end does no harm."""
    return np.ascontiguousarray(ids).view("S16").ravel()


def _write(which: Which, ids: Bytes, bitmaps: Bytes, gone: list[UUID], as_of: datetime) -> None:
    stale = gone + as_uuids(ids)
    if not stale:
        return
    kept = bitmaps.any(axis=1)
    ids, bitmaps = ids[kept], bitmaps[kept]
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_SQL, {"held": which.buckets, "ids": stale})
        if len(ids):
            columns: dict[str, copying.Column] = {
                "bucket": copying.smallints(ids[:, 15]),
                "id": copying.uuids(ids),
                "bitmap": copying.Fixed(np.ascontiguousarray(bitmaps)),
                "as_of": _moments(len(ids), as_of),
            }
            copying.copy_in(cursor, "segmentation_membership", columns)


def _log(ids: Bytes, old: Bytes, new: Bytes, wordings: list[Wording], as_of: datetime) -> int:
    bits = np.unpackbits(old ^ new, axis=1, bitorder="little")
    row, position = np.nonzero(bits)
    if not len(row):
        return 0
    entered = np.unpackbits(new, axis=1, bitorder="little")[row, position].astype(bool)
    segment, why = _told(wordings)
    owners = ids[row]
    with connection.cursor() as cursor:
        columns: dict[str, copying.Column] = {
            "bucket": copying.smallints(owners[:, 15]),
            "id": copying.uuids(uuid7_block(len(row))),
            "customer_id": copying.uuids(owners),
            "segment_id": copying.uuids(segment[position]),
            "at": _moments(len(row), as_of),
            "direction": copying.texts(np.where(entered, Direction.ENTERED.value, Direction.LEFT.value).tolist()),
            "why": copying.jsonb([why[place] for place in position.tolist()]),
        }
        copying.copy_in(cursor, "segmentation_transition", columns)
    return len(row)


def _told(wordings: list[Wording]) -> tuple[Bytes, dict[int, dict[str, object]]]:
    """By position: the segment's id, and what is said of a change."""
    segment = np.zeros((1 + max(one.segment.position for one in wordings), 16), dtype=np.uint8)
    why: dict[int, dict[str, object]] = {}
    for one in wordings:
        segment[one.segment.position] = np.frombuffer(one.segment.id.bytes, dtype=np.uint8)
        why[one.segment.position] = {
            "because": "rule" if one.rule is not None else one.segment.status,
            "version": one.number,
        }
    return segment, why


def _moments(count: int, moment: datetime) -> copying.Fixed:
    return copying.timestamps(np.full(count, facts.microseconds(moment), dtype="datetime64[us]"))


def _add_reach(which: Which, block: Block, inside: NDArray[np.bool_], wordings: list[Wording], tally: Tally) -> None:
    """One gate for all segments of a purpose and channel."""
    keys = _keys(block.ids)
    for purpose, channel in {(one.segment.purpose, one.segment.channel) for one in wordings if one.rule}:
        allowed = _allowed(which, purpose, channel)
        mask = np.isin(keys, allowed)
        places = [
            one.segment.position for one in wordings if (one.segment.purpose, one.segment.channel) == (purpose, channel)
        ]
        tally.reach[places] += inside[mask][:, places].sum(axis=0)


def _allowed(which: Which, purpose: str, channel: str) -> NDArray[np.bytes_]:
    gate, params = consent.gate(purpose, channel, customer="v.id")
    with connection.cursor() as cursor:
        statement = _REACHABLE_SQL.format(gate=gate, which=which.where("v", "id"))
        cursor.execute(statement, {**params, **which.params})
        raw = bytes(cursor.fetchone()[0] or b"")
    return np.frombuffer(raw, dtype="S16")


def _write_counts(wordings: list[Wording], tally: Tally, as_of: datetime) -> None:
    for one in wordings:
        one.segment.size = int(tally.size[one.segment.position])
        one.segment.reach = int(tally.reach[one.segment.position])
        one.segment.counted_at = as_of
    Segment.objects.bulk_update([one.segment for one in wordings], ["size", "reach", "counted_at"], batch_size=500)
