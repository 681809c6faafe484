"""Behavioural groups as segments: found again under their own id, reworded and renewed, and gone where they stay away.

Comes in: the groups and macro groups of a look at the base. A group becomes a segment when it is large enough, holds
over refits, lies apart, is expected to do other things than the rest, and a short rule stands for it. Whichever segment
a group overlaps most is that group again (one for one, by the Hungarian method), whatever number the fit gave it. A
segment that is not found again keeps its last wording until its time is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.text import slugify
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from iaros.accounts.models import User
from iaros.lib import clock, leases
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.reports import Progress, silent
from segmentation.features.store import Block
from segmentation.models import BehaviouralCluster, ClusterLevel, Segment, SegmentKind, SegmentStatus
from segmentation.segments import health, publishing
from segmentation.segments.clusters import base
from segmentation.segments.clusters.base import Cluster, ClusterMap

JOB = "behavioural clusters"
# Half of those in either are in both: then it is the same group.
SAME = 0.5
FAITHFUL = 0.8
LIFE = timedelta(days=90)


class NoGroup(Exception):
    """There is no such group to make a segment of; the message says why."""


def refit(progress: Progress = silent, seed: int = 1) -> ClusterMap:
    """Look at the base again and bring the segments in line; the map says which segment each group is, or why none.

    Raises base.NothingStored, trial.Unusable; then every segment stays as it was.
    """
    found, block = base.look(progress, seed)
    return keep(found, block)


@transaction.atomic
def keep(found: ClusterMap, block: Block) -> ClusterMap:
    """Make the groups of this look the segments that they are, `block` being the people they were found among."""
    leases.lock_in_transaction("segment positions")
    macros = _kept(found.macros, ClusterLevel.MACRO, found, block, {})
    inside = {one.macro: one.segment for one in macros if one.segment}
    groups = _kept(found.clusters, ClusterLevel.GROUP, found, block, inside)
    return replace(found, macros=macros, clusters=groups)


def _kept(
    groups: Sequence[Cluster], level: ClusterLevel, found: ClusterMap, block: Block, inside: dict[str, str]
) -> list[Cluster]:
    told = list(groups)
    ruled = [place for place, one in enumerate(told) if one.rule]
    known = list(Segment.objects.filter(cluster__level=level).select_related("cluster").order_by("position"))
    fresh = [base.selects(told[place].rule, block, found.as_of) for place in ruled]
    again = same(_standing(known, block, found.as_of), fresh)
    for nth, place in enumerate(ruled):
        segment, overlap = (known[again[nth][0]], again[nth][1]) if nth in again else (None, None)
        told[place] = _settled(told[place], level, segment, overlap, found, inside.get(told[place].macro, ""))
    return [one if one.rule else replace(one, held_back=["no short rule names it"]) for one in told]


def _standing(known: Sequence[Segment], block: Block, at: datetime) -> list[NDArray[np.bool_]]:
    newest = [segment.versions.order_by("-number").first() for segment in known]
    return [base.selects(version.rule, block, at) if version else np.zeros(len(block), bool) for version in newest]


def same(old: Sequence[NDArray[np.bool_]], new: Sequence[NDArray[np.bool_]]) -> dict[int, tuple[int, float]]:
    """For a new group, by its place, the old one that it is and their Jaccard; one for one, the whole as alike as
    can be."""
    if not old or not new:
        return {}
    one, other = np.array(old, dtype=np.float64), np.array(new, dtype=np.float64)
    both = one @ other.T
    either = one.sum(axis=1)[:, None] + other.sum(axis=1) - both
    jaccard = both / np.maximum(either, 1)
    pairs = zip(*linear_sum_assignment(jaccard, maximize=True), strict=True)
    return {int(b): (int(a), float(jaccard[a, b])) for a, b in pairs if jaccard[a, b] >= SAME}


def faults(one: Cluster, population: int) -> list[str]:
    """Why the group is no segment, in words; nothing for one that may be."""
    smallest = max(health.SMALLEST, health.SMALLEST_SHARE * population)
    told = {
        f"fewer than {round(smallest):,} people": one.people < smallest,
        f"holds to {one.stability:.2f} over refits, under {health.STEADY}": one.stability < health.STEADY,
        "lies among the others rather than apart": one.distinct <= 0,
        "the models expect of it what they expect of the rest": one.differs is False,
        f"its rule stands for it to {one.fidelity:.2f}, under {FAITHFUL}": one.fidelity < FAITHFUL,
    }
    return [words for words, wrong in told.items() if wrong]


def _settled(
    one: Cluster, level: ClusterLevel, segment: Segment | None, overlap: float | None, found: ClusterMap, parent: str
) -> Cluster:
    wrong = faults(one, found.population)
    if segment is not None and _let_go(segment):
        return replace(one, segment=segment.slug, held_back=["somebody retired it"])
    if wrong:
        if segment is not None:
            _told(segment, one)
        return replace(one, segment=segment.slug if segment else "", held_back=wrong)
    try:
        live = _renewed(segment, one, found.as_of) if segment else _begun(one, level)
    except publishing.TooManySegments as full:
        return replace(one, held_back=[str(full)])
    _note(live, one, level, found.as_of, overlap, parent)
    return replace(one, segment=live.slug)


def _let_go(segment: Segment) -> bool:
    """Somebody retired it before its time was over, so it stays retired though it is still there."""
    over = segment.expires_at is not None and segment.expires_at <= clock.now()
    return segment.status == SegmentStatus.RETIRED and not over


def _renewed(segment: Segment, one: Cluster, at: datetime) -> Segment:
    if segment.status != SegmentStatus.PUBLISHED:
        publishing.publish(segment)
    publishing.reword(segment, one.rule)
    segment.expires_at = max(segment.expires_at or at, _ends())
    return segment


def _begun(one: Cluster, level: ClusterLevel, by: User | None = None) -> Segment:
    name = f"{one.name}, all groups" if level is ClusterLevel.MACRO else one.name
    # A savepoint, so that one too many leaves no draft behind.
    with transaction.atomic():
        segment = publishing.draft(
            name=name[:120],
            slug=slugify(f"cluster-{name}"),
            description=f"Found in what customers do: {'; '.join(one.traits) or 'nothing stands out'}."[:500],
            rule=one.rule,
            purpose=Purpose.MARKETING,
            channel=Channel.EMAIL,
            kind=SegmentKind.CLUSTER,
            is_system=True,
            expires_at=_ends(),
            by=by,
        )
        return publishing.publish(segment, by=by)


def _ends() -> datetime:
    return clock.now() + LIFE


def _told(segment: Segment, one: Cluster) -> None:
    """What was measured stands on the health board, also where it is bad news."""
    segment.stability, segment.confidence = round(one.stability, 4), round(one.confidence, 4)
    segment.save(update_fields=["stability", "confidence", "expires_at"])


def _note(
    segment: Segment, one: Cluster, level: ClusterLevel, at: datetime, overlap: float | None, parent: str
) -> None:
    _told(segment, one)
    known = BehaviouralCluster.objects.filter(segment=segment).first()
    BehaviouralCluster.objects.update_or_create(
        segment=segment,
        defaults={
            "level": level,
            "parent": Segment.objects.filter(slug=parent).first() if parent else None,
            "fidelity": one.fidelity,
            "precision": one.precision or 0.0,
            "recall": one.recall or 0.0,
            "distinct": one.distinct,
            "traits": one.traits,
            "outcomes": one.outcomes,
            "found_at": at,
            "refits": known.refits + 1 if known else 1,
            "overlap": overlap,
        },
    )


@transaction.atomic
def adopt(segment: Segment, *, by: User) -> Segment:
    """Answer for it from now on: whoever adopts it owns it, and it lives a whole life more. Raises TooManySegments."""
    if segment.status != SegmentStatus.PUBLISHED:
        publishing.publish(segment, by=by)
    segment.owner, segment.expires_at = by, max(segment.expires_at or _ends(), _ends())
    segment.save(update_fields=["owner", "expires_at"])
    return segment


@transaction.atomic
def adopt_group(told: dict[str, Any], at: datetime, *, by: User) -> Segment:
    """Make a segment of a group of the map that was held back; whoever does owns it. Raises NoGroup."""
    names = Cluster.__dataclass_fields__.keys()
    one = Cluster(**{name: value for name, value in told.items() if name in names})
    if one.segment:
        raise NoGroup(f"{one.name} is a segment already")
    if one.rule is None:
        raise NoGroup(f"no short rule names {one.name}, so nobody can say who is in it")
    segment = _begun(one, ClusterLevel.GROUP, by)
    _note(segment, one, ClusterLevel.GROUP, at, None, "")
    return segment
