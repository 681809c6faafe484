"""The map of behavioural groups: macro groups and those inside, as the last look for them found them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from iaros.lib.models import Job, JobState
from iaros.web import rule_form
from segmentation.models import Segment, SegmentStatus
from segmentation.segments import rules, sentences
from segmentation.segments.clusters.living import JOB, NoGroup


@dataclass(frozen=True)
class Tile:
    """One group on the map: `tone` deepens with its size; `rule` leads to the builder where the tree's path is one.

    `segment` is the segment that it is; `held_back` says why it is none, or why its segment was not renewed.
    """

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
    segment: Segment | None
    held_back: list[str]
    place: int

    @property
    def live(self) -> bool:
        return self.segment is not None and self.segment.status == SegmentStatus.PUBLISHED


@dataclass(frozen=True)
class Macro:
    """A macro group with the groups inside it, the largest first; `whole` is what was measured of it as one."""

    name: str
    people: int
    share: float
    tiles: list[Tile]
    whole: Tile | None

    @property
    def live(self) -> int:
        return sum(tile.live for tile in self.tiles)


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
    def live(self) -> int:
        return sum(tile.live for tile in self.tiles)


def newest() -> tuple[Map | None, Job | None]:
    """The last map, and the last look for one if that is not what made the map."""
    looks = Job.objects.filter(kind=JOB)
    made = looks.filter(state=JobState.SUCCEEDED, result__isnull=False).order_by("-finished_at").first()
    last = looks.order_by("-created_at").first()
    told = _map(made) if made else None
    return told, last if last and (made is None or last.id != made.id) else None


def group(job_id: str, place: str) -> tuple[Job, dict[str, Any]]:
    """One group of a map as it was told. Raises living.NoGroup."""
    try:
        job = Job.objects.get(kind=JOB, state=JobState.SUCCEEDED, id=job_id)
        return job, (job.result or {})["clusters"][int(place)]
    except (Job.DoesNotExist, ValidationError, ValueError, KeyError, IndexError):
        raise NoGroup("this map is gone; load the page again") from None


def _map(job: Job) -> Map:
    told: dict[str, Any] = job.result or {}
    top = max((one["share"] for one in told["clusters"]), default=1.0) or 1.0
    segments = _segments([*told["clusters"], *told.get("macros", [])])
    wholes = {one["name"]: _tile(one, 1.0, place, segments) for place, one in enumerate(told.get("macros", []))}
    by_macro: dict[str, list[Tile]] = {}
    for place, one in enumerate(told["clusters"]):
        by_macro.setdefault(one["macro"], []).append(_tile(one, top, place, segments))
    macros = [
        Macro(
            name=name,
            people=sum(tile.people for tile in tiles),
            share=sum(tile.share for tile in tiles),
            tiles=sorted(tiles, key=lambda tile: -tile.people),
            whole=wholes.get(name),
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


def _segments(told: list[dict[str, Any]]) -> dict[str, Segment]:
    named = [one["segment"] for one in told if one.get("segment")]
    return {str(one.slug): one for one in Segment.objects.filter(slug__in=named)}


def _tile(one: dict[str, Any], top: float, place: int, segments: dict[str, Segment]) -> Tile:
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
        words=sentences.sentence(rules.read(one["rule"])) if one["rule"] else "",
        rule=rule_form.to_text(one["rule"]) if one["rule"] else "",
        precision=one["precision"],
        recall=one["recall"],
        churn=one["outcomes"].get("churn_90d"),
        value=one["outcomes"].get("value_12m"),
        tone=f"q{min(round(weight * 6), 6)}",
        width=f"w{max(min(round(weight * 4), 4), 1)}",
        segment=segments.get(one.get("segment", "")),
        held_back=one.get("held_back", []),
        place=place,
    )
