"""Opens a file, plain or gzip, and hands out its lines in bounded chunks.

What no parser should see is set aside here and named: lines over a megabyte, NUL bytes, bytes that are not UTF-8,
a header that comes again, the place where a gzip file is cut off or damaged.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from profiles.sources.contract import Lines, Reject, WrongFile

LINES_A_CHUNK = 10_000
LONGEST_LINE = 1 << 20
MOST_LINES_A_RECORD = 50
_BLOCK = 1 << 20


@dataclass
class Chunk:
    """Lines fit for a parser, and those that are not, each with its row and the first kilobyte of its text."""

    lines: Lines
    unreadable: list[tuple[int, bytes, Reject]] = field(default_factory=list)
    bytes_read: int = 0
    header: bytes | None = None


def open_source(path: Path) -> BinaryIO:
    """Open the file for reading, unpacking gzip and turning UTF-16 into UTF-8.

    Raises WrongFile when there is no such file, or when it is a format nobody here reads.
    """
    try:
        raw: BinaryIO = path.open("rb")
    except OSError as error:
        raise WrongFile(f"{path}: cannot be read: {error.strerror}") from None
    head = raw.read(4)
    raw.seek(0)
    if head[:2] == b"\x1f\x8b":
        raw = io.BufferedReader(_Unpacked(raw), _BLOCK)
        head = raw.peek(4)[:4]
    if head[:4] in (b"PK\x03\x04", b"PAR1"):
        raw.close()
    if head[:4] == b"PK\x03\x04":
        raise WrongFile(f"{path}: is a zip archive; expected the file itself, plain or gzip")
    if head[:4] == b"PAR1":
        raise WrongFile(f"{path}: is Parquet; expected text")
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return cast(BinaryIO, _Transcoded(raw))
    return raw


class _Unpacked(io.RawIOBase):
    """A gzip file, unpacked as far as it is whole; `damage` says why it ended early, if it did."""

    def __init__(self, raw: BinaryIO) -> None:
        self._file, self._gzip = raw, gzip.GzipFile(fileobj=raw)
        self.damage = ""

    def close(self) -> None:
        self._file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self.damage:
            return 0
        try:
            part = self._gzip.read1(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            self.damage = str(error)
            return 0
        buffer[: len(part)] = part
        return len(part)


class _Transcoded(io.RawIOBase):
    """A UTF-16 file, read as UTF-8."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw = getattr(raw, "raw", None)  # says where a gzip file underneath ends early
        self._text = io.TextIOWrapper(raw, encoding="utf-16", errors="replace", newline="")

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._text.read(size).encode()

    def close(self) -> None:
        self._text.close()
        super().close()


def no_lines() -> Lines:
    return Lines([], np.empty(0, dtype=np.int64))


def first_line(path: Path) -> bytes:
    """The file's first line without a byte order mark and its line end."""
    with open_source(path) as file:
        head = file.read(LONGEST_LINE)
    return head.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0].rstrip(b"\r")


def chunks(path: Path, *, header: bool, quoted: bool = False) -> Iterator[Chunk]:
    """Hand out the file's lines, LINES_A_CHUNK at a time, header excluded. Blank lines are no rows.

    `quoted`: a line break inside double quotes (RFC 4180) does not end the line.
    Of a gzip file that is cut off the whole lines before the cut are handed out, and the cut is named.
    """
    first: bytes | None = None
    raw: list[bytes] = []
    rows: list[int] = []
    unreadable: list[tuple[int, bytes, Reject]] = []
    taken = 0
    for row, line, length in _lines(path, quoted):
        taken += length + 1
        if header and row == 1:
            first = line
            continue
        if not line and not isinstance(line, _Cut):
            continue
        fault = _HEADER_AGAIN if line == first else _fault(line, length, quoted)
        if fault:
            unreadable.append((row, line[:1024], fault))
        else:
            raw.append(line)
            rows.append(row)
        if len(raw) >= LINES_A_CHUNK:
            yield Chunk(Lines(raw, np.asarray(rows, dtype=np.int64)), unreadable, taken)
            raw, rows, unreadable = [], [], []
    if raw or unreadable:
        yield Chunk(Lines(raw, np.asarray(rows, dtype=np.int64)), unreadable, taken)


