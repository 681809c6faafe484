"""How sure memberships are: would the same people be in, had the base been another half of itself?

What rules learn from the base are the fifths of recency, frequency and money. They are learnt again on the halves of
random splits, and every segment that reads them is evaluated again: a membership is as sure as it comes back. How sure
we say we are is then held against the refits of further splits. Behavioural clusters are measured where they are found,
on refits of their own, and are left out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from iaros.lib.reports import Progress, silent
from segmentation.features import rfm, store
from segmentation.features.rfm import Limits
from segmentation.features.store import Block
from segmentation.models import BehaviouralCluster, SegmentKind, SegmentStatus
from segmentation.segments import dag, evaluation, health, membership, reach
from segmentation.segments.evaluation import Columns
from segmentation.segments.health import Health
from segmentation.segments.membership import Wording
from segmentation.segments.nodes import Condition, HasBeen, InSegment, Leaf, Of, segments_of

SPLITS = 4
REFITS = 2 * SPLITS  # the halves of each split share nobody, or they would agree for no reason
JUDGES = 3  # further splits, on which nothing rests but the verdict
HABIT = ("booking:recency_days", "booking:count_730d", "spend:value_sum_730d")
_FIFTHS = (0.2, 0.4, 0.6, 0.8)
_LEARNT = frozenset(f"feature rfm:{name}" for name in ("recency", "frequency", "monetary", "cell"))
_WRITE_SQL = """
UPDATE segmentation_segment s SET stability = told.stability, confidence = told.confidence
FROM unnest(%(places)s::int[], %(stability)s::float8[], %(confidence)s::float8[])
    AS told (position, stability, confidence)
WHERE s.position = told.position
"""
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class NothingStored(Exception):
    """There are no vectors of today's catalogue to measure on."""


@dataclass(frozen=True)
class Steadiness:
    """`confidence`: mean chance that a member is one again. `refit_agreement`: that two separate refits agree."""

    customers: int
    segments: int
    memberships: int
    confidence: float
    refit_agreement: float
    rfm_refit_ari: float

    @property
    def calibrated(self) -> bool:
        """Within two points of each other, and at least 95 %."""
        return abs(self.confidence - self.refit_agreement) <= 0.02 and self.confidence >= 0.95


@dataclass
class _Counts:
    """By position of the segment, summed over blocks: of refits with the standing rules, and of refits among them."""

    size: Floats
    both: Floats = field(init=False)
    either: Floats = field(init=False)
    drawn: Floats = field(init=False)
    again: Floats = field(init=False)
    apart: Floats = field(init=False)

    def __post_init__(self) -> None:
        places = len(self.size)
        self.both, self.either = np.zeros((REFITS, places)), np.zeros((REFITS, places))
        self.drawn, self.again, self.apart = np.zeros(places), np.zeros(places), np.zeros((2, places))

    @property
    def stability(self) -> Floats:
        """Mean Jaccard of a segment with itself over refits; NaN for an empty one."""
        shares = np.divide(self.both, self.either, out=np.full_like(self.both, np.nan), where=self.either > 0)
        return np.asarray(shares.mean(axis=0), dtype=np.float64)

    @property
    def confidence(self) -> Floats:
        return np.divide(self.again, self.drawn, out=np.full_like(self.drawn, np.nan), where=self.drawn > 0)


