"""Does the whole site answer? Signs in over HTTP as the people and the partner of the demo and opens everything."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings

from iaros.accounts import demo
from iaros.lib.commands import Refused, ReportCommand
from iaros.management import site_pages, site_routes


class Command(ReportCommand):
    failed = False
    help = "Open every page and call every route of a running platform; exit 1 when one does not answer."

    def add_options(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", required=True, help="where it runs, e.g. http://127.0.0.1:8000")

    def report(self, *, url: str, **options: Any) -> dict[str, Any]:
        if not (settings.VAR_DIR / "demo_logins.json").exists():
            raise Refused("There are no demo logins: only an installation with the demo can be verified.")
        known = demo.logins()
        url = url.rstrip("/")
        pages, closed = site_pages.check(url, known["logins"])
        routes, silent = site_routes.check(url, known["api_client"], site_pages.someone())
        self.failed = bool(closed or silent)
        return {"checked": pages + routes, "failed": [asdict(failure) for failure in closed + silent]}

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if self.failed:
            sys.exit(1)

    def render(self, document: dict[str, Any]) -> None:
        for failure in document["failed"]:
            self.stdout.write(f"{failure['status']} {failure['url']}: {failure['why']}")
        self.stdout.write(f"{document['checked']} checked, {len(document['failed'])} failed")
