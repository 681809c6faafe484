"""`manage.py estimate MODEL`: estimate a model of numbers that the platform ships, and say how good it is."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros import estimation
from iaros.lib.commands import ReportCommand


class Command(ReportCommand):
    help = "Estimate a shipped model on a demo world and judge it on another seed."
    requires_system_checks = ()

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", choices=("trip_purpose",))
        parser.add_argument("--size", type=int, default=20_000, help="people of each world")
        parser.add_argument("--seed", type=int, default=42)
        parser.add_argument("--judged-on-seed", type=int, default=7)
        parser.add_argument("--write", action="store_true", help="keep the weights beside the enricher")

    def report(self, *, model: str, size: int, seed: int, judged_on_seed: int, **options: Any) -> dict[str, Any]:
        write = options["write"]
        return estimation.trip_purpose_model(size=size, seed=seed, judged_on_seed=judged_on_seed, write=write)
