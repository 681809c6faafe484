"""Which record gave which field, and how sure that is: packed beside the profile instead of a row a field.

Layout: one byte 128 + n, n record ids of 16 bytes, then runs of PERSON_FIELDS: a byte how many, the index of their
record and their confidence (0 to 255 for 0 to 1), or a byte 128 + how many without a value.

Many profiles are of one record. They have a byte 0, the id, and runs without an index. Those written before December
2026 have a byte n, the ids, and for each field an index (255: no value) and a confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from profiles.sources.contract import PERSON_FIELDS

NONE = 255
_ABSENT = _IN_RUNS = 128


@dataclass(frozen=True)
class Origin:
    """Where a value came from."""

    field: str
    record_id: UUID
    confidence: float


def pack(records: Sequence[bytes], index: Sequence[int], confidence: Sequence[float]) -> bytes:
    """`index` and `confidence` are parallel to PERSON_FIELDS; an index of NONE says that there is no value.

    Only records that gave a value are kept.
    """
    gave = sorted({at for at in index if at != NONE})
    place = {at: nth for nth, at in enumerate(gave)}
    tail = bytearray()
    fields = ((at, _as_byte(sure) if at != NONE else 0) for at, sure in zip(index, confidence, strict=True))
    for (at, byte), run in groupby(fields):
        count = len(list(run))
        tail += bytes((_ABSENT + count,)) if at == NONE else bytes((count, place[at], byte))
    return bytes((_IN_RUNS + len(gave),)) + b"".join([records[at] for at in gave]) + bytes(tail)


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


def unpack(packed: bytes) -> dict[str, Origin]:
    """The origin of each field that has a value. Fields added after the profile was written are absent."""
    packed = bytes(packed)
    count = packed[0] % _IN_RUNS if packed[0] else int(len(packed) > 1)  # a byte 0 alone: of no record
    records = [UUID(bytes=packed[1 + i * 16 : 17 + i * 16]) for i in range(count)]
    stated = zip(PERSON_FIELDS, fields_of(packed[0], packed[1 + count * 16 :]), strict=False)
    return {name: Origin(name, records[at], sure / 255) for name, (at, sure) in stated if at != NONE}


def fields_of(first: int, tail: bytes) -> list[tuple[int, int]]:
    """Index (NONE: no value) and confidence (0 to 255) of each field, by a provenance's first byte and what stands
    behind its records."""
    if 0 < first < _IN_RUNS:
        return list(zip(tail[::2], tail[1::2], strict=True))
    fields: list[tuple[int, int]] = []
    runs = iter(tail)
    for count in runs:
        if count >= _ABSENT:
            fields += [(NONE, 0)] * (count - _ABSENT)
        else:
            at = next(runs) if first else 0
            fields += [(at, next(runs))] * count
    return fields
