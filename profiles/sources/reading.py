"""Hands out the records of a file in bounded chunks, whatever the file looks like.

What no parser should see is set aside here and named: records over a megabyte, NUL bytes, bytes that are not UTF-8,
a header that comes again, the place where a packed file is cut off or damaged.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from profiles.sources import (
    edifact_units,
    json_units,
    line_units,
    ssim_units,
    teletype_units,
    unclaimed,
    units,
    xml_units,
)
from profiles.sources.contract import Connector, Framing, Lines, Reject, Sample
from profiles.sources.opening import open_source
from profiles.sources.units import LONGEST_UNIT, Run, Unit

LINES_A_CHUNK = 10_000
BYTES_A_CHUNK = 8 << 20
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
    growing = _Growing(connector, header)
    with open_source(path) as file:
        for found in _framed(file, connector, header):
            if isinstance(found, Run):
                yield from growing.add_run(found)
            else:
                yield from growing.add(found)
    yield from growing.rest()


class _Growing:
    """The chunk that is being filled."""

    def __init__(self, connector: Connector, header: bytes | None) -> None:
        self.passes_over, self.header = connector.passes_over, header
        self.first = header is not None  # the first record is the header
        self.taken = 0
        self._empty()

    def _empty(self) -> None:
        self.raw: list[bytes] = []
        self.rows: list[int] = []
        self.unreadable: list[tuple[int, bytes, Reject]] = []
        self.held = 0

    def add(self, unit: Unit) -> Iterator[Chunk]:
        if self.first:
            self.first = False
            return
        self.taken += unit.length
        if self.passes_over and not unit.fault and self.passes_over(unit.raw):
            return
        fault = _HEADER_AGAIN if self.header and unit.raw == self.header else unit.fault
        if fault:
            self.unreadable.append((unit.row, unit.raw[: units.SHOWN], fault))
        else:
            self.raw.append(unit.raw)
            self.rows.append(unit.row)
            self.held += len(unit.raw)
        if self._is_full():
            yield self._chunk()

    def add_run(self, run: Run) -> Iterator[Chunk]:
        passed_over = self.passes_over and any(map(self.passes_over, run.raw))
        if passed_over or (self.header and self.header in run.raw[self.first :]):
            for unit in run.units():
                yield from self.add(unit)
            return
        at = int(self.first)
        self.first = False
        self.taken += run.length
        while at < len(run.raw):
            end = at + LINES_A_CHUNK - len(self.raw)
            self.raw += run.raw[at:end]
            self.rows += run.rows[at:end].tolist()
            self.held += sum(map(len, run.raw[at:end]))
            at = end
            if self._is_full():
                yield self._chunk()

    def rest(self) -> Iterator[Chunk]:
        if self.raw or self.unreadable:
            yield self._chunk()

    def _is_full(self) -> bool:
        many = len(self.raw) >= LINES_A_CHUNK or len(self.unreadable) >= LINES_A_CHUNK
        return many or self.held >= BYTES_A_CHUNK

    def _chunk(self) -> Chunk:
        rows = np.array(self.rows, dtype=np.int64)
        chunk = Chunk(Lines(self.raw, rows), self.unreadable, self.taken, self.header)
        self._empty()
        return chunk


_HEADER_AGAIN = Reject(-1, "line", "the header again", "one header, in row 1")


def _framed(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return _FRAMES[connector.framing](file, connector, header)


def _lines(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return line_units.runs(file, quoted=connector.quoted)


def _table(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    if header is None:
        return json_units.runs(file, within=connector.within)
    return line_units.runs(file, quoted=True)


def _json(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return json_units.runs(file, within=connector.within)


def _edifact(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return edifact_units.units(file, within=connector.within)


def _xml(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return xml_units.units(file, within=connector.within)


def _document(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return units.document(file)


def _unread(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return units.unread(file, unclaimed.UNRECOGNISED)


def _teletype(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return teletype_units.units(file)


def _ssim(file: BinaryIO, connector: Connector, header: bytes | None) -> Iterator[Unit | Run]:
    return ssim_units.units(file)


_FRAMES: dict[Framing, Callable[[BinaryIO, Connector, bytes | None], Iterator[Unit] | Iterator[Unit | Run]]] = {
    Framing.LINES: _lines,
    Framing.TABLE: _table,
    Framing.JSON: _json,
    Framing.EDIFACT: _edifact,
    Framing.XML: _xml,
    Framing.TELETYPE: _teletype,
    Framing.SSIM: _ssim,
    Framing.DOCUMENT: _document,
    Framing.UNREAD: _unread,
}


def _is_json(path: Path) -> bool:
    return sample(path).head.lstrip()[:1] in (b"{", b"[")
