"""A record a line: CSV with its quoted line breaks, fixed width, a JSON object a line."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from profiles.sources.contract import Reject
from profiles.sources.opening import BLOCK, damage_of
from profiles.sources.units import LONGEST_UNIT, SHOWN, Unit, cut_off, fault_of

MOST_LINES_A_RECORD = 50


def units(file: BinaryIO, *, quoted: bool = False) -> Iterator[Unit]:
    """The file's lines; blank lines are no records.

    `quoted`: a line break inside double quotes (RFC 4180) does not end the line. A record whose quotes stay open for
    more than MOST_LINES_A_RECORD lines was never meant to: its first line is handed out alone, to be rejected, and the
    following ones are read afresh. Of a packed file that is cut off the whole lines before the cut are handed out, and
    the cut is named.
    """
    waiting: deque[Unit] = deque()
    held: list[Unit] = []  # the physical lines of one record whose quotes are still open
    source = _lines(file)
    while True:
        line = waiting.popleft() if waiting else next(source, None)
        if line is None and not held:
            return
        if line is None or len(held) >= MOST_LINES_A_RECORD:
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


def _lines(file: BinaryIO) -> Iterator[Unit]:
    """The physical lines without their ends; of a line that is too long only the beginning is kept."""
    rest, lost, row = b"", 0, 0
    while block := file.read(BLOCK):
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
