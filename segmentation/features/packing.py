"""One vector as few bytes: most of a customer's features are 0 or absent, so only the others are written out.

A row is two bitmaps, a bit a feature and the lowest bit first (has a value other than 0; is absent), then the values
that are there, float32, little-endian. `analytics.feature_at` reads one of them in SQL.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Values = NDArray[np.float32]


def width(features: int) -> int:
    """Bytes of one bitmap."""
    return (features + 7) // 8


def pack(values: Values) -> list[bytes]:
    """Each row as bytes."""
    absent = np.isnan(values)
    # Minus zero is a value of its own: what comes out is to the bit what went in.
    told = (values.view(np.uint32) != 0) & ~absent
    maps = np.hstack([np.packbits(told, axis=1, bitorder="little"), np.packbits(absent, axis=1, bitorder="little")])
    payload = np.ascontiguousarray(values[told], dtype="<f4").tobytes()
    ends = np.cumsum(told.sum(axis=1)) * 4
    head, step = maps.tobytes(), maps.shape[1]
    starts = [0, *ends.tolist()]
    return [head[row * step : (row + 1) * step] + payload[starts[row] : starts[row + 1]] for row in range(len(values))]


def unpack(packed: bytes, lengths: NDArray[np.int64], features: int) -> Values:
    """Rows that were run together, each of its length, as a matrix."""
    raw = np.frombuffer(packed, dtype=np.uint8)
    step = width(features)
    starts = np.cumsum(lengths) - lengths
    heads = starts[:, None] + np.arange(2 * step)
    maps = raw[heads]
    told = np.unpackbits(maps[:, :step], axis=1, count=features, bitorder="little").astype(bool)
    absent = np.unpackbits(maps[:, step:], axis=1, count=features, bitorder="little").astype(bool)
    body = np.ones(len(raw), dtype=bool)
    body[heads] = False
    values = np.zeros((len(lengths), features), dtype=np.float32)
    values[told] = raw[body].view("<f4")
    values[absent] = np.nan
    return values


def unpack_one(packed: bytes, features: int) -> Values:
    return unpack(packed, np.array([len(packed)], dtype=np.int64), features)[0]
