"""The model catalogue as the pages show it: who speaks, how well it was measured, and what its gate said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recommendations.selectors import RecommenderStatus, recommender_status
from segmentation.ml import registry
from segmentation.ml.catalogue import SPECS
from segmentation.ml.spec import ModelSpec
from segmentation.models import ModelVersion, VersionStatus

# The figures that a line of the list has room for, by what the model predicts.
_TOLD = {"binary": ("roc_auc", "ece", "coverage_90"), "regression": ("spearman", "mae", "coverage_90")}


@dataclass(frozen=True)
class Figure:
    name: str
    value: float


@dataclass(frozen=True)
class ModelLine:
    """One model of the catalogue, the version that speaks for it, and its newest training."""

    spec: ModelSpec
    champion: ModelVersion | None
    newest: ModelVersion | None
    figures: list[Figure] = field(default_factory=list)

    @property
    def state(self) -> tuple[str, str]:
        if self.champion:
            return "Serving", "ok"
        return ("No champion", "warn") if self.newest else ("Not trained", "outline")

    @property
    def checks(self) -> list[dict[str, Any]]:
        return list(self.newest.gate.get("checks", [])) if self.newest else []

    @property
    def passed(self) -> int:
        return sum(1 for check in self.checks if check["passed"])


def figures(version: ModelVersion | None, names: tuple[str, ...] = ()) -> list[Figure]:
    """Measured numbers of a version; all of them if no names are given."""
    metrics = version.metrics if version else {}
    wanted = names or tuple(metrics)
    return [Figure(name, float(metrics[name])) for name in wanted if isinstance(metrics.get(name), int | float)]


def model_lines() -> list[ModelLine]:
    return [_line(spec) for spec in SPECS.values()]


def _line(spec: ModelSpec) -> ModelLine:
    champion = registry.champion(spec.name)
    newest = next(iter(registry.versions(spec.name, limit=1)), None)
    shown = champion or newest
    told = figures(shown, _TOLD.get(spec.objective, ()))
    return ModelLine(spec, champion, newest, told or figures(shown)[:3])


def get_model(name: str) -> ModelLine | None:
    return _line(SPECS[name]) if name in SPECS else None


def versions(name: str) -> list[ModelVersion]:
    return registry.versions(name, limit=20)


def speaking(name: str) -> list[Any]:
    """Who spoke when, newest first."""
    return registry.history(name, limit=10)


def recommenders() -> list[RecommenderStatus]:
    return recommender_status()


def short_of_gate(version: ModelVersion) -> bool:
    return version.status == VersionStatus.SHORT
