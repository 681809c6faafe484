"""`manage.py watch_inbox`: take in what lies in the watched folder, once or for as long as it runs."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from iaros.lib.commands import ReportCommand
from profiles import inbox


class Command(ReportCommand):
    help = "Take in files of inbox/<source>/ (or inbox/auto/); they move to done or refused with a report beside."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end; always so with --json")
        parser.add_argument("--seconds", type=float, default=5.0, help="between two looks")

    def handle(self, *args: Any, **options: Any) -> None:
        options["once"] = options["once"] or options["as_json"]
        super().handle(*args, **options)

    def report(self, *, once: bool, seconds: float, **options: Any) -> dict[str, Any]:
        self.stderr.write(f"Watching {inbox.prepare()}")
        taken = [each.as_dict() for each in inbox.look()]
        while not once:  # Ends with the process; a file that is being taken in stays where it is.
            for each in inbox.look():
                self.stdout.write(f"{each.source}/{each.file}: {each.state} {each.problem}".rstrip())
            time.sleep(seconds)
        return {"inbox": str(inbox.folder()), "files": taken}

    def render(self, document: dict[str, Any]) -> None:
        for each in document["files"]:
            self.stdout.write(f"{each['source']}/{each['file']}: {each['state']} {each.get('problem', '')}".rstrip())
