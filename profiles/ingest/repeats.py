"""Finds native keys that stand in a file more than once, so that all their rows meet in one batch.

The rule is about the whole file: the last row of a key stands. So the file is scanned for its keys first, sixteen bytes
a row, and earlier rows of a repeated key are held back until the last one comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from profiles.sources import reading
from profiles.sources.contract import Connector, Lines

MOST_IN_MEMORY = 1 << 20
PARTS = 64  # a power of two


@dataclass
class Repeats:
    """`earlier`: place -> key of rows that a later one repeats; `last`: place -> key of those that stand.

    A place is a count of the records that were handed out: several may stand on one line.
    """

    earlier: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    rows: int = 0


def scan(connector: Connector, path: Path, header: bytes | None) -> Repeats:
    """Read the file once for its keys. A file of one chunk needs no scan: its rows meet anyway."""
    chunks = reading.chunks(path, connector, header)
    first, second = next(chunks, None), next(chunks, None)
    if first is None or second is None:
        return Repeats(rows=len(first.lines.raw) + len(first.unreadable) if first else 0)
    before, found = 0, Repeats()
    with ExitStack() as open_files:
        keys = _Keys(open_files)
        for chunk in chain([first, second], chunks):
            line, named = connector.scan(header, chunk.lines)
            keys.add(_hashed(named), before + np.asarray(line, dtype=np.int64))
            before += len(chunk.lines.raw)
        for hashes, places in keys.parts():
            part = _repeated(hashes, places)
            found.earlier |= part.earlier
            found.last |= part.last
            found.rows += part.rows
    return found


def _hashed(keys: Sequence[str]) -> NDArray[np.int64]:
    digests = b"".join([blake2b(key.encode(), digest_size=8).digest() for key in keys])
    return np.frombuffer(digests, dtype=np.int64)


class _Keys:
    """Hashed keys and their places: in memory up to a million of them, beyond that in files by the keys' last bits."""

    def __init__(self, open_files: ExitStack) -> None:
        self._open_files = open_files
        self._held: list[NDArray[np.int64]] = []  # rows of (hash, place)
        self._count = 0
        self._files: list[IO[bytes]] = []

    def add(self, hashes: NDArray[np.int64], places: NDArray[np.int64]) -> None:
        self._held.append(np.stack([hashes, places], axis=1))
        self._count += len(hashes)
        if self._count > MOST_IN_MEMORY:
            self._write_down()

    def _write_down(self) -> None:
        while len(self._files) < PARTS:
            self._files.append(self._open_files.enter_context(TemporaryFile()))  # noqa: SIM115 the stack closes it
        rows = np.concatenate(self._held)
        part = rows[:, 0] & (PARTS - 1)
        for at, file in enumerate(self._files):
            rows[part == at].tofile(file)
        self._held, self._count = [], 0

    def parts(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Everything that was added, equal keys in one part."""
        if not self._files:
            rows = np.concatenate(self._held)
            yield rows[:, 0], rows[:, 1]
            return
        if self._held:
            self._write_down()
        for file in self._files:
            file.seek(0)
            rows = np.fromfile(file, dtype=np.int64).reshape(-1, 2)
            yield rows[:, 0], rows[:, 1]


def _repeated(hashes: np.ndarray, places: np.ndarray) -> Repeats:
    order = np.lexsort((places, hashes))
    ordered = hashes[order]
    same_as_next = np.zeros(len(ordered), dtype=bool)
    same_as_next[:-1] = ordered[:-1] == ordered[1:]
    same_as_previous = np.roll(same_as_next, 1)
    earlier, last = order[same_as_next], order[same_as_previous & ~same_as_next]
    return Repeats(
        earlier=dict(zip(places[earlier].tolist(), hashes[earlier].tolist(), strict=True)),
        last=dict(zip(places[last].tolist(), hashes[last].tolist(), strict=True)),
        rows=len(places),
    )


def gathered(chunks: Iterator[reading.Chunk], repeats: Repeats) -> Iterator[reading.Chunk]:
    """The chunks, with earlier rows of a repeated key moved into the chunk of its last row, in file order."""
    if not repeats.last:
        yield from chunks
        return
    held: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    before = 0
    for chunk in chunks:
        kept: list[tuple[int, bytes]] = []
        for place, (row, raw) in enumerate(zip(chunk.lines.rows.tolist(), chunk.lines.raw, strict=True), start=before):
            key = repeats.earlier.get(place)
            if key is not None:
                held[key].append((row, raw))
                continue
            key = repeats.last.get(place)
            if key is not None:
                kept += held.pop(key, [])
            kept.append((row, raw))
        before += len(chunk.lines.raw)
        chunk.lines = Lines([raw for _, raw in kept], np.array([row for row, _ in kept], dtype=np.int64))
        yield chunk
