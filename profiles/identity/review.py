"""The queue of pairs that a person has to look at: what waits, what was said of it, and what that says about us.

Reads, and the writing down of a verdict. What follows from a verdict crosses stages: `profiles.reviewing.decide`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from iaros.accounts.models import User
from iaros.lib import arrays, clock
from profiles.models import LinkRule, PairReason, PairState, PairVerdict, ReviewPair, SharedIdentifier, Verdict

_LIVING_SQL = """
SELECT c.id, coalesce(c.merged_into, c.id)
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
JOIN profiles_customer c ON c.bucket = wanted.bucket AND c.id = wanted.id
"""
_PREDECESSORS_SQL = """
SELECT c.id, c.merged_into FROM profiles_customer c WHERE c.merged_into = ANY(%(ids)s::uuid[])
"""
_ANY_REJECTED_SQL = "SELECT EXISTS (SELECT FROM profiles_reviewpair p WHERE p.state = 'rejected')"
_REJECTED_SQL = """
SELECT p.one_id, p.other_id FROM profiles_reviewpair p
WHERE p.state = 'rejected' AND (p.one_id = ANY(%(ids)s::uuid[]) OR p.other_id = ANY(%(ids)s::uuid[]))
"""
_SIZES_SQL = """
SELECT least(p.records, %(most)s) AS size, count(*) FROM profiles_profile p GROUP BY 1 ORDER BY 1
"""
_AUTOMATIC_SQL = "SELECT count(*) FROM profiles_link WHERE rule = %s AND ended_at IS NULL"
MOST_RECORDS_SHOWN = 50
Z = 1.96  # of a 95 % interval


class NoSuchPair(Exception):
    """There is no such pair, or one of the two is gone since."""


@dataclass(frozen=True)
class Part:
    """What one comparison said: the outcome in words and what it weighs in bits."""

    comparison: str
    outcome: str
    weight: float


@dataclass(frozen=True)
class Pair:
    """Two customers who may be one. `one` and `other` are living today; equal where the two were joined since."""

    id: int
    one: UUID
    other: UUID
    state: PairState
    reason: PairReason
    weight: float
    probability: float
    parts: tuple[Part, ...]
    model_version: int
    found_at: datetime
    decided_at: datetime | None
    decided_by: str
    verdicts: tuple[tuple[str, Verdict], ...] = ()


@dataclass(frozen=True)
class Pairs:
    """A page of pairs. `next` is the cursor of the page after it, None at the end."""

    pairs: list[Pair]
    next: str | None
    waiting: int


@dataclass(frozen=True)
class Rate:
    """A share with its 95 % interval (Wilson), and of how many it is; None where nothing was judged."""

    value: float | None
    low: float | None
    high: float | None
    of: int

    @classmethod
    def of_counts(cls, hits: float, of: int) -> Rate:
        if not of:
            return cls(None, None, None, 0)
        share = hits / of
        middle = share + Z * Z / (2 * of)
        spread = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
        whole = 1 + Z * Z / of
        return cls(share, max((middle - spread) / whole, 0.0), min((middle + spread) / whole, 1.0), of)


@dataclass(frozen=True)
class Agreement:
    """How often two reviewers of one pair say the same, and how much of that is beyond chance (Cohen's kappa)."""

    rate: Rate
    kappa: float | None
    reviewers: int


@dataclass(frozen=True)
class Quality:
    """What reviewed pairs say. `precision` is of links made without a person; `recall` counts, of the pairs that were
    weighed at all, how many of the true ones were linked; `by_reason`: how many pairs of each kind were accepted."""

    precision: Rate
    recall: Rate
    by_reason: Mapping[PairReason, Rate]
    waiting: int
    linked: int


@dataclass(frozen=True)
class Shared:
    """A look-up that is nobody's own any more: of which kind, of how many people, since when."""

    kind: str
    lookup: bytes
    people: int
    found_at: datetime


@dataclass(frozen=True)
class ClusterSizes:
    """How many customers are made of so many records; the last size stands for itself and more."""

    sizes: list[tuple[int, int]] = field(default_factory=list)


def open_pairs(cursor: str | None = None, limit: int = 50, *, reason: PairReason | None = None) -> Pairs:
    """Pairs that wait, oldest first, after `cursor`. Those whose two were joined or erased since are left out."""
    waiting = ReviewPair.objects.waiting()
    if reason:
        waiting = waiting.filter(reason=reason)
    after = waiting.filter(id__gt=int(cursor)) if cursor and cursor.isdigit() else waiting
    rows = list(after.order_by("id")[: limit + 1])
    shown = [pair for pair in _told(rows[:limit]) if pair.one != pair.other]
    return Pairs(shown, str(rows[limit - 1].pk) if len(rows) > limit else None, waiting.count())


def pair_of(pair_id: int) -> Pair:
    """One pair with all verdicts on it. Raises NoSuchPair."""
    told = _told(list(ReviewPair.objects.filter(id=pair_id)))
    if not told:
        raise NoSuchPair(f"There is no pair {pair_id}.")
    return told[0]


def pairs_of(customer_id: UUID) -> list[Pair]:
    """Every pair that a customer stands in, also under the ids folded into it, newest first."""
    ids = [customer_id, *(former for former, _ in _predecessors([customer_id]))]
    rows = ReviewPair.objects.filter(one_id__in=ids) | ReviewPair.objects.filter(other_id__in=ids)
    return _told(list(rows.order_by("-id")))


def for_second_opinion(reviewer: User, limit: int = 20) -> list[Pair]:
    """Decided pairs that somebody else looked at and this reviewer did not: what they say measures agreement."""
    rows = (
        ReviewPair.objects.exclude(verdicts__reviewer=reviewer)
        .annotate(said=Count("verdicts"))
        .filter(said=1)
        .order_by("-decided_at", "-id")[:limit]
    )
    return [pair for pair in _told(list(rows)) if pair.one != pair.other or pair.state == PairState.ACCEPTED]


def record(pair: ReviewPair, verdict: Verdict, actor: User | None) -> bool:
    """Write down what somebody said, in the running transaction; returns whether the pair is decided by it.

    The first word that is not "not sure" decides; what others say later is an opinion, and measures agreement.
    """
    now = clock.now()
    PairVerdict.objects.update_or_create(pair=pair, reviewer=actor, defaults={"verdict": verdict, "said_at": now})
    if pair.state not in (PairState.OPEN, PairState.UNSURE):
        return False
    pair.state, pair.decided_at, pair.decided_by = PairState(verdict), now, actor
    pair.save(update_fields=["state", "decided_at", "decided_by"])
    return verdict != Verdict.UNSURE


def reopen(one: UUID, other: UUID) -> None:
    """Let a pair wait again whose joining was taken back; what was said of it stays, as opinions."""
    accepted = ReviewPair.objects.filter(one_id=min(one, other), other_id=max(one, other), state=PairState.ACCEPTED)
    accepted.update(state=PairState.OPEN, decided_at=None, decided_by=None)


def agreement() -> Agreement:
    """How far reviewers agree, over all pairs that two have looked at; "not sure" counts as a word of its own."""
    said: dict[int, list[str]] = defaultdict(list)
    reviewers: set[int | None] = set()
    for pair_id, reviewer, verdict in PairVerdict.objects.order_by("said_at", "id").values_list(
        "pair_id", "reviewer_id", "verdict"
    ):
        said[pair_id].append(verdict)
        reviewers.add(reviewer)
    both = [(words[0], words[1]) for words in said.values() if len(words) > 1]
    same = sum(one == other for one, other in both)
    return Agreement(Rate.of_counts(same, len(both)), _kappa(both), len(reviewers))


def quality() -> Quality:
    """Precision and recall as reviewed pairs tell them, with intervals.

    Recall takes each kind of pair by what its reviewed ones say: of links the accepted share, of pairs that were held
    back the accepted share among those decided. Pairs that never met are in no figure of ours.
    """
    decided = Counter(
        ReviewPair.objects.filter(state__in=(PairState.ACCEPTED, PairState.REJECTED)).values_list("reason", "state")
    )
    by_reason = {
        reason: Rate.of_counts(decided[reason, PairState.ACCEPTED], _judged(decided, reason)) for reason in PairReason
    }
    with connection.cursor() as cursor:
        cursor.execute(_AUTOMATIC_SQL, [int(LinkRule.PROBABLE)])
        linked = int(cursor.fetchone()[0])
    held = Counter(ReviewPair.objects.exclude(reason=PairReason.LINKED).values_list("reason", flat=True))
    precision = by_reason[PairReason.LINKED]
    missed = sum(count * (by_reason[PairReason(reason)].value or 0.0) for reason, count in held.items())
    judged = sum(rate.of for rate in by_reason.values())
    right = linked * (precision.value if precision.value is not None else 1.0)
    recall = (
        Rate.of_counts(right / (right + missed) * judged, judged) if judged and right + missed else Rate.of_counts(0, 0)
    )
    return Quality(precision, recall, by_reason, ReviewPair.objects.waiting().count(), linked)


def cluster_sizes() -> ClusterSizes:
    """How many records customers are made of."""
    with connection.cursor() as cursor:
        cursor.execute(_SIZES_SQL, {"most": MOST_RECORDS_SHOWN})
        return ClusterSizes([(int(size), int(count)) for size, count in cursor.fetchall()])


def shared_identifiers(limit: int = 100) -> list[Shared]:
    """What more unrelated people carry than its kind allows, newest first."""
    rows = SharedIdentifier.objects.filter(shared=True).order_by("-found_at", "lookup")[:limit]
    return [Shared(row.get_kind_display(), bytes(row.lookup), len(row.names), row.found_at) for row in rows]


def rejected_among(customers: Sequence[UUID]) -> set[tuple[UUID, UUID]]:
    """Pairs of living customers, the older first, that somebody said are two: also where the word was said of somebody
    folded into one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY_REJECTED_SQL)
        if not customers or not cursor.fetchone()[0]:
            return set()
        former = dict(_predecessors(customers))
        cursor.execute(_REJECTED_SQL, {"ids": arrays.of_uuids([*customers, *former])})
        rows = cursor.fetchall()
    living = _living({each for row in rows for each in row})
    pairs = {(living.get(one, one), living.get(other, other)) for one, other in rows}
    return {(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}


def _told(rows: Sequence[ReviewPair]) -> list[Pair]:
    living = _living({each for row in rows for each in (row.one_id, row.other_id)})
    verdicts: dict[int, list[tuple[str, Verdict]]] = defaultdict(list)
    said = PairVerdict.objects.filter(pair__in=rows).order_by("said_at", "id")
    for pair_id, name, verdict in said.values_list("pair_id", "reviewer__username", "verdict"):
        verdicts[pair_id].append((name or "", Verdict(verdict)))
    deciders = dict(User.objects.filter(id__in={r.decided_by_id for r in rows}).values_list("id", "username"))
    return [
        Pair(
            id=row.pk,
            one=living[row.one_id],
            other=living[row.other_id],
            state=PairState(row.state),
            reason=PairReason(row.reason),
            weight=float(row.weight),
            probability=probability(float(row.weight)),
            parts=parts_of(row.evidence),
            model_version=row.model_version,
            found_at=row.found_at,
            decided_at=row.decided_at,
            decided_by=deciders.get(row.decided_by_id or 0, ""),
            verdicts=tuple(verdicts[row.pk]),
        )
        for row in rows
        if row.one_id in living and row.other_id in living
    ]


def parts_of(evidence: Any) -> tuple[Part, ...]:
    """The waterfall of a link or a pair, from its evidence: what each comparison added, the prior first."""
    parts = evidence.get("parts", ()) if isinstance(evidence, dict) else evidence or ()
    return tuple(Part(str(name), str(outcome), float(weight)) for name, outcome, weight in parts)


def probability(weight: float) -> float:
    """The chance that a weight in bits stands for."""
    return 1 / (1 + 2.0 ** -max(min(weight, 60.0), -60.0))


def _living(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who each id means today; erased ones are absent."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LIVING_SQL, {"ids": arrays.of_uuids(wanted), "buckets": arrays.of_buckets(wanted)})
        return dict(cursor.fetchall())


def _predecessors(customers: Sequence[UUID]) -> list[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(_PREDECESSORS_SQL, {"ids": arrays.of_uuids(customers)})
        return [(former, into) for former, into in cursor.fetchall()]


def _judged(decided: Mapping[tuple[str, str], int], reason: PairReason) -> int:
    return decided[reason, PairState.ACCEPTED] + decided[reason, PairState.REJECTED]


def _kappa(both: Sequence[tuple[str, str]]) -> float | None:
    if not both:
        return None
    first, second = Counter(a for a, _ in both), Counter(b for _, b in both)
    chance = sum(first[word] * second[word] for word in first) / len(both) ** 2
    seen = sum(a == b for a, b in both) / len(both)
    return 1.0 if chance == 1 else (seen - chance) / (1 - chance)
