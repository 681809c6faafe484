"""The model catalogue as the pages show it: who speaks, how well it was measured, and what its gate said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from iaros.web.formats import words
from recommendations.selectors import RecommenderStatus, recommender_status
from segmentation.ml import registry
from segmentation.ml.catalogue import SPECS
from segmentation.ml.spec import ModelSpec
from segmentation.models import ModelVersion

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


@dataclass(frozen=True)
class Method:
    """One way of recommending, as it did on the time split; `cold` are travellers without history."""

    name: str
    serves: bool
    ndcg: float | None
    hit_rate: float | None
    cold_ndcg: float | None
    travellers: int | None


@dataclass(frozen=True)
class RecommenderLine:
    status: RecommenderStatus
    methods: list[Method]
    gate: str
    passed: bool
    protocol: str


def recommenders() -> list[RecommenderLine]:
    return [_recommender(status) for status in recommender_status()]


def _recommender(status: RecommenderStatus) -> RecommenderLine:
    told = status.metrics
    gate = told.get("gate", {})
    methods = [_method(name, status.policy, of) for name, of in told.items() if isinstance(of, dict) and "all" in of]
    return RecommenderLine(
        status=status,
        methods=sorted(methods, key=lambda method: -(method.ndcg or 0)),
        gate=str(gate.get("rule", "")),
        passed=bool(gate.get("passed")),
        protocol=str(told.get("protocol", "")),
    )


def _method(name: str, policy: str, of: dict[str, Any]) -> Method:
    everybody, cold = of["all"], of.get("cold") or {}
    return Method(
        name=words(name),
        serves=name == policy,
        ndcg=everybody.get("ndcg"),
        hit_rate=everybody.get("hit_rate"),
        cold_ndcg=cold.get("ndcg"),
        travellers=everybody.get("travellers"),
    )