class _Cut(bytes):
    """What was read of the line in which a gzip file ends early."""

    damage: str


_HEADER_AGAIN = Reject(-1, "line", "the header again", "one header, in row 1")


def _fault(line: bytes, length: int, quoted: bool) -> Reject | None:
    if isinstance(line, _Cut):
        return Reject(-1, "line", f"the gzip file ends here: {line.damage}"[:200], "a whole gzip file")
    if length > LONGEST_LINE:
        return Reject(-1, "line", f"{length:,} bytes long", f"at most {LONGEST_LINE:,} bytes")
    if b"\0" in line:
        return Reject(-1, "line", f"NUL byte at position {line.index(0) + 1}", "text without NUL bytes")
    if quoted and b"\r" in line:
        return Reject(-1, "line", f"carriage return at position {line.index(13) + 1}", "lines that end in LF or CR LF")
    if quoted and line.count(b'"') % 2:
        return Reject(-1, "line", "a quote that is not closed", "double quotes in pairs")
    if not line.isascii():
        try:
            line.decode()
        except UnicodeDecodeError as error:
            return Reject(
                -1, "line", f"not UTF-8: byte {line[error.start]:#04x} at position {error.start + 1}", "UTF-8"
            )
    return None


def _lines(path: Path, quoted: bool) -> Iterator[tuple[int, bytes, int]]:
    """Yield (row number, line, its true length); of a line that is too long only the beginning is kept.

    A record whose quotes stay open for more than MOST_LINES_A_RECORD lines was never meant to: its first line is
    yielded alone, to be rejected, and the following ones are read afresh.
    """
    waiting: deque[tuple[int, bytes, int]] = deque()
    held: list[tuple[int, bytes, int]] = []  # the physical lines of one record whose quotes are still open
    source = _numbered(path)
    while True:
        item = waiting.popleft() if waiting else next(source, None)
        if item is None and not held:
            return
        if item is None or (len(held) >= MOST_LINES_A_RECORD):
            yield held[0]
            waiting.extendleft(reversed([*held[1:], *([item] if item else [])]))
            held = []
            continue
        closes = quoted and b'"' in item[1] and item[1].count(b'"') % 2 == 1 and not isinstance(item[1], _Cut)
        if held and closes:
            record = b"\n".join(part[1] for part in [*held, item])
            yield held[0][0], record, max(len(record), item[2])
            held = []
        elif held or closes:
            held.append(item)
        else:
            yield item


def _numbered(path: Path) -> Iterator[tuple[int, bytes, int]]:
    for row, (line, length) in enumerate(_physical_lines(path), 1):
        yield row, line.removeprefix(codecs.BOM_UTF8) if row == 1 else line, length


def _physical_lines(path: Path) -> Iterator[tuple[bytes, int]]:
    rest, lost = b"", 0
    with open_source(path) as file:
        while True:
            block = file.read(_BLOCK)
            if not block:
                break
            *whole, tail = block.split(b"\n")
            for line in whole:
                full = rest + line
                yield full.rstrip(b"\r"), len(full) + lost
                rest, lost = b"", 0
            rest += tail
            if len(rest) > LONGEST_LINE:
                # Keep the beginning to show it, count the rest.
                lost += len(rest) - 1024
                rest = rest[:1024]
    damage = getattr(getattr(file, "raw", None), "damage", "")
    if damage:
        cut = _Cut(rest[:1024])
        cut.damage = damage
        yield cut, len(cut)
    elif rest or lost:
        yield rest.rstrip(b"\r"), len(rest) + lost