def measure(seed: int = 1, progress: Progress = silent) -> Steadiness:
    """Measure every published segment of rules, and write its stability and confidence down. Raises NothingStored."""
    habits = [block.columns(HABIT).astype(np.float64) for block in store.blocks()]
    people = np.vstack(habits) if habits else np.zeros((0, 3))
    if not len(people):
        raise NothingStored("no vectors of today's catalogue; run `manage.py refresh` first")
    standing = membership.standing()
    wordings = [one for one in standing if one.rule is not None and one.segment.kind != SegmentKind.CLUSTER]
    places = 1 + max((one.segment.position for one in standing), default=0)
    fits, apart = _refits(people, seed)
    counts, cells = _Counts(np.zeros(places)), []
    for done, block in enumerate(store.blocks()):
        progress(phase="refits", done=done, total=len(habits))
        cells.append(_add(block, wordings, fits, apart, counts))
    _write(wordings, counts)
    first, second = np.vstack(cells).T if cells else np.zeros((2, 0))
    live = [one.segment.position for one in wordings]
    return Steadiness(
        customers=len(people),
        segments=len(wordings),
        memberships=int(counts.size[live].sum()),
        confidence=_ratio(counts.again[live].sum(), counts.drawn[live].sum()),
        refit_agreement=_ratio(counts.apart[0, live].sum(), counts.apart[1, live].sum()),
        rfm_refit_ari=float(adjusted_rand_score(first, second)),
    )


def _refits(people: Floats, seed: int) -> tuple[list[Limits], list[Limits]]:
    """Limits learnt on both halves of random splits, and on those of further splits to judge by."""
    rng, half = np.random.default_rng(seed), len(people) // 2
    orders = [rng.permutation(len(people)) for _ in range(SPLITS + JUDGES)]
    halves = [limits(people[part]) for order in orders for part in (order[:half], order[half:])]
    return halves[:REFITS], halves[REFITS:]


def limits(people: Floats) -> Limits:
    """Where fifths of those who booked end, as `rfm.limits` finds them in SQL. Columns as in HABIT."""
    booked = people[people[:, 1] > 0]

    def ends(column: int) -> list[float]:
        if not len(booked):
            return []
        return [float(end) for end in np.quantile(booked[:, column], _FIFTHS, method="inverted_cdf")]

    return Limits(population=len(booked), recency=ends(0), frequency=ends(1), monetary=ends(2))


def _add(
    block: Block, wordings: list[Wording], fits: list[Limits], apart: list[Limits], counts: _Counts
) -> NDArray[np.int64]:
    """Count one block under every refit; returns the RFM cells of its customers under the last two."""
    moved = membership.dependent(wordings, _LEARNT)
    fixed = [one for one in wordings if one not in moved]
    known = evaluation.columns(block, [one.rule for one in wordings if one.rule], reach.moment(), inside={})
    _evaluate(known, wordings)
    standing = {one.segment.position: known.inside[str(one.segment.slug)] for one in wordings}
    for position, mask in standing.items():
        counts.size[position] += mask.sum()
    for one in fixed:
        place, size = one.segment.position, standing[one.segment.position].sum()
        counts.both[:, place] += size
        counts.either[:, place] += size
        counts.drawn[place] += REFITS * size
        counts.again[place] += REFITS * size
        counts.apart[:, place] += 2 * JUDGES * size
    other: dict[int, Mask] = {}
    for nth, refit in enumerate(_refitted(known, fits, moved)):
        for position, mask in refit:
            counts.both[nth, position] += (mask & standing[position]).sum()
            counts.either[nth, position] += (mask | standing[position]).sum()
            counts.drawn[position] += mask.sum()
            if nth % 2:
                # A member by one half: how often by the other half too.
                counts.again[position] += 2 * (mask & other[position]).sum()
        other = dict(refit)
    for nth, refit in enumerate(_refitted(known, apart, moved)):
        for position, mask in refit:
            counts.apart[1, position] += mask.sum()
            if nth % 2:
                counts.apart[0, position] += 2 * (mask & other[position]).sum()
        other = dict(refit)
    return np.array([np.nan_to_num(_placed(block, fit)["rfm:cell"]) for fit in apart[:2]], dtype=np.int64).T


def _refitted(known: Columns, fits: list[Limits], moved: list[Wording]) -> Iterator[list[tuple[int, Mask]]]:
    """For each of the limits: the segments that read them, by position, as they would be."""
    kept = {leaf: mask for leaf, mask in known.tested.items() if not _may_move(leaf)}
    for fit in fits:
        read = {name: column.astype(np.float32) for name, column in _placed(known.block, fit).items()}
        again = replace(known, read={**known.read, **read}, tested=dict(kept), inside=dict(known.inside))
        _evaluate(again, moved)
        yield [(one.segment.position, again.inside[str(one.segment.slug)]) for one in moved]


