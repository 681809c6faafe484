"""Write the stored features of everyone who may be analysed to a Parquet file: `export_features out.parquet`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from iaros.lib.commands import Refused, ReportCommand
from iaros.sdk import export_features
from segmentation.features.catalogue import UnknownFeature


class Command(ReportCommand):
    help = __doc__ or ""

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--names", default="", metavar="A,B", help="these features only")

    def report(self, *, file: Path, names: str, **options: Any) -> dict[str, Any]:
        chosen = [name.strip() for name in names.split(",") if name.strip()]
        try:
            return {"file": str(file), "customers": export_features(file, chosen or None)}
        except (UnknownFeature, OSError) as problem:
            raise Refused(str(problem)) from problem
