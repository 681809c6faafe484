"""Who is in which segment: one bitmap per customer, and a log of those who entered or left.

Comes in: blocks of vectors and the published rules. Goes out: changed bitmaps and their transitions, nothing else, so
running again changes nothing. Each block is one transaction: after a kill, the last good membership stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from collections.abc import Sequence as Many
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import clock, copying
from iaros.lib.ids import as_uuids
from iaros.lib.reports import Progress, StageReport, Stopwatch, silent
from segmentation.features import facts, store
from segmentation.features.facts import Which
from segmentation.features.store import Block
from segmentation.models import MembershipRun, Segment, SegmentStatus
from segmentation.models.transitions import LEFT, VERSION_SHIFT
from segmentation.segments import counting, dag, evaluation, rules
from segmentation.segments.counting import Audiences, Tally
from segmentation.segments.nodes import Group, Happened, HasBeen, Sequence, depends_on, leaves, segments_of
from segmentation.segments.standings import keys

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


@dataclass(frozen=True, eq=False)
class Wording:
    """A segment with the rule that stands; without a rule nobody is in.

    `problem`: why the rule can no longer be read (it names a feature that is gone); then those who are in stay in.
    """

    segment: Segment
    number: int
    rule: Group | None
    problem: str = ""

    @cached_property
    def reads(self) -> frozenset[str]:
        """What the rule depends on, as `nodes.depends_on` names it; and "time", where it looks at the clock."""
        if self.rule is None:
            return frozenset()
        by_the_clock = any(isinstance(leaf, Happened | Sequence | HasBeen) for leaf in leaves(self.rule))
        return frozenset(depends_on(self.rule)) | ({"time"} if by_the_clock else set())


def standing() -> list[Wording]:
    """Every segment in the order of its position, with the newest wording of those that are published."""
    found = []
    for segment in Segment.objects.prefetch_related("versions").order_by("position"):
        newest = max(segment.versions.all(), key=lambda version: version.number, default=None)
        live = newest is not None and segment.status == SegmentStatus.PUBLISHED
        rule, problem = _readable(newest.rule) if live and newest else (None, "")
        found.append(Wording(segment, newest.number if newest else 0, rule, problem))
    return found


def _readable(raw: Any) -> tuple[Group | None, str]:
    try:
        return _tree(orjson.dumps(raw)), ""
    except rules.InvalidRule as problem:
        return None, str(problem)


@lru_cache(maxsize=4_096)
def _tree(rule: bytes) -> Group:
    """A wording is never changed, so its tree is read once a process."""
    return rules.read(orjson.loads(rule))


def refresh(as_of: datetime, buckets: Iterable[int] = range(256), progress: Progress | None = None) -> StageReport:
    """Bring memberships in line with today's vectors, scores and rules; changes are logged as of `as_of`.

    Sizes and reach are written when all buckets were asked for. A refresh that dies leaves a run without an end; what
    stood before it stands still where it had not been.
    """
    watch, tell, wordings = Stopwatch("segments"), progress or silent, standing()
    run = MembershipRun.objects.create(as_of=as_of, segments=sum(one.rule is not None for one in wordings))
    try:
        chosen, tally = sorted(set(buckets)), counting.nothing_counted(_places(wordings))
        todo = list(facts.blocks(chosen))
        for done, which in enumerate(todo):
            tell(phase="segments", done=done, total=len(todo))
            if done % counting.ADDRESSED_BLOCKS == 0:
                counting.read_addresses(tally, todo[done : done + counting.ADDRESSED_BLOCKS], _audiences(wordings))
            watch.profiles += refresh_block(which, wordings, as_of, tally)
            MembershipRun.objects.filter(id=run.id).update(heartbeat_at=clock.now(), profiles=watch.profiles)
        if len(chosen) == 256:
            counting.write(tally, as_of)
    except Exception as error:
        MembershipRun.objects.filter(id=run.id).update(problem=f"{type(error).__name__}: {error}"[:2000])
        raise
    MembershipRun.objects.filter(id=run.id).update(
        finished_at=clock.now(), profiles=watch.profiles, changes=tally.changes
    )
    watch.note = f"{tally.changes} changes"
    return watch.finish()


def refresh_customers(customers: Many[UUID], as_of: datetime, changed: Collection[str] | None = None) -> int:
    """The same for some customers; returns how many memberships were entered or left.

    `changed` names what moved about them, as a rule's dependencies do ("feature flown:count_30d"): only segments that
    read any of it are evaluated, and those that name such a segment.
    """
    wordings = standing_now()
    asked = wordings if changed is None else dependent(wordings, frozenset(changed))
    if changed is not None and not asked:
        return 0
    tally = counting.nothing_counted(_places(wordings))
    which = Which(customers=tuple(str(one) for one in customers))
    refresh_block(which, wordings, as_of, tally, asked)
    return tally.changes


def refresh_customer(customer_id: UUID, as_of: datetime) -> int:
    """Every segment of one customer."""
    return refresh_customers([customer_id], as_of)


_WORDED_SQL = """
SELECT (SELECT count(*)::text || coalesce(max(published_at)::text, '') FROM segmentation_segmentversion)
    || (SELECT coalesce(md5(string_agg(id::text || status, '' ORDER BY position)), '') FROM segmentation_segment)
