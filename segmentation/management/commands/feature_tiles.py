"""Make day tiles of busy customers that are missing, or all of them from the events: `feature_tiles --rebuild`."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from iaros.lib import clock
from iaros.lib.commands import ReportCommand
from segmentation.features import day_tiles


class Command(ReportCommand):
    help = __doc__ or ""

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="from the events, also where they seem right")

    def report(self, *, rebuild: bool, **options: Any) -> dict[str, Any]:
        return asdict(day_tiles.keep(clock.airline_day(clock.now()), anew=rebuild))
