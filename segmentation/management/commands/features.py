"""The catalogue of features, as JSON or as the page in docs."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from iaros.lib.commands import ReportCommand
from segmentation.features import catalogue, reference


class Command(ReportCommand):
    help = "List the features of the catalogue."
    requires_system_checks = ()

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--markdown", action="store_true", help="print the page docs/features.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if options.pop("markdown") and not options["as_json"]:
            self.stdout.write(reference.markdown(), ending="")
            return
        super().handle(*args, **options)

    def report(self, **options: Any) -> dict[str, Any]:
        named = [
            {
                "name": one.name,
                "description": one.description,
                "unit": one.unit,
                "entity": one.entity,
                "dtype": one.dtype,
                "purpose": one.purpose.value,
                "owner": one.owner,
                "sensitivity": one.sensitivity.value,
                "lineage": one.lineage,
                "nulls": one.nulls.value,
                "past": one.parity.value,
            }
            for one in catalogue.BY_NAME.values()
        ]
        return {"catalogue_version": catalogue.VERSION, "features": named}
