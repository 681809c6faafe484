"""One vector as few bytes: most of a customer's features are 0 or absent, and the others repeat each other.

A row is two bitmaps, a bit a feature and the lowest bit first (has a value other than 0; is absent), then what the
first of them names. Windows that hold the same events have the same sums, so a hundred features are two dozen numbers:
these stand once, float32, little-endian, after a byte a feature that says which. A row that would not be shorter by
that has its values themselves instead, and is known by its length. `analytics.feature_at` reads one of them in SQL.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Values = NDArray[np.float32]
Integers = NDArray[np.int64]

_PLACE_BITS, _VALUE_BITS = 12, 32
_MOST_DISTINCT = 256


def width(features: int) -> int:
    """Bytes of one bitmap."""
    return (features + 7) // 8


def pack(values: Values) -> list[bytes]:
    """Each row as bytes."""
    absent = np.isnan(values)
    # Minus zero is a value of its own: what comes out is to the bit what went in.
    told = (values.view(np.uint32) != 0) & ~absent
    maps = np.hstack([np.packbits(told, axis=1, bitorder="little"), np.packbits(absent, axis=1, bitorder="little")])
    counts = told.sum(axis=1)
    distinct, held, which = _once(values, told)
    short = (distinct <= _MOST_DISTINCT) & (counts + 4 * distinct < 4 * counts)
    plain, ends = np.ascontiguousarray(values[told], dtype="<f4").tobytes(), _ends(counts)
    once, ends_once = held.astype("<u4").tobytes(), _ends(distinct)
    head, step, index = maps.tobytes(), maps.shape[1], which.tobytes()
    return [
        head[row * step : (row + 1) * step]
        + (
            index[ends[row] : ends[row + 1]] + once[4 * ends_once[row] : 4 * ends_once[row + 1]]
            if shorter
            else plain[4 * ends[row] : 4 * ends[row + 1]]
        )
        for row, shorter in enumerate(short.tolist())
    ]


def _ends(counts: Integers) -> list[int]:
    return [0, *np.cumsum(counts).tolist()]


def _once(values: Values, told: NDArray[np.bool_]) -> tuple[Integers, NDArray[np.uint32], Bytes]:
    """How many different values each row has, these values, and for each told feature the place of its own among them.

    Row, value and feature make one number, so one sort without an index brings equal values of a row together.
    """
    row, place = np.nonzero(told)
    key = row << (_PLACE_BITS + _VALUE_BITS) | values.view(np.uint32)[told].astype(np.int64) << _PLACE_BITS | place
    key.sort()
    of_value = key >> _PLACE_BITS
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = of_value[1:] != of_value[:-1]
    row = key >> (_PLACE_BITS + _VALUE_BITS)
    distinct = np.bincount(row[fresh], minlength=len(values))
    number = np.cumsum(fresh) - 1 - (np.cumsum(distinct) - distinct)[row]
    which = np.zeros(values.shape, dtype=np.uint8)
    which[row, key & ((1 << _PLACE_BITS) - 1)] = number.astype(np.uint8)  # beyond 255 the row has its values
    return distinct, (of_value[fresh] & 0xFFFFFFFF).astype(np.uint32), which[told]


def unpack(packed: bytes, lengths: Integers, features: int) -> Values:
    """Rows that were run together, each of its length, as a matrix."""
    raw = np.frombuffer(packed, dtype=np.uint8)
    step = width(features)
    starts = np.cumsum(lengths) - lengths
    maps = raw[starts[:, None] + np.arange(2 * step)]
    told = np.unpackbits(maps[:, :step], axis=1, count=features, bitorder="little").astype(bool)
    absent = np.unpackbits(maps[:, step:], axis=1, count=features, bitorder="little").astype(bool)
    values = np.zeros((len(lengths), features), dtype=np.float32)
    values[told] = _told(raw, starts + 2 * step, told.sum(axis=1), lengths - 2 * step)
    values[absent] = np.nan
    return values


def _told(raw: Bytes, begins: Integers, counts: Integers, lengths: Integers) -> Values:
    """The values of the told features, row by row: by the byte that says which, or where they stand themselves."""
    nth = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    plain = np.repeat(lengths == 4 * counts, counts)
    begin = np.repeat(begins, counts)
    at = begin + 4 * nth
    by_number = np.flatnonzero(~plain)
    at[by_number] = (
        begin[by_number]
        + np.repeat(counts, counts)[by_number]
        + 4 * raw[begin[by_number] + nth[by_number]].astype(np.int64)
    )
    return np.ascontiguousarray(raw[at[:, None] + np.arange(4)]).view("<f4").ravel()


def unpack_one(packed: bytes, features: int) -> Values:
    return unpack(packed, np.array([len(packed)], dtype=np.int64), features)[0]
