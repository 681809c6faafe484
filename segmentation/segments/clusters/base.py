"""Behavioural groups of the airline's own customers: found in a random part of the base, and told with their worth.

Comes in: stored features of those who booked in two years. Goes out: macro groups and the groups inside them, each with
its size, stability, distinctness, what the models expect of it, and the shallow tree's paths as a rule of the platform,
judged as such on people the tree was not grown on. `living` makes segments of those that hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iaros.lib.reports import Progress, silent
from segmentation.features import catalogue, store
from segmentation.features.catalogue import VERSION
from segmentation.features.facts import Which
from segmentation.features.grammar import Measure
from segmentation.features.store import Block
from segmentation.models import FeatureRun
from segmentation.segments import evaluation, rules
from segmentation.segments.clusters import explaining, outcomes, trial
from segmentation.segments.clusters.trial import Divided

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
_LIMIT = re.compile(r"^(?P<habit>.+) (?P<op><=|>) (?P<limit>-?[\d.e+-]+)$")
_STEP = re.compile(r"^(?P<habit>.+) is (?P<not>not )?(?P<value>-?[\d.]+)$")
_ABSENT = re.compile(r"^(?P<habit>.+) absent is (?P<not>not )?(?P<told>yes|no)$")
_BOOKED = {"feature": "booking:count_730d", "op": ">=", "value": 1}
_FEATURE_OF = {words: name for name, words in HABITS.items()}


class NothingStored(Exception):
    """There are no features of today's catalogue to look for groups in."""


@dataclass(frozen=True)
class Cluster:
    """One group, or macro group; `people` is scaled up to the base, `precision` and `recall` are those of `rule`.

    `differs`: do the models expect other things of it than of the others; None where none of them spoke. `segment` is
    the slug of the segment that it is, `held_back` says why it is none.
    """

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
    differs: bool | None = None
    segment: str = ""
    held_back: list[str] = field(default_factory=list)

    @property
    def fidelity(self) -> float:
        """F1 of the rule: how well it stands for the group."""
        both = (self.precision or 0.0) + (self.recall or 0.0)
        return 2 * (self.precision or 0.0) * (self.recall or 0.0) / both if both else 0.0


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
    macros: list[Cluster] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "as_of": self.as_of.isoformat()}


def find(progress: Progress = silent, seed: int = 1) -> ClusterMap:
    """Look for groups in a random part of the base. Raises NothingStored, trial.Unusable."""
    return look(progress, seed)[0]


def look(progress: Progress = silent, seed: int = 1) -> tuple[ClusterMap, Block]:
    """The groups, and the customers among whom they were found."""
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
    report, seen = divided.report, _Seen(block, run.as_of, explaining.taught_on(len(rows), seed), 256 / buckets)
    found = ClusterMap(
        as_of=run.as_of,
        sampled=len(rows),
        population=round(len(rows) * seen.scale),
        refit_agreement=report.refit_agreement,
        silhouette=report.silhouette,
        confidence=report.confidence,
        tree_fidelity=report.tree_fidelity,
        warnings=report.warnings,
        clusters=_groups(divided, seen),
        macros=_macros(divided, seen),
    )
    return found, block


def _active(block: Block) -> Block:
    """Those who booked in two years, as many as are enough: without a booking there is no habit to go by."""
    booked = np.flatnonzero(block.columns(["booking:count_730d"])[:, 0] > 0)[:SAMPLE]
    return Block(block.which, block.ids[booked], block.values[booked])


@dataclass(frozen=True)
class _Seen:
    """The people looked at: on some a tree was grown, `scale` times as many are in the base."""

    block: Block
    at: datetime
    taught: NDArray[np.bool_]
    scale: float


