"""`manage.py pull`: fetch now what would be fetched by the clock."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.lib.commands import ReportCommand
from profiles import pipeline, pulling
from profiles.models import Pull


class Command(ReportCommand):
    help = "Fetch the files of all pulls that are due, or of one source whether due or not."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", help="this source, also if it is not due")

    def report(self, *, source: str | None, **options: Any) -> dict[str, Any]:
        rows = list(Pull.objects.filter(source=source, enabled=True).order_by("id")) if source else pulling.due()
        done = []
        for row in rows:
            told: dict[str, Any] = {"source": row.source, "runs": [], "problem": ""}
            try:
                told["runs"] = pulling.pull(row)
            except (pulling.CannotPull, pipeline.FileRefused, pipeline.UnknownSource) as error:
                told["problem"] = str(error)
            done.append(told)
        return {"pulls": done}
