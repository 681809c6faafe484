"""Behavioural groups of the airline's own customers: found in a random part of the base, and told with their worth.

Comes in: stored features of those who booked in two years. Goes out: macro groups and the groups inside them, each with
its size, stability, distinctness, what the models expect of it, and the shallow tree's path as a rule of the platform,
judged as such on the same people. They are proposals: a segment is made of one by whoever builds it from the rule.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iaros.lib.reports import Progress, silent
from segmentation.features import store
from segmentation.features.catalogue import VERSION
from segmentation.features.facts import Which
from segmentation.features.store import Block
from segmentation.models import FeatureRun, Score
from segmentation.segments import evaluation, rules
from segmentation.segments.clusters import trial

SAMPLE = 6_000
# What people do, by the feature that tells it; the words stand in names and rules of groups.
HABITS = {
    "booking:recency_days": "days since booking",
    "booking:count_730d": "bookings",
    "booking:lead_days_mean_730d": "days booked ahead",
    "booking:party_size_mean_730d": "party size",
    "booking:premium_share_730d": "premium cabins",
    "booking:short_haul_share_730d": "short haul",
    "booking:long_haul_share_730d": "long haul",
    "booking:direct_share_730d": "booking with us",
    "booking:agency_share_730d": "booking by agency",
    "booking:routes_730d": "routes",
    "flown:count_730d": "flights",
    "ancillary:count_730d": "extras",
    "spend:value_sum_730d": "money spent",
    "web:searches_90d": "searches",
    "web:app_opens_30d": "app opens",
    "loyalty:tier_rank": "loyalty step",
    "profile:tenure_days": "days known",
}
OUTCOMES = ("churn_90d", "value_12m")
_LIMIT = re.compile(r"^(?P<habit>.+) (?P<op><=|>) (?P<limit>-?[\d.e+-]+)$")
_STEP = re.compile(r"^(?P<habit>.+) is (?P<not>not )?(?P<value>-?[\d.]+)$")
_FEATURE_OF = {words: name for name, words in HABITS.items()}


class NothingStored(Exception):
    """There are no features of today's catalogue to look for groups in."""


@dataclass(frozen=True)
class Cluster:
    """One group; `people` is scaled up to the base, `precision` and `recall` are those of `rule`."""

    name: str
    macro: str
    share: float
    people: int
    stability: float
    confidence: float
    distinct: float
    active: bool
    traits: list[str]
    words: str
    rule: dict[str, Any] | None
    precision: float | None
    recall: float | None
    outcomes: dict[str, float]


@dataclass(frozen=True)
class ClusterMap:
    """The groups of the base as of a moment, the largest first, and what holds for all of them."""

    as_of: datetime
    sampled: int
    population: int
    refit_agreement: float
    silhouette: float
    confidence: float
    tree_fidelity: float
    warnings: list[str]
    clusters: list[Cluster]

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "as_of": self.as_of.isoformat()}


def find(progress: Progress = silent, seed: int = 1) -> ClusterMap:
    """Look for groups in a random part of the base. Raises NothingStored, trial.Unusable."""
    runs = FeatureRun.objects.filter(finished_at__isnull=False, catalogue_version=VERSION)
    run = runs.order_by("-finished_at").first()
    if run is None:
        raise NothingStored("no features of today's catalogue are stored; refresh first")
    progress(phase="reading", done=0, total=3)
    buckets = min(max(ceil(SAMPLE / max(run.profiles / 256, 1)), 1), 256)
    block = _active(store.read(Which(low=0, high=buckets - 1)))
    rows = pd.DataFrame(block.columns(list(HABITS)), columns=list(HABITS.values())).astype(float)
    progress(phase="looking for groups", done=1, total=3)
    divided = trial.divide(rows, seed)
    progress(phase="explaining", done=2, total=3)
    report, scale = divided.report, 256 / buckets
    outcomes = _outcomes(block, divided.labels)
    return ClusterMap(
        as_of=run.as_of,
        sampled=len(rows),
        population=round(len(rows) * scale),
        refit_agreement=report.refit_agreement,
        silhouette=report.silhouette,
        confidence=report.confidence,
        tree_fidelity=report.tree_fidelity,
        warnings=report.warnings,
        clusters=[
            _cluster(group, divided.labels == place, block, run.as_of, scale, divided.distinct[place], outcomes[place])
            for place, group in enumerate(report.groups)
        ],
    )


def _active(block: Block) -> Block:
    """Those who booked in two years, as many as are enough: without a booking there is no habit to go by."""
    booked = np.flatnonzero(block.columns(["booking:count_730d"])[:, 0] > 0)[:SAMPLE]
    return Block(block.which, block.ids[booked], block.values[booked])


def _cluster(
    group: trial.Group,
    mine: NDArray[np.bool_],
    block: Block,
    at: datetime,
    scale: float,
    distinct: float,
    outcomes: dict[str, float],
) -> Cluster:
    rule = as_rule(group.rule)
    precision, recall = _judged(rule, mine, block, at) if rule else (None, None)
    return Cluster(
        name=group.name,
        macro=group.macro,
        share=group.share,
        people=round(group.rows * scale),
        stability=group.stability,
        confidence=group.confidence,
        distinct=distinct,
        active=group.active,
        traits=group.traits,
        words=group.rule,
        rule=rule,
        precision=precision,
        recall=recall,
        outcomes=outcomes,
    )


def as_rule(words: str) -> dict[str, Any] | None:
    """The tree's path as a rule; None where a part of it is nothing that a rule can ask."""
    parts = [_condition(part) for part in words.split(" and ")] if words else []
    if not parts or any(part is None for part in parts):
        return None
    return {"all": [{"feature": "booking:count_730d", "op": ">=", "value": 1}, *parts]}


def _condition(words: str) -> dict[str, Any] | None:
    limit, step = _LIMIT.match(words), _STEP.match(words)
    found = limit or step
    feature = _FEATURE_OF.get(found["habit"]) if found else None
    if feature is None:
        return None
    if limit:
        return {"feature": feature, "op": limit["op"], "value": float(limit["limit"])}
    assert step is not None
    return {"feature": feature, "op": "!=" if step["not"] else "=", "value": float(step["value"])}


def _judged(rule: dict[str, Any], mine: NDArray[np.bool_], block: Block, at: datetime) -> tuple[float, float]:
    """Of those whom the rule selects, the share who are of the group; and of the group, the share selected."""
    tree = rules.read(rule)
    selected = evaluation.holds(tree, evaluation.columns(block, [tree], at))
    hit = float((selected & mine).sum())
    return hit / max(float(selected.sum()), 1.0), hit / max(float(mine.sum()), 1.0)


def _outcomes(block: Block, labels: NDArray[np.int64]) -> list[dict[str, float]]:
    """What the champions expect of each group on average; nothing where no champion spoke."""
    place = {row.tobytes(): at for at, row in enumerate(block.ids)}
    found = Score.objects.filter(
        bucket__in=sorted(set(block.ids[:, 15].tolist())), entity_kind="customer", name__in=OUTCOMES
    ).values_list("entity_id", "name", "value")
    sums = {name: np.zeros((int(labels.max()) + 1, 2)) for name in OUTCOMES}
    for entity, name, value in found:
        at = place.get(entity.bytes)
        if at is not None:
            sums[name][labels[at]] += (value, 1.0)
    return [
        {name: float(told[group, 0] / told[group, 1]) for name, told in sums.items() if told[group, 1]}
        for group in range(int(labels.max()) + 1)
    ]
