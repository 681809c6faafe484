"""The match model: what a pair's outcomes weigh. It is plain JSON; neither Splink nor DuckDB is needed to read it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

FORMAT = 1
LEAST = 1e-7


@dataclass(frozen=True)
class LevelWeight:
    """`m`: how often a true pair ends at this level; `u`: how often two strangers do. A neutral one weighs nothing."""

    name: str
    m: float
    u: float
    frequency: str = ""
    neutral: bool = False

    @property
    def weight(self) -> float:
        """In bits: by how many doublings the level speaks for one person."""
        return math.log2(max(self.m, LEAST) / max(self.u, LEAST))


@dataclass(frozen=True)
class MatchModel:
    """`prior`: the probability that two records drawn at random are of one person. `comparisons`: by name, the levels
    in the order of the catalogue, the last being none of them. `frequencies`: by column, the share of records holding
    a value. `threshold`: the weight from which two groups of records are taken for one person; `review` from which a
    person should look. `records`: on how many it was learnt, 0 where nobody said."""

    prior: float
    comparisons: Mapping[str, tuple[LevelWeight, ...]]
    frequencies: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    threshold: float = 0.0
    review: float = 0.0
    learnt_from: str = ""
    records: int = 0

    @property
    def prior_weight(self) -> float:
        return math.log2(self.prior / (1 - self.prior))

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> MatchModel:
        if document.get("format") != FORMAT:
            raise UnknownFormat(f"a match model of format {document.get('format')!r}; this release reads {FORMAT}")
        values = {key: value for key, value in document.items() if key != "format"}
        values["comparisons"] = {
            name: tuple(LevelWeight(**level) for level in levels) for name, levels in document["comparisons"].items()
        }
        return cls(**values)


class UnknownFormat(ValueError):
    """The document is no match model this release can read."""
