"""`manage.py ingest SOURCE FILE...`: take files in, with a progress bar and a report of what became of every row."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from iaros.lib.commands import Refused, ReportCommand
from profiles import pipeline
from profiles.difference import EXAMPLES
from profiles.selectors import faults_of
from profiles.sources.catalogue import CONNECTORS

TOTALS = ("read", "new", "updated", "unchanged", "quarantined")


class Command(ReportCommand):
    help = "Take in files of one source. Safe to repeat: what landed before is unchanged."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help=f"auto, or one of {', '.join(CONNECTORS)}")
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")

    def report(self, *, source: str, files: list[Path], dry_run: bool, **options: Any) -> dict[str, Any]:
        with _bar(self.console) as bar:
            show = _shown(bar)
            try:
                if dry_run:
                    rows = pipeline.preview(source, files, progress=show)
                else:
                    rows = [row for file in files for row in self._file(source, file, show)]
            except (pipeline.UnknownSource, pipeline.FileRefused) as error:
                raise Refused(str(error)) from None
            except pipeline.IngestCancelled as error:
                raise CommandError(str(error)) from None
        totals = {name: sum(row[name] for row in rows) for name in TOTALS}
        seconds = round(sum(row["seconds"] for row in rows), 3)
        document = {"source": source, **totals, "seconds": seconds, "files": rows}
        return {**document, **_differences(rows)} if dry_run else document

    def _file(self, source: str, file: Path, show: Any) -> list[dict[str, Any]]:
        try:
            reports = pipeline.ingest_all(source, file, progress=show)
        except (pipeline.UnknownSource, pipeline.FileRefused) as error:
            raise Refused(f"{file}: {error}" if str(file) not in str(error) else str(error)) from None
        return [{**report.as_dict(), "faults": faults_of(report.run_id)} for report in reports]

    def render(self, document: dict[str, Any]) -> None:
        counts = ", ".join(f"{document[name]:,} {name}" for name in TOTALS)
        self.stdout.write(f"{document['source']}: {counts} in {document['seconds']:.1f} s")
        for file in document["files"]:
            for fault in file.get("faults", ()):
                row = f"row {fault['row']}: {fault['field']}: {fault['reason']}; expected {fault['expected']}"
                self.stdout.write(f"  {file['file']}, {row}")
        if document.get("dry_run"):
            self._render_difference(document)

    def _render_difference(self, document: dict[str, Any]) -> None:
        self.stdout.write("A dry run: nothing was changed.")
        for change in document["overwrites"]:
            first = change["examples"][0]
            example = f"{first['was']} -> {first['becomes']}"
            self.stdout.write(f"  overwrites {change['field']}: {change['count']:,}, such as {example}")
        self.stdout.write(f"  merges people: {document['merges']['count']:,}")
        for reject in document["rejects"]:
            rows = ", ".join(str(each["row"]) for each in reject["examples"])
            self.stdout.write(f"  rejects {reject['field']}: {reject['reason']}: {reject['count']:,}, rows {rows}")


def _differences(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What all the files would change: counts added up, the first ten examples kept."""
    return {
        "dry_run": True,
        "overwrites": _together([row["overwrites"] for row in rows], ("field",)),
        "merges": {
            "count": sum(row["merges"]["count"] for row in rows),
            "examples": [each for row in rows for each in row["merges"]["examples"]][:EXAMPLES],
        },
        "rejects": _together([row["rejects"] for row in rows], ("field", "reason")),
    }


def _together(lists: list[list[dict[str, Any]]], same: tuple[str, ...]) -> list[dict[str, Any]]:
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for entry in (entry for entries in lists for entry in entries):
        kept = found.setdefault(tuple(entry[name] for name in same), {**entry, "count": 0, "examples": []})
        kept["count"] += entry["count"]
        kept["examples"] = [*kept["examples"], *entry["examples"]][:EXAMPLES]
    return sorted(found.values(), key=lambda entry: -entry["count"])


def _shown(bar: Progress) -> Callable[..., None]:
    """A bar a file: each file has a phase of its own."""
    tasks: dict[str, Any] = {}

    def show(*, phase: str, done: int, total: int) -> None:
        if phase not in tasks:
            tasks[phase] = bar.add_task(phase, total=None)
        bar.update(tasks[phase], completed=done, total=total)

    return show


def _bar(console: Any) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)
