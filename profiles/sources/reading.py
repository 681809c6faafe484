"""Hands out the records of a file in bounded chunks, whatever the file looks like.

What no parser should see is set aside here and named: records over a megabyte, NUL bytes, bytes that are not UTF-8,
a header that comes again, the place where a packed file is cut off or damaged.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np

from profiles.sources import edifact_units, json_units, line_units, ssim_units, teletype_units, units, xml_units
from profiles.sources.contract import Connector, Framing, Lines, Reject, Sample
from profiles.sources.opening import open_source
from profiles.sources.units import LONGEST_UNIT, Unit

LINES_A_CHUNK = 10_000
BYTES_A_CHUNK = 16 << 20
LOOKED_AT = 1 << 16


@dataclass
class Chunk:
    """Records fit for a parser, and those that are not, each with its row and the first kilobyte of its text."""

    lines: Lines
    unreadable: list[tuple[int, bytes, Reject]] = field(default_factory=list)
    bytes_read: int = 0
    header: bytes | None = None


def no_lines() -> Lines:
    return Lines([], np.empty(0, dtype=np.int64))


def first_line(path: Path) -> bytes:
    """The file's first line without a byte order mark and its line end."""
    with open_source(path) as file:
        head = file.read(LONGEST_UNIT)
    return head.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].rstrip(b"\r")


def sample(path: Path) -> Sample:
    """What can be seen of the file without taking it in. Raises WrongFile where it cannot be opened."""
    with open_source(path) as file:
        head = file.read(LOOKED_AT)
    return Sample(path.name, head.removeprefix(codecs.BOM_UTF8))


def header_of(path: Path, connector: Connector) -> bytes | None:
    """The line that names the columns, or None where the file has none: a table may come as JSON objects."""
    if connector.framing is Framing.TABLE:
        return None if _is_json(path) else first_line(path)
    return first_line(path) if connector.has_header else None


def chunks(path: Path, connector: Connector, header: bytes | None) -> Iterator[Chunk]:
    """Hand out the file's records, at most LINES_A_CHUNK and about BYTES_A_CHUNK at a time, the header excluded."""
    raw: list[bytes] = []
    rows: list[int] = []
    unreadable: list[tuple[int, bytes, Reject]] = []
    taken = held = 0
    with open_source(path) as file:
        found = _framed(file, connector, header)
        if header is not None:
            found = islice(found, 1, None)
        for unit in found:
            taken += unit.length
            if connector.passes_over and not unit.fault and connector.passes_over(unit.raw):
                continue
            fault = _HEADER_AGAIN if header and unit.raw == header else unit.fault
            if fault:
                unreadable.append((unit.row, unit.raw[: units.SHOWN], fault))
            else:
                raw.append(unit.raw)
                rows.append(unit.row)
                held += len(unit.raw)
            if len(raw) >= LINES_A_CHUNK or held >= BYTES_A_CHUNK or len(unreadable) >= LINES_A_CHUNK:
                yield Chunk(Lines(raw, np.asarray(rows, dtype=np.int64)), unreadable, taken, header)
                raw, rows, unreadable, held = [], [], [], 0
    if raw or unreadable:
        yield Chunk(Lines(raw, np.asarray(rows, dtype=np.int64)), unreadable, taken, header)


_HEADER_AGAIN = Reject(-1, "line", "the header again", "one header, in row 1")


def _framed(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return _FRAMES[connector.framing](file, connector, header)


def _lines(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return line_units.units(file, quoted=connector.quoted)


def _table(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    if header is None:
        return json_units.units(file, within=connector.within)
    return line_units.units(file, quoted=True)


def _json(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return json_units.units(file, within=connector.within)


def _edifact(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return edifact_units.units(file, within=connector.within)


def _xml(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return xml_units.units(file, within=connector.within)


def _document(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return units.document(file)


def _teletype(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return teletype_units.units(file)


def _ssim(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit]:
    return ssim_units.units(file)


_FRAMES: dict[Framing, Callable[[BinaryIO, Connector, bytes | None], Iterator[Unit]]] = {
    Framing.LINES: _lines,
    Framing.TABLE: _table,
    Framing.JSON: _json,
    Framing.EDIFACT: _edifact,
    Framing.XML: _xml,
    Framing.TELETYPE: _teletype,
    Framing.SSIM: _ssim,
    Framing.DOCUMENT: _document,
}


def _is_json(path: Path) -> bool:
    return sample(path).head.lstrip()[:1] in (b"{", b"[")
