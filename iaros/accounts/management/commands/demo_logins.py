"""A login per role and an API client for the demo airline; printed again as they are on every call."""

from __future__ import annotations

from typing import Any

from iaros.accounts import demo
from iaros.lib.commands import ReportCommand


class Command(ReportCommand):
    help = "Create the demo's users and API client, or print those there are."

    def report(self, **options: Any) -> dict[str, Any]:
        return demo.logins()
