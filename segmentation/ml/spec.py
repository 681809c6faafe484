"""What a model is: one declaration. Everything else (training, gate, scoring, card) follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Check:
    """One condition of a gate, as it came out."""

    name: str
    value: float
    rule: Literal["at least", "at most"]
    limit: float

    @property
    def passed(self) -> bool:
        return self.value >= self.limit if self.rule == "at least" else self.value <= self.limit

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": round(self.value, 6),
            "rule": self.rule,
            "limit": self.limit,
            "passed": self.passed,
        }


@dataclass(frozen=True)
class Gate:
    """What a version must reach on the latest rows before it may speak. Each metric is judged on its own."""

    at_least: Mapping[str, float]
    at_most: Mapping[str, float] = field(default_factory=dict)
    coverage: tuple[float, float] = (0.86, 0.94)
    min_rows: int = 500
    min_outcomes: int = 50

    def judge(self, metrics: Mapping[str, float]) -> list[Check]:
        low, high = self.coverage
        return [
            *(Check(name, metrics[name], "at least", limit) for name, limit in self.at_least.items()),
            *(Check(name, metrics[name], "at most", limit) for name, limit in self.at_most.items()),
            Check("coverage_90", metrics["coverage_90"], "at least", low),
            Check("coverage_90", metrics["coverage_90"], "at most", high),
            Check("rows_test", metrics["rows_test"], "at least", self.min_rows),
            Check("outcomes_test", metrics["outcomes_test"], "at least", self.min_outcomes),
        ]


@dataclass(frozen=True)
class ModelSpec:
    """One model of the catalogue.

    `population_sql` gives `customer_id, at` (and `booking_id` for a booking) of everyone the question applies to
    at a moment: of customers at %(at)s, of bookings made from %(since)s until before %(at)s. `label_sql` reads
    `population` and adds `label`, known at `at` + `horizon_days`. `scoring_sql`, where it differs, gives those to
    be scored at %(at)s. Parameters always given: at, since, horizon_days.
    """

    name: str
    title: str
    question: str
    entity: Literal["customer", "booking"]
    population_sql: str
    label_sql: str
    horizon_days: int
    features: tuple[str, ...]
    objective: Literal["binary", "regression"]
    gate: Gate
    snapshots: int = 4
    snapshot_step_days: int = 60
    scoring_sql: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    estimator: Callable[..., Any] | None = None

    @property
    def sql_for_scoring(self) -> str:
        return self.scoring_sql or self.population_sql
