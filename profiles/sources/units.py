"""What one record of a file is before anything of it is understood: its raw bytes, where it stands, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from profiles.sources.contract import Reject
from profiles.sources.opening import BLOCK, damage_of

LONGEST_UNIT = 1 << 20
SHOWN = 1024  # of what is too long, so much is kept to show it


class Unit(NamedTuple):
    """One record as it came. `row` is the line of the file on which it begins, the first being 1.

    `length` is how many bytes of the file it took; `fault` says why no parser should see it.
    """

    row: int
    raw: bytes
    length: int
    fault: Reject | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """Records that follow each other and have no fault, with their rows; `length` is how many bytes they took."""

    raw: list[bytes]
    rows: NDArray[np.int64]
    length: int

    def units(self) -> Iterator[Unit]:
        """The same one by one."""
        for row, raw in zip(self.rows.tolist(), self.raw, strict=True):
            yield Unit(row, raw, len(raw) + 1)


def one_by_one(found: Iterable[Unit | Run]) -> Iterator[Unit]:
    """Every record by itself."""
    for each in found:
        if isinstance(each, Run):
            yield from each.units()
        else:
            yield each


def fault_of(raw: bytes, length: int) -> Reject | None:
    """What no parser should see, whatever the format: too long, NUL bytes, bytes that are not UTF-8."""
    if length > LONGEST_UNIT:
        return Reject(-1, "line", f"{length:,} bytes long", f"at most {LONGEST_UNIT:,} bytes")
    if b"\0" in raw:
        return Reject(-1, "line", f"NUL byte at position {raw.index(0) + 1}", "text without NUL bytes")
    if raw.isascii():
        return None
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        said = f"not UTF-8: byte {raw[error.start]:#04x} at position {error.start + 1}"
        return Reject(-1, "line", said, "UTF-8")
    return None


def whole(row: int, raw: bytes) -> Unit:
    """A record that was read to its end, kept in full unless it is too long."""
    fault = fault_of(raw, len(raw))
    return Unit(row, raw[:SHOWN] if len(raw) > LONGEST_UNIT else raw, len(raw), fault)


def cut_off(row: int, raw: bytes, damage: str) -> Unit:
    """What was read of the record in which a packed file ends early."""
    fault = Reject(-1, "line", f"the packed file ends here: {damage}"[:200], "a whole gzip or zip file")
    return Unit(row, raw[:SHOWN], len(raw), fault)


def document(file: BinaryIO) -> Iterator[Unit]:
    """The whole file as one record; of one that is too long only the beginning is read."""
    raw, length = file.read(LONGEST_UNIT + 1), 0
    length = len(raw)
    while length > LONGEST_UNIT and (block := file.read(BLOCK)):
        length += len(block)
    damage = damage_of(file)
    if damage:
        yield cut_off(1, raw, damage)
    elif raw.strip():
        fault = fault_of(raw, length)
        yield Unit(1, raw if length <= LONGEST_UNIT else raw[:SHOWN], length, fault)


def unread(file: BinaryIO, fault: Reject) -> Iterator[Unit]:
    """The whole file as one record that nobody reads: as it is, or its beginning where it is no text or too long."""
    for unit in document(file):
        yield Unit(unit.row, unit.raw, unit.length, fault if unit.fault else None)
