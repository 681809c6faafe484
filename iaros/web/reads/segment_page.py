"""What the page of one segment shows beside its members: size over time, wordings, and what lies over it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iaros.web import rule_form
from iaros.web.formats import day as written
from segmentation import selectors
from segmentation.models import Activation, BehaviouralCluster, Destination, Segment, SegmentKind, SegmentVersion
from segmentation.segments.companions import Companion, companions
from segmentation.segments.overlap import MOST, Overlap
from segmentation.segments.overlap import overlap as overlap_of
from segmentation.segments.power import Power

DAYS = 90
COMPARED, COMBINATIONS = 3, 12


@dataclass(frozen=True)
class SizeOverTime:
    """The size at the end of each day, and what the chart draws of it."""

    days: list[Any]
    chart: dict[str, Any]
    sentence: str
    moved: bool


def size_over_time(segment: Segment) -> SizeOverTime:
    days = selectors.sizes_over_time(segment, DAYS)
    entered, left = sum(one.entered for one in days), sum(one.left for one in days)
    chart = {
        "unit": "",
        "labels": [written(one.day) for one in days],
        "series": [{"name": "Members", "colour": "c1", "dash": False, "values": [one.size for one in days]}],
    }
    sentence = f"{entered:,} entered and {left:,} left in {DAYS} days."
    return SizeOverTime(days, chart, sentence, bool(entered or left))


@dataclass(frozen=True)
class Wording:
    """One version, and the rule to build on."""

    version: SegmentVersion
    rule: str
    stands: bool

    @property
    def by(self) -> str:
        who = self.version.published_by
        return (who.get_full_name() or who.get_username()) if who else "the platform"


def wordings(segment: Segment) -> list[Wording]:
    found = selectors.segment_versions(segment)
    return [
        Wording(one, rule_form.to_text(one.rule) if rule_form.join_of(one.rule) else "", place == 0)
        for place, one in enumerate(found)
    ]


@dataclass(frozen=True)
class Combination:
    """People who are in exactly these of the segments compared; `inside`: a mark a column."""

    inside: list[bool]
    people: int
    share: float


@dataclass(frozen=True)
class Compared:
    """Segments side by side: how each pair overlaps, and how many are in each combination."""

    near: list[Companion]
    overlap: Overlap
    columns: list[tuple[str, str, int]]
    combinations: list[Combination]
    others: int
    pairs: list[tuple[str, list[float | None]]]


def compared(segment: Segment, chosen: list[str]) -> Compared:
    """The segment with those chosen, or with those that lie over it most."""
    near = companions(segment)
    with_these = [slug for slug in chosen if slug != segment.slug][: MOST - 1] or [one.slug for one in near[:COMPARED]]
    found = overlap_of([str(segment.slug), *with_these])
    top = max((one.people for one in found.intersections), default=1)
    shown = [
        Combination([slug in one.slugs for slug in found.slugs], one.people, one.people / top)
        for one in found.intersections[:COMBINATIONS]
    ]
    places = range(len(found.slugs))
    return Compared(
        near=near,
        overlap=found,
        columns=list(zip(found.slugs, found.names, found.sizes, strict=True)),
        combinations=shown,
        others=sum(one.people for one in found.intersections[COMBINATIONS:]),
        pairs=[(found.names[i], [None if i == j else found.jaccard[i][j] for j in places]) for i in places],
    )


_OUTCOMES = {
    "sent": "sent",
    "no_address": "without an address",
    "no_consent": "without consent",
    "held_out": "held out",
    "capped": "contacted too often",
    "not_exportable": "not to be exported",
}


@dataclass(frozen=True)
class Sending:
    """One activation: how many were sent, what became of the others, and what its holdout can show."""

    made: Activation
    sent: int
    others: str
    power: str


def sendings(segment: Segment) -> list[Sending]:
    return [_sending(one) for one in selectors.activations_of(segment)[:20]]


def _sending(made: Activation) -> Sending:
    counts: dict[str, int] = made.counts or {}
    others = [f"{counts[name]:,} {words}" for name, words in _OUTCOMES.items() if name != "sent" and counts.get(name)]
    return Sending(made, counts.get("sent", 0), ", ".join(others), Power(**made.power).told if made.power else "")


def destinations() -> list[Destination]:
    """Where members may be sent today."""
    return list(Destination.objects.filter(enabled=True).order_by("name", "id"))


def cluster(segment: Segment) -> dict[str, Any]:
    """What is known of a behavioural cluster, and the clusters inside it; nothing of other segments."""
    if segment.kind != SegmentKind.CLUSTER:
        return {}
    known = BehaviouralCluster.objects.select_related("parent").filter(segment=segment).first()
    inner = BehaviouralCluster.objects.select_related("segment").filter(parent=segment)
    return {"cluster": known, "inner_clusters": list(inner.order_by("-segment__size", "segment__name"))}
