"""`manage.py rollback RUN`: take a run back; the database is as it was before it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from iaros.lib.commands import Refused, ReportCommand
from profiles import pipeline


class Command(ReportCommand):
    help = "Take a run back. Refused, with their names, while later runs build on it."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=UUID, metavar="RUN", help="the run's id, as ingest printed it")
        parser.add_argument("--later", action="store_true", help="take back the runs that built on it as well, first")

    def report(self, *, run: UUID, later: bool, **options: Any) -> dict[str, Any]:
        try:
            reports = pipeline.roll_back(run, later=later)
        except pipeline.CannotRollBack as error:
            raise Refused(str(error)) from None
        return {"run": str(run), "rolled_back": [report.as_dict() for report in reports]}

    def render(self, document: dict[str, Any]) -> None:
        for report in document["rolled_back"]:
            rows = ", ".join(f"{count:,} {table.partition('_')[2]}" for table, count in report["rows"].items())
            self.stdout.write(f"{report['source']}, {report['file']}: taken back ({rows or 'it had changed nothing'})")
