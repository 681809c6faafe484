"""`manage.py ingest SOURCE FILE...`: take files in, with a progress bar and a report of what became of every row."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from iaros.lib.commands import Refused, ReportCommand
from profiles import pipeline
from profiles.selectors import faults_of
from profiles.sources.catalogue import CONNECTORS

TOTALS = ("read", "new", "updated", "unchanged", "quarantined")


class Command(ReportCommand):
    help = "Take in files of one source. Safe to repeat: what landed before is unchanged."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help=f"auto, or one of {', '.join(CONNECTORS)}")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def report(self, *, source: str, files: list[Path], **options: Any) -> dict[str, Any]:
        reports = []
        with _bar(self.console) as bar:
            for file in files:
                task = bar.add_task(file.name, total=None)

                def show(*, phase: str, done: int, total: int, task: Any = task) -> None:
                    bar.update(task, description=phase, completed=done, total=total)

                try:
                    reports.append(pipeline.ingest(source, file, progress=show))
                except (pipeline.UnknownSource, pipeline.FileRefused) as error:
                    raise Refused(f"{file}: {error}" if str(file) not in str(error) else str(error)) from None
        rows = [{**report.as_dict(), "faults": faults_of(report.run_id)} for report in reports]
        totals = {name: sum(row[name] for row in rows) for name in TOTALS}
        seconds = round(sum(row["seconds"] for row in rows), 3)
        return {"source": source, **totals, "seconds": seconds, "files": rows}

    def render(self, document: dict[str, Any]) -> None:
        counts = ", ".join(f"{document[name]:,} {name}" for name in TOTALS)
        self.stdout.write(f"{document['source']}: {counts} in {document['seconds']:.1f} s")
        for file in document["files"]:
            for fault in file["faults"]:
                row = f"row {fault['row']}: {fault['field']}: {fault['reason']}; expected {fault['expected']}"
                self.stdout.write(f"  {file['file']}, {row}")


def _bar(console: Any) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
