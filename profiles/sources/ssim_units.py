"""Cuts a schedule of SSIM chapter 7 into flight legs: record 3 with its data records 4, under the head of its carrier.

What a later issue changes without saying anything of the flight, the serial numbers and the day of creation, stays out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from profiles.sources import line_units
from profiles.sources.contract import Reject
from profiles.sources.units import SHOWN, Unit, whole

RECORD, SERIAL = 200, 194  # bytes of a record, and where its serial number begins
_CHECKED = slice(187, 193)  # of a trailer: the serial number of the record before it


@dataclass
class _Carrier:
    """The carrier's part of the file that is being read."""

    head: bytes = b""
    row: int = 0
    open: bool = False
    leg: list[bytes] = field(default_factory=list)
    leg_row: int = 0
    last_serial: bytes = b""

    def leg_read(self) -> Iterator[Unit]:
        if self.leg:
            yield whole(self.leg_row, b"\n".join(self.leg))
        self.leg = []


def units(file: BinaryIO) -> Iterator[Unit]:
    """The legs of the file. A trailer that is missing, or counts otherwise, is named; the legs go in all the same."""
    carrier = _Carrier()
    for line in line_units.units(file):
        raw = line.raw
        if line.fault or not raw.strip(b"0 \x1a"):  # padding to the block size of a tape
            if line.fault:
                yield line
            continue
        kind = raw[:1]
        if kind == b"3":
            yield from carrier.leg_read()
            carrier.leg, carrier.leg_row = [*filter(None, [carrier.head]), raw[:SERIAL].rstrip()], line.row
        elif kind == b"4" and carrier.leg:
            carrier.leg.append(raw[:SERIAL].rstrip())
        elif kind in (b"1", b"2", b"5"):
            yield from carrier.leg_read()
            if kind == b"5":
                yield from _trailer(carrier, raw, line.row)
                carrier = _Carrier()
            elif kind == b"2":
                yield from _left_open(carrier)
                carrier = _Carrier(raw[:5].rstrip(), line.row, open=True)
        else:
            fault = Reject(-1, "record", f"{raw[:12].decode(errors='replace')!r}", "a record of type 1 to 5")
            yield Unit(line.row, raw[:SHOWN], line.length, fault)
        if kind in b"1234" and len(raw) >= RECORD:
            carrier.last_serial = raw[SERIAL:RECORD]
    yield from carrier.leg_read()
    yield from _left_open(carrier)


def _trailer(carrier: _Carrier, raw: bytes, row: int) -> Iterator[Unit]:
    counted = raw[_CHECKED]
    if carrier.open and counted.isdigit() and carrier.last_serial.isdigit() and counted != carrier.last_serial:
        said = f"the trailer counts to {counted.decode()}, the last record is {carrier.last_serial.decode()}"
        yield Unit(row, raw[:RECORD], 0, Reject(-1, "totals", said, "all records between head and trailer"))


def _left_open(carrier: _Carrier) -> Iterator[Unit]:
    if carrier.open:
        yield Unit(
            carrier.row, carrier.head, 0, Reject(-1, "end", "no trailer", "a record of type 5 after the last leg")
        )
