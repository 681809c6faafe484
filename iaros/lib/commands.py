"""The shape of a command that reports: with `--json`, stdout is exactly one document and all else goes to stderr."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.pretty import pretty_repr


class Refused(CommandError):
    """The command understood and will not do it. Ends with exit code 2 and the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, returncode=2)


class ReportCommand(BaseCommand):
    """Subclasses add options and return their report as a dictionary; the rest is the contract of every command.

    Exit codes: 0 carried out, 1 failed, 2 refused with the reason.
    """

    console = Console(stderr=True)
    # Django's checks load every page and route, a second and 150 MB; `up`, the tests and `manage.py check` make them.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON document on stdout")
        self.add_options(parser)

    def add_options(self, parser: ArgumentParser) -> None:
        """Declare the command's own options."""

    def report(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Do the work and return what is to be said about it."""
        raise CommandError(f"{type(self).__module__} does not report")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json = options.pop("as_json")
        try:
            document = self.report(**options)
        except Refused as refusal:
            if as_json:
                self._print({"refused": str(refusal)})
            raise
        if as_json:
            self._print(document)
        else:
            self.render(document)

    def _print(self, document: dict[str, Any]) -> None:
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
        sys.stdout.flush()

    def render(self, document: dict[str, Any]) -> None:
        """Print the report for a person."""
        Console().print(pretty_repr(document))
