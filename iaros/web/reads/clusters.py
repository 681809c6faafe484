"""The map of behavioural groups: macro groups and those inside, as the last look for them found them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from iaros.lib.models import Job, JobState
from iaros.web import rule_form

JOB = "behavioural clusters"
STABLE = 0.8


@dataclass(frozen=True)
class Tile:
    """One group on the map: `tone` deepens with its size; `rule` leads to the builder where the tree's path is one."""

    name: str
    people: int
    share: float
    stability: float
    confidence: float
    distinct: float
    active: bool
    traits: list[str]
    words: str
    rule: str
    precision: float | None
    recall: float | None
    churn: float | None
    value: float | None
    tone: str
    width: str


@dataclass(frozen=True)
class Macro:
    """A macro group with the groups inside it, the largest first."""

    name: str
    people: int
    share: float
    active: int
    tiles: list[Tile]


@dataclass(frozen=True)
class Map:
    """All of it, and what holds for the whole."""

    job: Job
    as_of: datetime
    sampled: int
    population: int
    refit_agreement: float
    silhouette: float
    confidence: float
    tree_fidelity: float
    warnings: list[str]
    macros: list[Macro]

    @property
    def tiles(self) -> list[Tile]:
        return [tile for macro in self.macros for tile in macro.tiles]

    @property
    def active(self) -> int:
        return sum(tile.active for tile in self.tiles)


def newest() -> tuple[Map | None, Job | None]:
    """The last map, and the last look for one if that is not what made the map."""
    looks = Job.objects.filter(kind=JOB)
    made = looks.filter(state=JobState.SUCCEEDED, result__isnull=False).order_by("-finished_at").first()
    last = looks.order_by("-created_at").first()
    told = _map(made) if made else None
    return told, last if last and (made is None or last.id != made.id) else None


def _map(job: Job) -> Map:
    told: dict[str, Any] = job.result or {}
    top = max((one["share"] for one in told["clusters"]), default=1.0) or 1.0
    by_macro: dict[str, list[Tile]] = {}
    for one in told["clusters"]:
        by_macro.setdefault(one["macro"], []).append(_tile(one, top))
    macros = [
        Macro(
            name=name,
            people=sum(tile.people for tile in tiles),
            share=sum(tile.share for tile in tiles),
            active=sum(tile.active for tile in tiles),
            tiles=sorted(tiles, key=lambda tile: -tile.people),
        )
        for name, tiles in by_macro.items()
    ]
    return Map(
        job=job,
        as_of=datetime.fromisoformat(told["as_of"]),
        sampled=told["sampled"],
        population=told["population"],
        refit_agreement=told["refit_agreement"],
        silhouette=told["silhouette"],
        confidence=told["confidence"],
        tree_fidelity=told["tree_fidelity"],
        warnings=told["warnings"],
        macros=sorted(macros, key=lambda macro: -macro.people),
    )


def _tile(one: dict[str, Any], top: float) -> Tile:
    weight = one["share"] / top
    return Tile(
        name=one["name"],
        people=one["people"],
        share=one["share"],
        stability=one["stability"],
        confidence=one["confidence"],
        distinct=one["distinct"],
        active=one["active"],
        traits=one["traits"],
        words=one["words"],
        rule=rule_form.to_text(one["rule"]) if one["rule"] else "",
        precision=one["precision"],
        recall=one["recall"],
        churn=one["outcomes"].get("churn_90d"),
        value=one["outcomes"].get("value_12m"),
        tone=f"q{min(round(weight * 6), 6)}",
        width=f"w{max(min(round(weight * 4), 4), 1)}",
    )
