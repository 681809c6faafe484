"""A record a line: CSV with its quoted line breaks, fixed width, a JSON object a line."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from profiles.sources.contract import Reject
from profiles.sources.opening import BLOCK, damage_of
from profiles.sources.units import LONGEST_UNIT, SHOWN, Run, Unit, cut_off, fault_of, one_by_one

MOST_LINES_A_RECORD = 50
_ENDS_A_FIELD = (b"", b",", b";", b"\t", b"|", b"\r", b" ")


def units(file: BinaryIO, *, quoted: bool = False) -> Iterator[Unit]:
    """The file's lines; blank lines are no records. What `runs` hands out, one by one."""
    return one_by_one(runs(file, quoted=quoted))


def runs(file: BinaryIO, *, quoted: bool = False) -> Iterator[Unit | Run]:
    """The file's lines, many at once where nothing is wrong with them; blank lines are no records.

    `quoted`: a line break inside double quotes (RFC 4180) does not end the line. A record whose quotes stay open for
    more than MOST_LINES_A_RECORD lines, or close where no field ends, was never meant to: its first line is handed out
    alone, to be rejected, and the following ones are read afresh. Of a packed file that is cut off the whole lines
    before the cut are handed out, and the cut is named.
    """
    waiting: deque[Unit] = deque()
    held: list[Unit] = []  # the physical lines of one record whose quotes are still open
    source = _lines(file, quoted)
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if isinstance(line, Run):
            if not held:
                yield line
                continue
            waiting.extend(line.units())
            line = waiting.popleft()
        if line is None and not held:
            return
        if line is None or (held and (len(held) >= MOST_LINES_A_RECORD or not _goes_on(line.raw))):
            yield _checked(held[0].row, held[0].raw, held[0].length, quoted)
            waiting.extendleft(reversed([*held[1:], *([line] if line else [])]))
            held = []
            continue
        turns = quoted and b'"' in line.raw and line.raw.count(b'"') % 2 == 1 and not line.fault
        if held and turns:
            record = b"\n".join(part.raw for part in [*held, line])
            yield _checked(held[0].row, record, max(len(record), line.length), quoted)
            held = []
        elif held or turns:
            held.append(line)
        elif line.fault:
            yield line
        elif line.raw:
            yield _checked(line.row, line.raw, line.length, quoted)


def _goes_on(line: bytes) -> bool:
    """Whether a line can stand inside open quotes: the first that closes them ends a field.

    A torn record would otherwise swallow the good ones after it up to the next that is torn.
    """
    at = line.find(b'"')
    while at >= 0 and line[at + 1 : at + 2] == b'"':
        at = line.find(b'"', at + 2)
    return at < 0 or line[at + 1 : at + 2] in _ENDS_A_FIELD


def _checked(row: int, raw: bytes, length: int, quoted: bool) -> Unit:
    fault = None
    if quoted and length <= LONGEST_UNIT and b"\0" not in raw:
        if b"\r" in raw:
            said = f"carriage return at position {raw.index(13) + 1}"
            fault = Reject(-1, "line", said, "lines that end in LF or CR LF")
        elif raw.count(b'"') % 2:
            fault = Reject(-1, "line", "a quote that is not closed", "double quotes in pairs")
    fault = fault or fault_of(raw, length)
    return Unit(row, raw[:SHOWN] if fault else raw, length, fault)


def _lines(file: BinaryIO, quoted: bool) -> Iterator[Unit | Run]:
    """The physical lines without their ends, a block of good ones at once; of one too long the beginning is kept."""
    rest, lost, row = b"", 0, 0
    while block := file.read(BLOCK):
        end = block.rfind(b"\n") + 1
        if end and not lost:
            text = rest + block[:end]
            found = _good(text if row else text.removeprefix(codecs.BOM_UTF8), row, quoted)
            if found is not None:
                row += text.count(b"\n")
                rest = block[end:]
                if found.raw:
                    yield found
                continue
        *whole, tail = block.split(b"\n")
        for line in whole:
            full = rest + line
            row += 1
            bare = full.rstrip(b"\r")
            yield Unit(row, bare.removeprefix(codecs.BOM_UTF8) if row == 1 else bare, len(full) + lost)
            rest, lost = b"", 0
        rest += tail
        if len(rest) > LONGEST_UNIT:
            # Keep the beginning to show it, count the rest.
            lost += len(rest) - SHOWN
            rest = rest[:SHOWN]
    row += 1
    damage = damage_of(file)
    if damage:
        yield cut_off(row, rest, damage)
    elif rest or lost:
        bare = rest.rstrip(b"\r")
        yield Unit(row, bare.removeprefix(codecs.BOM_UTF8) if row == 1 else bare, len(rest) + lost)


def _good(text: bytes, before: int, quoted: bool) -> Run | None:
    """The lines of a text that ends with one, or None where one of them has to be looked at more closely."""
    length = len(text)
    if b"\r" in text:
        if text.count(b"\r") != text.count(b"\r\n"):
            return None
        text = text.replace(b"\r\n", b"\n")
    if fault_of(text, 0):
        return None
    lines = text[:-1].split(b"\n")
    if length > LONGEST_UNIT and max(map(len, lines)) >= LONGEST_UNIT:
        return None
    if quoted and b'"' in text and any(line.count(b'"') % 2 for line in lines):
        return None
    rows = np.arange(before + 1, before + 1 + len(lines), dtype=np.int64)
    if b"" in lines:
        filled = [at for at, line in enumerate(lines) if line]
        lines, rows = [lines[at] for at in filled], rows[filled]
    return Run(lines, rows, length)
