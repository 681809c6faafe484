"""Finds native keys that stand in a file more than once, so that all their rows meet in one batch.

The rule is about the whole file: the last row of a key stands. So the file is scanned for its keys first, eight bytes a
row, and earlier rows of a repeated key are held back until the last one comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path

import numpy as np

from profiles.sources import reading
from profiles.sources.contract import Connector, Lines


@dataclass
class Repeats:
    """`earlier`: row -> key of rows that a later one repeats; `last`: row -> key of those that stand."""

    earlier: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    rows: int = 0


def scan(connector: Connector, path: Path, header: bytes | None) -> Repeats:
    """Read the file once for its keys. A file of one chunk needs no scan: its rows meet anyway."""
    hashes: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    chunks = reading.chunks(path, connector, header)
    first, second = next(chunks, None), next(chunks, None)
    if first is None or second is None:
        return Repeats(rows=len(first.lines.raw) + len(first.unreadable) if first else 0)
    for chunk in chain([first, second], chunks):
        line, keys = connector.scan(header, chunk.lines)
        hashes.append(np.array([_hashed(key) for key in keys], dtype=np.int64))
        rows.append(chunk.lines.rows[line])
    return _repeated(np.concatenate(hashes), np.concatenate(rows))


def _hashed(key: str) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)


def _repeated(hashes: np.ndarray, rows: np.ndarray) -> Repeats:
    order = np.lexsort((rows, hashes))
    ordered = hashes[order]
    same_as_next = np.zeros(len(ordered), dtype=bool)
    same_as_next[:-1] = ordered[:-1] == ordered[1:]
    same_as_previous = np.roll(same_as_next, 1)
    earlier, last = order[same_as_next], order[same_as_previous & ~same_as_next]
    return Repeats(
        earlier=dict(zip(rows[earlier].tolist(), hashes[earlier].tolist(), strict=True)),
        last=dict(zip(rows[last].tolist(), hashes[last].tolist(), strict=True)),
        rows=len(rows),
    )


def gathered(chunks: Iterator[reading.Chunk], repeats: Repeats) -> Iterator[reading.Chunk]:
    """The chunks, with earlier rows of a repeated key moved into the chunk of its last row, in file order."""
    if not repeats.last:
        yield from chunks
        return
    held: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for chunk in chunks:
        kept: list[tuple[int, bytes]] = []
        for row, raw in zip(chunk.lines.rows.tolist(), chunk.lines.raw, strict=True):
            key = repeats.earlier.get(row)
            if key is not None:
                held[key].append((row, raw))
                continue
            key = repeats.last.get(row)
            if key is not None:
                kept += held.pop(key, [])
            kept.append((row, raw))
        chunk.lines = Lines([raw for _, raw in kept], np.array([row for row, _ in kept], dtype=np.int64))
        yield chunk
