"""Reservations in the formats of their owners, small and made up."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from django.conf import settings

from profiles.sources import reading
from profiles.sources.contract import Batch, Connector

PUBLIC = Path(settings.BASE_DIR).parent / "shared/data"


def public(name: str) -> Path:
    path = PUBLIC / name
    if not path.exists():
        pytest.skip(f"public data {name} is not here")
    return path


def faults_and_batches(connector: Connector, path: Path) -> tuple[list[tuple[str, str]], list[Batch]]:
    """What the file's records could not be cut or read for (field, reason), and what was read."""
    faults, batches = [], []
    for chunk in reading.chunks(path, connector, reading.header_of(path, connector)):
        batch = connector.read(chunk.header, chunk.lines)
        faults += [(fault.field, fault.reason) for *_, fault in chunk.unreadable]
        faults += [(reject.field, reject.reason) for reject in batch.rejects]
        batches.append(batch)
    return faults, batches


def names(batches: Iterable[Batch]) -> list[tuple[str | None, str | None]]:
    return [
        (given, surname)
        for batch in batches
        for given, surname in zip(batch.person["given_name"], batch.person["surname"], strict=True)
    ]


def rows(batch: Batch, kind: str, *wanted: str) -> list[tuple[object, ...]]:
    table = batch.facts.get(kind)
    return list(zip(*(table[name] for name in wanted), strict=True)) if table else []
