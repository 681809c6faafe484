"""Try our methods on a table of your own: `evaluate propensity bookings.csv --label cancelled --json`."""

import argparse
from typing import Any

from iaros.evaluation import EVALUATIONS
from iaros.lib.commands import Refused, ReportCommand


class Command(ReportCommand):
    help = __doc__ or ""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        for name, evaluation in EVALUATIONS.items():
            kind = kinds.add_parser(name, help=evaluation.title, description=evaluation.title)
            if evaluation.takes_files:
                kind.add_argument("files", nargs="+", metavar="FILE", help="CSV, gzipped CSV or Parquet")
            # `--json` may stand before or after WHAT; only one of the two places may set the default.
            kind.add_argument("--json", action="store_true", dest="as_json", default=argparse.SUPPRESS)
            evaluation.add_options(kind)

    def report(self, **options: Any) -> dict[str, Any]:
        evaluation = EVALUATIONS[options["what"]]
        try:
            return evaluation.run(options)
        except evaluation.refusals as refusal:
            raise Refused(str(refusal)) from refusal
