"""Compare stored, single and point-in-time values of random customers: `feature_parity --customers 500 --json`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.lib.commands import Refused, ReportCommand
from segmentation.features import parity


class Command(ReportCommand):
    help = __doc__ or ""

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--customers", type=int, default=200)
        parser.add_argument("--seed", type=int, default=1)

    def report(self, *, customers: int, seed: int, **options: Any) -> dict[str, Any]:
        try:
            return parity.compare(customers, seed).to_json()
        except parity.NothingToCompare as refusal:
            raise Refused(str(refusal)) from refusal
