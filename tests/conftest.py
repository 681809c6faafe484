"""Keys of their own for the tests, and the world of Alice, Bob and Carol for the modules that ask for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction

from privacy import encryption
from profiles import pipeline
from tests import world as people

# The tests' own database is emptied between tests that commit, ledgers included.
os.environ["PGOPTIONS"] = "-c iaros.may_empty=on"


@pytest.fixture(scope="session", autouse=True)
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test reads or writes the keys of the installation."""
    with pytest.MonkeyPatch.context() as patch:
        path = encryption.write_new_keys(tmp_path_factory.mktemp("keys") / "keys.json")
        patch.setattr(settings, "KEYS_FILE", path)
        yield path


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[people.World]:
    """Alice, Bob and Carol, taken in once for a module and taken down after it; a test adds `db` to undo its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield people.build(tmp_path_factory.mktemp("world"))
        transaction.set_rollback(True)


@pytest.fixture
def take_in(db: None, tmp_path: Path) -> Callable[..., pipeline.IngestReport]:
    """Take in a file of a source, given as its documents, its bytes, or as rows of its table."""

    def ingest(source: str, content: object, name: str = "file") -> pipeline.IngestReport:
        path = tmp_path / f"{source}-{name}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif source in TABLES:
            TABLES[source](path, content)
        else:
            people.json_file(path, content)
        return pipeline.ingest(source, path)

    return ingest


TABLES: dict[str, Callable[..., Path]] = {
    "loyalty_members": people.members_file,
    "loyalty_activity": people.activity_file,
    "competitor_fares": people.fares_file,
    "exchange_rates": people.rates_file,
}


@pytest.fixture
def counts() -> Callable[[pipeline.IngestReport], tuple[int, int, int, int]]:
    """new, updated, unchanged, quarantined."""
    return lambda report: (
        report.counts.new,
        report.counts.updated,
        report.counts.unchanged,
        report.counts.quarantined,
    )


@pytest.fixture
def customer() -> Callable[[str], UUID]:
    return people.customer