def _groups(divided: Divided, seen: _Seen) -> list[Cluster]:
    told = outcomes.expected(seen.block, divided.labels)
    found = []
    for place, group in enumerate(divided.report.groups):
        rule = rule_of(divided.ways[place])
        precision, recall = _judged(rule, divided.labels == place, seen) if rule else (None, None)
        found.append(
            Cluster(
                name=group.name,
                macro=group.macro,
                share=group.share,
                people=round(group.rows * seen.scale),
                stability=group.stability,
                confidence=group.confidence,
                distinct=divided.distinct[place],
                active=group.active,
                traits=group.traits,
                words=group.rule,
                rule=rule,
                precision=precision,
                recall=recall,
                outcomes=told[place].means,
                differs=told[place].differs,
            )
        )
    return found


def _macros(divided: Divided, seen: _Seen) -> list[Cluster]:
    labels = divided.macro_of[divided.labels]
    told, found = outcomes.expected(seen.block, labels), []
    for place, macro in enumerate(divided.macros):
        mine, rule = labels == place, rule_of(macro.ways)
        precision, recall = _judged(rule, mine, seen) if rule else (None, None)
        found.append(
            Cluster(
                name=macro.name,
                macro=macro.name,
                share=float(mine.mean()),
                people=round(float(mine.sum()) * seen.scale),
                stability=macro.stability,
                confidence=macro.confidence,
                distinct=macro.distinct,
                active=macro.stability >= trial.STABLE,
                traits=macro.traits,
                words=macro.ways[0],
                rule=rule,
                precision=precision,
                recall=recall,
                outcomes=told[place].means,
                differs=told[place].differs,
            )
        )
    return found


def rule_of(ways: Sequence[str]) -> dict[str, Any] | None:
    """Whoever takes one of the tree's paths; a path that no rule can ask is left out, None where none is left."""
    parts = [rule["all"][1:] for way in ways if (rule := as_rule(way))]
    if len(parts) < 2:
        return {"all": [_BOOKED, *parts[0]]} if parts else None
    return {"all": [_BOOKED, {"any": [{"all": part} for part in parts]}]}


def as_rule(words: str) -> dict[str, Any] | None:
    """The tree's path as a rule; None where a part of it is nothing that a rule can ask."""
    parts = [_condition(part) for part in words.split(" and ")] if words else []
    if not parts or any(part is None for part in parts):
        return None
    return {"all": [_BOOKED, *parts]}


def _condition(words: str) -> dict[str, Any] | None:
    limit, step, absent = _LIMIT.match(words), _STEP.match(words), _ABSENT.match(words)
    found = limit or absent or step
    feature = _FEATURE_OF.get(found["habit"]) if found else None
    if feature is None:
        return None
    if limit:
        return _limited(feature, limit["op"], float(limit["limit"]))
    if absent:
        unknown = (absent["told"] == "yes") != bool(absent["not"])
        return {"feature": feature, "op": "unknown" if unknown else "known"}
    assert step is not None
    return {"feature": feature, "op": "!=" if step["not"] else "=", "value": float(step["value"])}


def _limited(feature: str, op: str, value: float) -> dict[str, Any]:
    """What is counted is whole: more than 3.5 bookings are at least 4."""
    if catalogue.get(feature).measure not in (Measure.COUNT, Measure.DISTINCT_ITEMS):
        return {"feature": feature, "op": op, "value": value}
    if op == ">":
        return {"feature": feature, "op": ">=", "value": floor(value) + 1}
    return {"feature": feature, "op": "<=", "value": floor(value)}


def _judged(rule: dict[str, Any], mine: NDArray[np.bool_], seen: _Seen) -> tuple[float, float]:
    """Of those whom the rule selects, the share who are of the group; and of the group, the share selected."""
    selected = selects(rule, seen.block, seen.at) & ~seen.taught
    hit = float((selected & mine).sum())
    return hit / max(float(selected.sum()), 1.0), hit / max(float((mine & ~seen.taught).sum()), 1.0)


def selects(rule: Any, block: Block, at: datetime) -> NDArray[np.bool_]:
    """Whom of the block the rule selects; nobody where it names what is gone by now."""
    tree = rules.readable(rule)
    if tree is None:
        return np.zeros(len(block), dtype=bool)
    return evaluation.holds(tree, evaluation.columns(block, [tree], at))
