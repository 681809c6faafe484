"""The catalogue of feeds, as JSON or as the page in docs."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from iaros.lib.commands import ReportCommand
from profiles.sources import reference
from profiles.sources.catalogue import CONNECTORS


class Command(ReportCommand):
    help = "List the sources whose files can be taken in, and their fields."
    requires_system_checks = ()

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--markdown", action="store_true", help="print the page docs/sources.md")

    def handle(self, *args: Any, **options: Any) -> None:
        if options.pop("markdown") and not options["as_json"]:
            self.stdout.write(reference.markdown(), ending="")
            return
        super().handle(*args, **options)

    def report(self, **options: Any) -> dict[str, Any]:
        return {
            "sources": [
                {
                    "name": source.name,
                    "title": source.title,
                    "family": source.family.value,
                    "format": source.format,
                    "version": source.version,
                    "purpose": source.purpose.value,
                    "about_people": source.about_people,
                    "trust": source.trust if source.about_people else None,
                    "freshness_hours": source.freshness_hours,
                    "fields": [asdict(one) for one in source.fields],
                }
                for source in CONNECTORS.values()
            ]
        }
