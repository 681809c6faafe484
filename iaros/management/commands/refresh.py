"""`manage.py refresh`: identity to analytics as of a day, with profiles a stage and a second."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from rich.console import Console
from rich.table import Table

from iaros import pipeline
from iaros.lib import clock, jobs
from iaros.lib.commands import Refused, ReportCommand

TRAIN = {"missing": "missing", "all": True, "none": False}


class Command(ReportCommand):
    help = "Bring identity, profiles, features, scores, segments, recommendations and analytics up to date."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--as-of", help="an ISO date or moment; default: now")
        parser.add_argument("--train", choices=list(TRAIN), default="missing", help="which models to train")

    def report(self, *, as_of: str | None, train: str, **options: Any) -> dict[str, Any]:
        try:
            moment = clock.parse_as_of(as_of)
        except ValueError as error:
            raise Refused(str(error)) from None
        job = jobs.start("refresh", {"as_of": moment.isoformat(), "train": train})
        try:
            with jobs.running(job) as progress:
                reports = pipeline.refresh(moment, train=TRAIN[train], progress=progress)  # type: ignore[arg-type]
                job.result = pipeline.as_result(reports)
        except pipeline.AlreadyRefreshing as error:
            raise Refused(str(error)) from None
        return {"as_of": moment.isoformat(), "job": str(job.id), **job.result}

    def render(self, document: dict[str, Any]) -> None:
        table = Table("stage", "profiles", "seconds", "a second", "note", title=f"Refreshed as of {document['as_of']}")
        for row in document["stages"]:
            figures = (f"{row['profiles']:,}", f"{row['seconds']:.2f}", f"{row['per_second']:,.0f}")
            table.add_row(row["stage"], *figures, row["note"])
        Console().print(table)
