"""Writes down what the probable matches decided: customers are joined through the ledger, each new link saying why, and
pairs that are not sure enough wait for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from profiles.identity import merge
from profiles.identity.candidates import Pair
from profiles.identity.review import probability
from profiles.models import LinkRule, PairReason, ReviewPair

# The links of a customer that was folded say from whom they came: those get the reason of its joining.
_EXPLAIN_SQL = """
UPDATE profiles_link l
SET rule = %(rule)s, score = w.score, evidence = l.evidence || w.evidence::jsonb
FROM unnest(%(buckets)s::smallint[], %(survivors)s::uuid[], %(duplicates)s::text[], %(scores)s::real[],
            %(evidence)s::text[]) AS w (bucket, survivor, duplicate, score, evidence)
WHERE l.bucket = w.bucket AND l.customer_id = w.survivor AND l.ended_at IS NULL AND l.linked_at = %(at)s
  AND l.evidence ->> 'merged_from' = w.duplicate
"""


@dataclass(frozen=True)
class Why:
    """The reason of a joining: its weight in bits, and the evidence that the links keep."""

    weight: float
    evidence: dict[str, Any]


def join(joins: Mapping[Pair, Why], *, at: datetime) -> list[bytes]:
    """Join each (survivor, duplicate) in the running transaction; returns the survivors, to be rebuilt."""
    if not joins:
        return []
    reasons = {
        duplicate: merge.Reason(LinkRule.PROBABLE, probability(why.weight), orjson.dumps(why.evidence).decode())
        for (_, duplicate), why in joins.items()
    }
    return merge.fold(list(joins), at=at, why=reasons)


def explain(joins: Mapping[Pair, Why], *, at: datetime) -> None:
    """Write on the links of those whom a person joined at this moment what spoke for it."""
    pairs = list(joins)
    with connection.cursor() as cursor:
        cursor.execute(
            _EXPLAIN_SQL,
            {
                "rule": int(LinkRule.MANUAL),
                "at": at,
                "buckets": [survivor.bytes[15] for survivor, _ in pairs],
                "survivors": [survivor for survivor, _ in pairs],
                "duplicates": [str(duplicate) for _, duplicate in pairs],
                "scores": [probability(joins[pair].weight) for pair in pairs],
                "evidence": [orjson.dumps(joins[pair].evidence).decode() for pair in pairs],
            },
        )


def hold(held: Mapping[Pair, tuple[PairReason, Why]], *, version: int, at: datetime) -> int:
    """Let pairs wait for a person; one that waits or was decided already stays as it is. Returns how many are new."""
    if not held:
        return 0
    rows = [
        ReviewPair(
            one_id=one,
            other_id=other,
            reason=reason,
            weight=why.weight,
            evidence=why.evidence,
            model_version=version,
            found_at=at,
        )
        for (one, other), (reason, why) in sorted(held.items())
    ]
    before = ReviewPair.objects.count()
    ReviewPair.objects.bulk_create(rows, ignore_conflicts=True, batch_size=2000)
    return ReviewPair.objects.count() - before
