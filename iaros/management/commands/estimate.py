"""`manage.py estimate MODEL`: estimate a model of numbers that the platform ships, or the match model on one's own."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros import estimation
from iaros.lib.commands import Refused, ReportCommand
from profiles.identity.matching.estimation import CannotEstimate


class Command(ReportCommand):
    help = (
        "Estimate a shipped model on a demo world and judge it on another seed; or `identity`: the match model, on the "
        "records of this installation, or on a demo world (`--demo`), which is what is shipped."
    )

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("model", choices=("trip_purpose", "identity"))
        parser.add_argument("--size", type=int, default=20_000, help="people of each world")
        parser.add_argument("--seed", type=int, default=42)
        parser.add_argument("--judged-on-seed", type=int, default=7)
        parser.add_argument("--write", action="store_true", help="keep the weights in the file that is shipped")
        parser.add_argument(
            "--demo", action="store_true", help="learn the match model on a demo world of --size people"
        )
        parser.add_argument("--promote", action="store_true", help="let the match model decide from now on")

    def report(self, *, model: str, size: int, seed: int, judged_on_seed: int, **options: Any) -> dict[str, Any]:
        write = options["write"]
        if model == "identity":
            try:
                if options["demo"]:
                    return estimation.shipped_match_model(size=size, seed=seed, write=write)
                return estimation.own_match_model(size=size, promote=options["promote"])
            except CannotEstimate as error:
                raise Refused(str(error)) from error
        return estimation.trip_purpose_model(size=size, seed=seed, judged_on_seed=judged_on_seed, write=write)
