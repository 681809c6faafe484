"""Migrations are named and dull, and none is missing."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tests.guards.house import PACKAGES, files, imports, named, told

MIGRATIONS = [path for path in files() if path.parent.name == "migrations" and path.name != "__init__.py"]
_GOOD_NAME = re.compile(r"\d{4}_(?!initial$|auto)[a-z0-9_]+")


def test_migrations__say_what_they_do() -> None:
    faults = [named(path) for path in MIGRATIONS if not _GOOD_NAME.fullmatch(path.stem)]

    assert not faults, told(faults, "Rename the migration for what it does (0007_consent_add_channel):")


def test_migrations__need_nothing_of_ours_but_the_floor() -> None:
    faults = [
        f"{named(path)}:{line} imports {module}"
        for path in MIGRATIONS
        for line, module in imports(path)
        if module.split(".")[0] in PACKAGES and not module.startswith("iaros.lib.")
    ]

    assert not faults, told(faults, "Code moves on, migrations stay: write what is needed into the migration itself:")


@pytest.mark.django_db
def test_migrations__none_is_missing() -> None:
    out = StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=out, no_color=True)
    except (CommandError, SystemExit):
        pytest.fail(f"Run `manage.py makemigrations APP --name what_it_does`.\n{out.getvalue()}")
