"""Whether the models of the catalogue pass their gates on a demo airline, taken in through its connectors.

The tests of the suite train on small worlds, where a gate may rightly stay shut; this is the measurement that says
what a gate is worth.
"""

from __future__ import annotations

import resource
import time
from typing import Any

from iaros.benchmarks import scratch
from iaros.benchmarks.pipeline import Say
from iaros.management.commands import load_demo
from recommendations.models import ItemKind, RecommenderVersion
from segmentation.ml.catalogue import SPECS
from segmentation.models import ModelVersion, VersionStatus


def measure(size: str, seed: int, say: Say) -> dict[str, Any]:
    """Load a world of that size and seed into a scratch database, train what it trains, and read every gate."""
    with scratch.scratch():
        say(f"loading the demo airline, {size}, seed {seed}")
        started = time.perf_counter()
        loaded = load_demo.load(size, seed, _Said(say))
        seconds = time.perf_counter() - started
        models = [_model(name) for name in SPECS]
        recommenders = [_recommender(kind) for kind in ItemKind]
        return {
            "size": size,
            "seed": seed,
            "passed": all(each["passed"] for each in (*models, *recommenders)),
            "models": models,
            "recommenders": recommenders,
            "load_seconds": round(seconds, 1),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "sources": loaded["sources"],
            "stages": loaded["stages"],
            **scratch.conditions(),
        }


class _Said:
    """A phase is said once, when it begins."""

    def __init__(self, say: Say) -> None:
        self.say, self.phase = say, ""

    def __call__(self, *, phase: str, done: int = 0, total: int = 0) -> None:
        if phase != self.phase:
            self.phase = phase
            self.say(phase)


def _model(name: str) -> dict[str, Any]:
    version = ModelVersion.objects.filter(name=name).order_by("-number").first()
    if version is None:
        return {"name": name, "passed": False, "problem": "not trained"}
    passed = version.status == VersionStatus.PASSED
    return {"name": name, "passed": passed, "checks": version.gate["checks"], "metrics": version.metrics}


def _recommender(kind: ItemKind) -> dict[str, Any]:
    name, version = f"recommend_{kind}", RecommenderVersion.objects.filter(kind=kind, is_champion=True).first()
    if version is None:
        return {"name": name, "passed": False, "problem": "not trained"}
    return {
        "name": name,
        "passed": version.metrics["gate"]["passed"],
        "policy": version.policy,
        "ndcg_10": {policy: version.metrics[policy]["all"]["ndcg"] for policy in ("hybrid", "popularity")},
        "metrics": version.metrics,
    }
