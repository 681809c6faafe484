"""The catalogue of features as the pages show it: what each says, how it stands in the base, and who reads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from iaros.web.formats import measure
from iaros.web.formats import share as in_percent
from segmentation.features import catalogue, standing
from segmentation.features.grammar import Feature, Measure, Parity
from segmentation.features.standing import Measured, Standing
from segmentation.ml import registry
from segmentation.ml.catalogue import SPECS
from segmentation.models import Segment, SegmentVersion

PAGE = 50
SORTS = ("name", "known", "drift", "used")


@dataclass(frozen=True)
class FeatureLine:
    """One feature, its figures where they were measured, and how many segments and models read it."""

    feature: Feature
    standing: Standing | None
    segments: int
    models: int

    @property
    def used(self) -> int:
        return self.segments + self.models

    @property
    def moved(self) -> tuple[str, str]:
        """In one word how far its values are from those of the reference, and the tone of it."""
        drift = self.standing.drift if self.standing else None
        if drift is None:
            return "–", "none"
        if drift < standing.MOVING:
            return "Steady", "ok"
        return ("Moving", "warn") if drift < standing.MOVED else ("Moved", "bad")


@dataclass(frozen=True)
class Asked:
    """What the address asks of the list."""

    words: str = ""
    view: str = ""
    use: str = ""
    state: str = ""
    sort: str = "name"


def feature_lines(found: Measured | None) -> list[FeatureLine]:
    """Every feature of a customer, with who reads it, in three queries."""
    segments, models = _by_segments(), _by_models()
    known = found.features if found else {}
    return [FeatureLine(one, known.get(one.name), segments[one.name], models[one.name]) for one in catalogue.FEATURES]


def chosen(lines: list[FeatureLine], asked: Asked) -> list[FeatureLine]:
    """Those that fit, in the order asked for."""
    words = asked.words.lower().split()
    fits = [line for line in lines if _fits(line, asked, words)]
    keys = {
        "known": lambda line: (line.standing.known if line.standing else 2.0, line.feature.name),
        "drift": lambda line: (-(line.standing.drift or 0.0) if line.standing else 0.0, line.feature.name),
        "used": lambda line: (-line.used, line.feature.name),
    }
    return sorted(fits, key=keys.get(asked.sort, lambda line: line.feature.name))


def _fits(line: FeatureLine, asked: Asked, words: list[str]) -> bool:
    text = f"{line.feature.name} {line.feature.description} {line.feature.unit}".lower()
    return (
        all(word in text for word in words)
        and (not asked.view or line.feature.view == asked.view)
        and (not asked.use or bool(line.used) == (asked.use == "used"))
        and (not asked.state or line.moved[0].lower() == asked.state)
    )


def views() -> list[str]:
    return sorted({one.view for one in catalogue.FEATURES})


def get_feature(name: str) -> Feature | None:
    """A feature of a customer; those of a trip are no part of the store."""
    return catalogue.BY_NAME[name] if name in catalogue.POSITION else None


def _newest_wordings() -> Any:
    newest = SegmentVersion.objects.filter(segment=OuterRef("pk")).order_by("-number")
    return Segment.objects.published().annotate(reads=Subquery(newest.values("depends_on")[:1]))


def _by_segments() -> Counter[str]:
    told = _newest_wordings().values_list("reads", flat=True)
    return Counter(
        name.removeprefix("feature ") for reads in told for name in reads or () if name.startswith("feature ")
    )


def _by_models() -> Counter[str]:
    return Counter(name for spec in SPECS.values() for name in spec.features)


@dataclass(frozen=True)
class ModelUse:
    name: str
    title: str
    champion: int | None
    gain: float | None


@dataclass(frozen=True)
class Consumers:
    """Who reads a feature: segments as they stand, and models of the catalogue."""

    segments: list[Segment]
    models: list[ModelUse]


def consumers(name: str) -> Consumers:
    reading = [one for one in _newest_wordings() if f"feature {name}" in (one.reads or ())]
    reading.sort(key=lambda one: (-one.size, one.name))
    models = [_model_use(spec.name, spec.title, name) for spec in SPECS.values() if name in spec.features]
    return Consumers(reading, models)


def _model_use(model: str, title: str, feature: str) -> ModelUse:
    champion = registry.champion(model)
    told = champion.card.get("importance", []) if champion else []
    gain = next((one["share"] for one in told if one["feature"] == feature), None)
    return ModelUse(model, title, champion.number if champion else None, gain)


@dataclass(frozen=True)
class Bar:
    """One bar of a distribution, in words and as shares of the people who have a value."""

    label: str
    now: int
    share: float
    before: int | None
    share_before: float | None


def bars(one: Standing) -> list[Bar]:
    """The distribution as a table."""
    now, before = sum(one.now) or 1, sum(one.before) or 1
    earlier: list[int | None] = [*one.before] or [None] * len(one.now)
    return [
        Bar(_label(one, place), count, count / now, then, then / before if then is not None else None)
        for place, (count, then) in enumerate(zip(one.now, earlier, strict=True))
    ]


def _label(one: Standing, place: int) -> str:
    edge = measure(one.edges[place])
    if one.each:
        return edge
    return f"{edge} and more" if place == len(one.edges) - 1 else f"{edge} to {measure(one.edges[place + 1])}"


def told(feature: Feature) -> list[tuple[str, str]]:
    """What the declaration says beside the description, for the page's facts."""
    window = "as it stands" if feature.measure in (Measure.ATTRIBUTE, Measure.QUINTILE) else "lifetime"
    past = {
        Parity.EXACT: "recomputed from events, to the bit",
        Parity.LATEST: "today's profile, cut at that day",
        Parity.NONE: "not available for the past, so no model learns from it",
    }
    return [
        ("Window", f"{feature.window} days" if feature.window else window),
        ("Measure", feature.measure.value.replace("_", " ")),
        ("Events", feature.events.words if feature.events else "none: read from the profile or the whole base"),
        ("Part", feature.part.words if feature.part else ""),
        ("Without an event", feature.nulls.value),
        ("In the past", past[feature.parity]),
        ("Made of", feature.lineage),
        ("Type", feature.dtype),
        ("Entity", feature.entity),
        ("Sensitivity", feature.sensitivity.value),
        ("Purpose", feature.purpose.label),
        ("Owner", feature.owner),
    ]


def coverage(one: Standing) -> str:
    """The share with a value, then and now, in a sentence."""
    if one.known_before is None:
        return f"{in_percent(one.known)} have a value."
    return f"{in_percent(one.known)} have a value; {in_percent(one.known_before)} had one then."
