"""Which record gave which field, and how sure that is: packed beside the profile instead of a row a field.

Layout: one byte n, n record ids of 16 bytes, then for each of PERSON_FIELDS one byte record index (255: no value) and
one byte confidence (0 to 255 for 0 to 1).

Most profiles are of one record, which states neighbouring fields with one confidence. They have a byte 0, the id, and
runs of fields: a byte how many and their confidence, or a byte 128 + how many without a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from profiles.sources.contract import PERSON_FIELDS

NONE = 255
_ABSENT = 128


@dataclass(frozen=True)
class Origin:
    """Where a value came from."""

    field: str
    record_id: UUID
    confidence: float


def pack(records: Sequence[bytes], index: Sequence[int], confidence: Sequence[float]) -> bytes:
    """`index` and `confidence` are parallel to PERSON_FIELDS; an index of NONE says that there is no value."""
    tail = bytearray(2 * len(index))
    tail[::2] = bytes(index)
    tail[1::2] = bytes([round(max(0.0, min(sure, 1.0)) * 255) if sure else 0 for sure in confidence])
    return bytes((len(records),)) + b"".join(records) + bytes(tail)


_tails: dict[tuple[tuple[bool, ...], tuple[float, ...]], bytes] = {}


def of_one_record(record: bytes, values: Sequence[str | None], sure: tuple[float, ...]) -> bytes:
    """The provenance of a profile made of one record, `values` and `sure` parallel to PERSON_FIELDS.

    There are only so many shapes of its field part.
    """
    shape = (tuple([value is not None for value in values]), sure)
    tail = _tails.get(shape)
    if tail is None:
        tail = _tails[shape] = _runs(*shape)
    return b"\x00" + record + tail


def _runs(present: Sequence[bool], sure: Sequence[float]) -> bytes:
    tail = bytearray()
    fields = zip(present, map(_as_byte, sure), strict=True)
    for (there, byte), run in groupby(fields, key=lambda field: field if field[0] else (False, 0)):
        count = len(list(run))
        tail += bytes((count, byte)) if there else bytes((_ABSENT + count,))
    return bytes(tail)


def _as_byte(sure: float) -> int:
    return round(max(0.0, min(sure, 1.0)) * 255) if sure else 0


def _laid_out(packed: bytes) -> bytes:
    """A profile of one record in the layout of those of several; any other as it is."""
    if packed[:1] != b"\x00" or len(packed) == 1:  # one byte 0 alone: of no record
        return packed
    pairs, runs = bytearray(), iter(packed[17:])
    for count in runs:
        pairs += bytes((NONE, 0)) * (count - _ABSENT) if count >= _ABSENT else bytes((0, next(runs))) * count
    return b"\x01" + packed[1:17] + bytes(pairs)


def unpack(packed: bytes) -> dict[str, Origin]:
    """The origin of each field that has a value. Fields added after the profile was written are absent."""
    packed = _laid_out(bytes(packed))
    count = packed[0]
    records = [UUID(bytes=packed[1 + i * 16 : 17 + i * 16]) for i in range(count)]
    tail = packed[1 + count * 16 :]
    pairs = zip(PERSON_FIELDS, tail[::2], tail[1::2], strict=False)
    return {name: Origin(name, records[at], sure / 255) for name, at, sure in pairs if at != NONE}


def record_ids(packed: bytes) -> list[UUID]:
    """The records a profile is made of."""
    packed = _laid_out(bytes(packed))
    return [UUID(bytes=packed[1 + i * 16 : 17 + i * 16]) for i in range(packed[0])]