"""
_kept: tuple[str, list[Wording]] = ("", [])


def standing_now() -> list[Wording]:
    """The same as `standing`, kept by this process until a segment or a wording changes."""
    global _kept
    with connection.cursor() as cursor:
        cursor.execute(_WORDED_SQL)
        fingerprint = str(cursor.fetchone()[0])
    if _kept[0] != fingerprint:
        _kept = (fingerprint, standing())
    return _kept[1]


def dependent(wordings: list[Wording], changed: frozenset[str]) -> list[Wording]:
    """Those whose rules read something of `changed`, or name a segment that does."""
    found: dict[str, Wording] = {}
    moved = changed
    while moved:
        fresh = [one for one in wordings if one.segment.slug not in found and one.reads & moved]
        found |= {one.segment.slug: one for one in fresh}
        moved = frozenset(f"segment {one.segment.slug}" for one in fresh)
    return list(found.values())


def _places(wordings: list[Wording]) -> int:
    return 1 + max((one.segment.position for one in wordings), default=-1)


def _audiences(wordings: list[Wording]) -> Audiences:
    """By purpose and channel: the positions of the segments that are for it."""
    found: Audiences = {}
    for one in wordings:
        if one.rule is not None or one.problem:
            found.setdefault((one.segment.purpose, one.segment.channel), []).append(one.segment.position)
    return found


@transaction.atomic
def refresh_block(
    which: Which, wordings: list[Wording], as_of: datetime, tally: Tally, asked: list[Wording] | None = None
) -> int:
    """Bring a block in line; of the segments in `asked` only, where given. Returns how many customers it has."""
    with connection.cursor() as cursor:
        which.hold(cursor)
    block = store.read(which)
    width = (len(tally.size) + 7) // 8
    old, held, gone = _old(which, block, width)
    inside = np.unpackbits(old, axis=1, bitorder="little", count=len(tally.size)).astype(bool)
    if asked is None:
        # Whose rule cannot be read keeps its members; of what is retired or was never published nobody is one.
        inside[:, _read_again(wordings, len(tally.size))] = False
    live = [one for one in (wordings if asked is None else asked) if one.rule is not None]
    members_again(block, live, wordings, inside, as_of)
    new = np.packbits(inside, axis=1, bitorder="little")
    changed = np.flatnonzero((old != new).any(axis=1))
    stale = gone + as_uuids(block.ids[changed[held[changed]]])
    _write(which, block.ids[changed], new[changed], stale, as_of)
    tally.changes += _log(block.ids[changed], old[changed], new[changed], wordings, as_of)
    if asked is None:
        tally.size += counting.counted(inside)
        counting.add_reach(which, block.ids, inside, _audiences(wordings), tally)
    return len(block)


def _read_again(wordings: list[Wording], places: int) -> NDArray[np.int64]:
    return np.setdiff1d(np.arange(places), [one.segment.position for one in wordings if one.problem])


def members_again(
    block: Block, asked: list[Wording], wordings: list[Wording], inside: NDArray[np.bool_], at: datetime
) -> None:
    """Evaluate the segments in `asked` afresh, in the columns of `inside`; the other columns stand."""
    live = {one.segment.slug: one.rule for one in asked if one.rule is not None}
    position = {one.segment.slug: one.segment.position for one in wordings}
    known = evaluation.columns(block, live.values(), at, inside={})
    for slug in {named for rule in live.values() for named in segments_of(rule)} - live.keys():
        known.inside[slug] = inside[:, position[slug]] if slug in position else np.zeros(len(block), dtype=bool)
    for slug in dag.ordered(live):
        known.inside[slug] = inside[:, position[slug]] = evaluation.holds(live[slug], known)


def members(block: Block, wordings: list[Wording], places: int, at: datetime) -> NDArray[np.bool_]:
    """For each customer of the block and each position: in or not, as of `at`."""
    inside = np.zeros((len(block), places), dtype=bool)
    # Of a segment that is retired or was never published nobody is a member.
    members_again(block, [one for one in wordings if one.rule is not None], wordings, inside, at)
    return inside


def _old(which: Which, block: Block, width: int) -> tuple[Bytes, NDArray[np.bool_], list[UUID]]:
    """Bitmaps as they stand, in the order of the block, who has one, and customers with one who are no longer in it."""
    with connection.cursor() as cursor:
        cursor.execute(_READ_SQL.format(which=which.where("m", "id")), {**which.params, "width": width})
        raw = bytes(cursor.fetchone()[0] or b"")
    rows = np.frombuffer(raw, dtype=np.uint8).reshape(-1, 16 + width)
    old, has = np.zeros((len(block), width), dtype=np.uint8), np.zeros(len(block), dtype=bool)
    if not len(rows) or not len(block):
        return old, has, as_uuids(rows[:, :16])
    mine, held = keys(block.ids), keys(rows[:, :16])
    order = np.argsort(mine)
    at = order[np.minimum(np.searchsorted(mine, held, sorter=order), len(mine) - 1)]
    same = mine[at] == held
    old[at[same]], has[at[same]] = rows[same, 16:], True
    return old, has, as_uuids(rows[~same, :16])


def _write(which: Which, ids: Bytes, bitmaps: Bytes, stale: list[UUID], as_of: datetime) -> None:
    """Put these bitmaps in the place of the `stale` ones."""
    kept = bitmaps.any(axis=1)
    ids, bitmaps = ids[kept], bitmaps[kept]
    with connection.cursor() as cursor:
        if stale:
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
    """A row for each customer who moved; returns how many memberships were entered or left."""
    bits = np.unpackbits(old ^ new, axis=1, bitorder="little")
    row, position = np.nonzero(bits)
    if not len(row):
        return 0
    left = ~np.unpackbits(new, axis=1, bitorder="little")[row, position].astype(bool)
    moves = _versions(wordings)[position] << VERSION_SHIFT | left * LEFT | position
    with connection.cursor() as cursor:
        columns: dict[str, copying.Column] = {
            "bucket": copying.smallints(ids[:, 15]),
            "customer_id": copying.uuids(ids),
            "at": _moments(len(ids), as_of),
            "moves": copying.integer_arrays(moves, np.bincount(row, minlength=len(ids))),
        }
        copying.copy_in(cursor, "segmentation_moves", columns)
    return len(row)


def _versions(wordings: list[Wording]) -> NDArray[np.int64]:
    """By position: the version of the segment's rule; 0 where none stands."""
    version = np.zeros(1 + max(one.segment.position for one in wordings), dtype=np.int64)
    for one in wordings:
        version[one.segment.position] = one.number if one.rule is not None else 0
    return version


def _moments(count: int, moment: datetime) -> copying.Fixed:
    return copying.timestamps(np.full(count, facts.microseconds(moment), dtype="datetime64[us]"))
