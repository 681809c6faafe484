"""`manage.py replay`: take rows that wait in quarantine in again, after a repair, a new code or a new mapping."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from iaros.lib.commands import Refused, ReportCommand
from profiles import pipeline
from profiles.sources.catalogue import CONNECTORS


class Command(ReportCommand):
    help = "Take rows in again that wait in quarantine; those that still cannot go in wait on."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="all rows of a source")
        parser.add_argument("--code-table", default="", help="rows that lacked an entry of this code table")
        parser.add_argument("--row", type=UUID, action="append", default=[], metavar="ID", help="a row by its id")

    def report(self, *, source: str, code_table: str, row: list[UUID], **options: Any) -> dict[str, Any]:
        if source and source not in CONNECTORS:
            raise Refused(f"{source!r} is not a source; the sources are {', '.join(CONNECTORS)}")
        if not (source or code_table or row):
            raise Refused("Name what is to be taken in again: --source, --code-table or --row.")
        reports = pipeline.replay(rows=row, source=source, code_table=code_table)
        return {"runs": [report.as_dict() for report in reports]}

    def render(self, document: dict[str, Any]) -> None:
        for run in document["runs"]:
            counts = ", ".join(f"{run[name]:,} {name}" for name in ("new", "updated", "unchanged", "quarantined"))
            self.stdout.write(f"{run['source']}: {counts}")
