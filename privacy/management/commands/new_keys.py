"""The keys of a new installation. An existing keys file is never touched, nor replaced over existing customers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

from iaros.lib.commands import ReportCommand
from privacy import encryption


class Command(ReportCommand):
    help = "Write the keys file of a new installation; an existing one is left as it is."
    requires_system_checks = ()

    def report(self, **options: Any) -> dict[str, Any]:
        path = Path(settings.KEYS_FILE)
        existed = path.exists()
        encryption.write_new_keys(path)
        return {"keys_file": str(path), "written": not existed}
