"""The whole platform's refresh, left to right: identity, golden, enrichment, features, models, scores, segments,
recommendations, analytics. One runs at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import analytics.pipeline
import profiles.pipeline
import recommendations.pipeline
import segmentation.pipeline
from iaros.lib import leases
from iaros.lib.reports import Progress, StageReport, silent

Train = Literal[True, False, "missing"]


class AlreadyRefreshing(Exception):
    """Another refresh is running; it will bring everything up to date."""


def refresh(as_of: datetime, *, train: Train = "missing", progress: Progress = silent) -> list[StageReport]:
    """Bring everything after the sources to `as_of`; returns a report a stage. Running twice is harmless.

    Raises AlreadyRefreshing.
    """
    with leases.lease("refresh") as free:
        if not free:
            raise AlreadyRefreshing("a refresh is running already; follow it under Jobs")
        return [
            *profiles.pipeline.refresh(as_of=as_of, progress=progress),
            *segmentation.pipeline.refresh(as_of, train=train, progress=progress),
            *recommendations.pipeline.refresh(as_of, progress, train=train is True),
            *analytics.pipeline.refresh(as_of, progress),
        ]


def as_result(reports: list[StageReport]) -> dict[str, Any]:
    """The reports as a job keeps them and a command prints them."""
    return {
        "stages": [report.as_dict() for report in reports],
        "seconds": round(sum(report.seconds for report in reports), 3),
    }