def _may_move(leaf: Leaf) -> bool:
    """Does the condition read a fifth, or a segment that may?"""
    if isinstance(leaf, Condition):
        return leaf.of is Of.FEATURE and leaf.name.startswith("rfm:")
    return isinstance(leaf, InSegment | HasBeen)


def _evaluate(known: Columns, wordings: list[Wording]) -> None:
    rules = {str(one.segment.slug): one.rule for one in wordings if one.rule is not None}
    nobody = np.zeros(len(known.block), dtype=bool)
    for slug in dag.ordered(rules):
        for named in segments_of(rules[slug]) - known.inside.keys():
            known.inside[named] = nobody
        known.inside[slug] = evaluation.holds(rules[slug], known)


def _placed(block: Block, fit: Limits) -> dict[str, Floats]:
    habit = block.columns(HABIT).astype(np.float64)
    return rfm.place(fit, habit[:, 0], habit[:, 1], habit[:, 2])


def _write(wordings: list[Wording], counts: _Counts) -> None:
    places = [one.segment.position for one in wordings]
    told = [_told(column[places]) for column in (counts.stability, counts.confidence)]
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_SQL, {"places": places, "stability": told[0], "confidence": told[1]})


def _told(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 4) for value in values.tolist()]


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 1.0


def report(seed: int = 1, progress: Progress = silent) -> dict[str, Any]:
    """Measure, and tell every segment with its size, stability, confidence, reason and owner."""
    found = measure(seed, progress)
    board = health.board()
    states: dict[str, int] = {}
    for one in board:
        states[one.state] = states.get(one.state, 0) + 1
    clusters = BehaviouralCluster.objects.filter(segment__status=SegmentStatus.PUBLISHED).select_related("segment")
    found_again = {str(one.segment.slug): one for one in clusters}
    return {
        "customers": found.customers,
        "published": len(board),
        "active": states.get("active", 0),
        "states": states,
        "clusters": len(found_again),
        **_clusters([one for one in board if one.slug in found_again and one.state == "active"]),
        "memberships": found.memberships,
        "confidence": round(found.confidence, 4),
        "refit_agreement": round(found.refit_agreement, 4),
        "rfm_refit_ari": round(found.rfm_refit_ari, 4),
        "calibrated": found.calibrated,
        "segments": [
            {
                "slug": one.slug,
                "name": one.name,
                "kind": one.kind,
                "state": one.state,
                "size": one.size,
                "share": round(one.share, 5),
                "stability": one.stability,
                "confidence": one.confidence,
                "owner": one.owner,
                "reason": one.reason,
                "expires_at": one.expires_at.isoformat() if one.expires_at else None,
                **_cluster(found_again.get(one.slug)),
            }
            for one in board
        ],
    }


def _clusters(active: list[Health]) -> dict[str, float | None]:
    """Of the members of live clusters: how sure we are of them, and how often refits say the same.

    Two sets with a Jaccard of j share 2j / (1 + j) of their members.
    """
    told = [one for one in active if one.stability is not None and one.confidence is not None]
    people = sum(one.size for one in told)
    sure = sum(one.size * (one.confidence or 0.0) for one in told)
    again = sum(one.size * 2 * (one.stability or 0.0) / (1 + (one.stability or 0.0)) for one in told)
    return {
        "cluster_confidence": round(sure / people, 4) if people else None,
        "cluster_refit_agreement": round(again / people, 4) if people else None,
    }


def _cluster(one: BehaviouralCluster | None) -> dict[str, Any]:
    """What only clusters have: how well the rule stands for the group, and how often it was found."""
    if one is None:
        return {}
    return {"level": one.level, "fidelity": round(one.fidelity, 4), "refits": one.refits}
