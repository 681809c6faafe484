"""Processes of their own that take files in, so that they can be killed, and their memory be measured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db import connection

BEGIN = "import django; django.setup()\n"


def run(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the code on the database of this test, with the models loaded; what it was given is in sys.argv[1:]."""
    return subprocess.run(
        [sys.executable, "-c", BEGIN + code, *map(str, arguments)],
        env={**os.environ, **environment()},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def environment() -> dict[str, str]:
    """By what a process finds the database, keys and files of this test."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    return {
        "DATABASE_URL": urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}")),
        "IAROS_KEYS_FILE": str(settings.KEYS_FILE),
        "IAROS_VAR_DIR": str(settings.VAR_DIR),
    }
