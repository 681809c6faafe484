"""The packed form of a ranked list: records of fixed width, ten at most, without the empty places at its end."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

KEPT = 10
NONE = 0xFFFF  # no item: the list ended before


class Source(IntEnum):
    """Whose opinion weighed most."""

    COLLABORATIVE = 1
    CONTENT_BASED = 2
    POPULARITY = 3


class Reason(IntEnum):
    """Why, as a code; `recommendations.ranking.reasons` puts it into words when it is read."""

    BOUGHT_BEFORE = 1
    SEARCHED = 2
    OTHERS_ALSO = 3
    ALIKE = 4
    POPULAR_FROM_HOME = 5
    POPULAR = 6


# evidence: the number of the item the reason points at, or of the home airport for POPULAR_FROM_HOME;
# count: how often, or how many travellers.
RECORD = np.dtype(
    [
        ("item", "<u2"),
        ("score", "<f4"),
        ("source", "u1"),
        ("reason", "u1"),
        ("evidence", "<u2"),
        ("count", "<u4"),
    ]
)
WIDTH = RECORD.itemsize * KEPT


def empty(rows: int) -> NDArray[np.void]:
    """`rows` lists without an item."""
    ranked = np.zeros((rows, KEPT), dtype=RECORD)
    ranked["item"] = ranked["evidence"] = NONE
    return ranked


def packed(ranked: NDArray[np.void]) -> list[bytes]:
    """The lists as bytes, each as long as it has items."""
    raw, held = np.ascontiguousarray(ranked).tobytes(), ranked["item"] != NONE
    lengths = np.where(held.any(axis=1), KEPT - held[:, ::-1].argmax(axis=1), 0) * RECORD.itemsize
    return [raw[row * WIDTH : row * WIDTH + length] for row, length in enumerate(lengths.tolist())]


def unpacked(raw: bytes) -> NDArray[np.void]:
    """The items of one list, in order, without the empty places at its end."""
    ranked = np.frombuffer(raw, dtype=RECORD)
    return ranked[ranked["item"] != NONE]


def popular(counts: NDArray[np.float32], sold: NDArray[np.bool_]) -> NDArray[np.void]:
    """One list of what most travellers bought, of the items still `sold`."""
    order = np.argsort(-counts, kind="stable")
    order = order[sold[order]][:KEPT]
    ranked = empty(1)[0, : len(order)]
    ranked["item"] = ranked["evidence"] = order
    ranked["score"] = counts[order] / max(float(counts.sum()), 1.0)
    ranked["source"], ranked["reason"] = Source.POPULARITY, Reason.POPULAR
    ranked["count"] = counts[order]
    return ranked
