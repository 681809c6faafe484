"""Any feed that is a table, read by the airline's own column names: they are changed into ours before the feed reads.

Comes in: a connector that knows its own names alone, and a mapping (theirs -> ours). Goes out: the same feed, whose
lines stay as they came.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from profiles.sources.columns import split_header
from profiles.sources.contract import Batch, Connector, Framing, Lines, plain

_PASSED_OVER = "not read: "


def mappable(connector: Connector) -> Connector:
    """The connector, taking mappings where it is a table and does not take them by itself."""
    if connector.mapped or not (connector.framing is Framing.TABLE or connector.has_header):
        return connector
    return replace(connector, mapped=partial(_mapped, connector))


def _mapped(made: Connector, mapping: Mapping[str, str]) -> Connector:
    return replace(made, read=partial(_read, made, mapping), scan=partial(_scan, made, mapping))


def _read(made: Connector, mapping: Mapping[str, str], header: bytes | None, lines: Lines) -> Batch:
    batch = made.read(*_renamed(made, mapping, header, lines))
    return replace(batch, lines=lines)


def _scan(
    made: Connector, mapping: Mapping[str, str], header: bytes | None, lines: Lines
) -> tuple[NDArray[np.int64], list[str]]:
    return made.scan(*_renamed(made, mapping, header, lines))


def _renamed(
    made: Connector, mapping: Mapping[str, str], header: bytes | None, lines: Lines
) -> tuple[bytes | None, Lines]:
    if header is not None:
        return renamed_header(made, mapping, header), lines
    return None, Lines([renamed_object(mapping, raw) for raw in lines.raw], lines.rows)


def renamed_header(made: Connector, mapping: Mapping[str, str], header: bytes) -> bytes:
    """The header with our names; a column that went by one of them before is passed over."""
    try:
        names, delimiter = split_header(header)
    except (UnicodeDecodeError, csv.Error):
        return header  # the feed says that it cannot be read
    ours = {plain(theirs): our for theirs, our in mapping.items()}
    told = {ours[plain(name)] for name in names if plain(name) in ours}
    taken = {plain(name) for one in made.fields if one.name in told for name in (one.name, *one.aliases)}
    found = [ours.get(plain(name)) or (f"{_PASSED_OVER}{name}" if plain(name) in taken else name) for name in names]
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(found)
    return out.getvalue().encode()


def renamed_object(mapping: Mapping[str, str], raw: bytes) -> bytes:
    """The object with our members beside theirs, which may lie deeper (`guest.card`)."""
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    if not isinstance(document, dict):
        return raw
    found = {our: value for theirs, our in mapping.items() if (value := _member(document, theirs)) is not None}
    return orjson.dumps({**document, **found}) if found else raw


def _member(document: dict[str, Any], path: str) -> Any:
    if path in document:
        return document[path]
    held: Any = document
    for step in path.split("."):
        held = held.get(step) if isinstance(held, dict) else None
    return held
