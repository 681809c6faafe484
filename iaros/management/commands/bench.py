"""`manage.py bench WHAT`: measure on a scratch database; the installation stays as it was."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.benchmarks import pipeline, storage
from iaros.lib.commands import Refused, ReportCommand

MEASURES = {"pipeline": (pipeline.measure, 200_000), "storage": (storage.measure, 50_000)}


class Command(ReportCommand):
    help = "Measure a path on a scratch database and print the figures with the conditions they were taken under."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=list(MEASURES))
        parser.add_argument("--customers", type=int, help="size of the base; default: what DESIGN asks for")

    def report(self, *, what: str, customers: int | None, **options: Any) -> dict[str, Any]:
        measure, usual = MEASURES[what]
        size = customers or usual
        if size < 1000:
            raise Refused(f"--customers {size}: at least 1,000, or a figure says nothing")
        return measure(size, lambda text: self.stderr.write(text))
