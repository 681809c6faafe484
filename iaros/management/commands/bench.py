"""`manage.py bench WHAT`: measure on a scratch database; the installation stays as it was."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.benchmarks import features, gates, identity, pipeline, segments, serve, sources, storage
from iaros.demo import SIZES
from iaros.lib.commands import Refused, ReportCommand

GATES, IDENTITY, SOURCES = "gates", "identity", "sources"
MEASURES = {
    "pipeline": (pipeline.measure, 200_000),
    "ingest": (pipeline.measure_ingest, 200_000),
    "storage": (storage.measure, 50_000),
    "features": (features.measure, 50_000),
    "segments": (segments.measure, 50_000),
    SOURCES: (sources.measure, 2_000),
    "serve": (serve.measure, 2_000),
}


class Command(ReportCommand):
    help = "Measure a path on a scratch database and print the figures with the conditions they were taken under."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=[*MEASURES, IDENTITY, GATES])
        parser.add_argument("--customers", type=int, help="size of the base; default: what DESIGN asks for")
        parser.add_argument("--records", type=int, default=identity.RECORDS, help="new records, for identity")
        parser.add_argument("--size", default="medium", help=f"of the demo airline, for gates: {', '.join(SIZES)}")
        parser.add_argument("--source", default="", help="for sources: measure this one only")
        parser.add_argument("--seed", type=int, default=42, help="of the demo airline, for gates")

    def report(self, *, what: str, customers: int | None, size: str, seed: int, **options: Any) -> dict[str, Any]:
        if what == GATES:
            return gates.measure(size, seed, self._say)
        measure, usual = MEASURES.get(what, (None, 1_000_000))
        base = customers or usual
        if base < 1000:
            raise Refused(f"--customers {base}: at least 1,000, or a figure says nothing")
        if measure is None:
            return identity.measure(base, self._say, records=options["records"])
        if what == SOURCES:
            return sources.measure(base, self._say, only=options["source"])
        return measure(base, self._say)

    def _say(self, text: str) -> None:
        self.stderr.write(text)
