"""Every published segment with its size, stability, confidence, reason and owner: `segments --json`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.lib.commands import Refused, ReportCommand
from segmentation.segments import steadiness


class Command(ReportCommand):
    help = __doc__ or ""

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1)

    def report(self, *, seed: int, **options: Any) -> dict[str, Any]:
        try:
            return steadiness.report(seed)
        except steadiness.NothingStored as error:
            raise Refused(str(error)) from None

    def render(self, document: dict[str, Any]) -> None:
        for one in document.pop("segments"):
            self.stdout.write(f"{one['size']:>9,}  {one['state']:<9}  {one['name']}")
        super().render(document)
