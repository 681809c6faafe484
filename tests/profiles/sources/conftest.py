"""Reads a file's content with the connector of a source, without a database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from profiles.models import EventKind
from profiles.sources import reading
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Batch

PUBLIC = Path(settings.BASE_DIR).parent / "shared/data"


def public(folder: str) -> Path:
    """A folder of public files; skips the test where it is absent."""
    if not (PUBLIC / folder).is_dir():
        pytest.skip(f"no {PUBLIC / folder}")
    return PUBLIC / folder


def as_csv(*rows: dict[str, Any]) -> bytes:
    """Rows as a CSV with the columns of all of them."""
    written = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = csv.DictWriter(written, names, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return written.getvalue().encode()


def as_json(document: object) -> bytes:
    return json.dumps(document, indent=1).encode()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Batch]:
    """The batch that a source's connector makes of a file of one chunk."""

    def batch(source: str, content: bytes) -> Batch:
        path = tmp_path / source
        path.write_bytes(content)
        connector = CONNECTORS[source]
        header = reading.header_of(path, connector)
        (chunk,) = reading.chunks(path, connector, header)
        found = connector.read(header, chunk.lines)
        line, keys = connector.scan(header, chunk.lines)
        mine = dict(zip(found.line.tolist(), found.native_key, strict=True))
        assert {at: key for at, key in zip(line.tolist(), keys, strict=True) if at in mine} == mine
        return found

    return batch


def events(batch: Batch) -> list[tuple[Any, ...]]:
    """What the batch tells: kind, what about, channel, how much."""
    table = batch.facts.get("events", {"kind": []})
    rows = zip(*(table.get(name, ()) for name in ("kind", "item", "channel", "quantity")), strict=True)
    return [(EventKind(kind).name, item, channel, int(quantity)) for kind, item, channel, quantity in rows]


def consents(batch: Batch) -> list[tuple[str, str, str]]:
    table = batch.facts.get("consents", {"purpose": [], "channel": [], "state": []})
    return list(zip(table["purpose"], table["channel"], table["state"], strict=True))


def keys(batch: Batch) -> list[tuple[str, str, bool]]:
    """The keys of the first mention: kind, value, whether it claims."""
    return [(k.kind.name, k.values[0], bool(k.claims[0])) for k in batch.keys if k.values[0]]


def faults(batch: Batch) -> list[tuple[int, str]]:
    return [(reject.line, reject.field) for reject in batch.rejects]
