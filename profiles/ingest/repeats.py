"""Finds native keys that stand in a file more than once, so that all their rows meet in one batch.

The rule is about the whole file: the last row of a key stands. So the file is scanned for its keys first, sixteen bytes
a row, and earlier rows of a repeated key are held back, in a file, until the last one comes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO

import numpy as np
from numpy.typing import NDArray

from profiles.sources import reading
from profiles.sources.contract import Connector, Lines

MOST_IN_MEMORY = 1 << 20
MOST_HELD_IN_MEMORY = 32 << 20  # bytes of rows that wait for the last one of their key
PARTS = 64  # a power of two


@dataclass
class Repeats:
    """Rows that a later one repeats, and rows that stand after earlier ones: their places, ascending, and their keys.

    A place is a count of the records that were handed out: several may stand on one line.
    """

    earlier: Keyed
    last: Keyed
    rows: int = 0
    only: reading.Chunk | None = None  # of a file of one chunk, so that it is not read again


@dataclass(frozen=True)
class Keyed:
    """Hashed keys by their places: sixteen bytes each, since a file may repeat every one of its millions of keys."""

    places: NDArray[np.int64]
    keys: NDArray[np.int64]

    @classmethod
    def of(cls, parts: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]]) -> Keyed:
        """All parts together; each is (places, keys)."""
        places = np.concatenate([np.empty(0, dtype=np.int64), *(places for places, _ in parts)])
        keys = np.concatenate([np.empty(0, dtype=np.int64), *(keys for _, keys in parts)])
        order = np.argsort(places)
        return cls(places[order], keys[order])

    def between(self, first: int, end: int) -> dict[int, int]:
        """place -> key of those from `first` on, before `end`."""
        low, high = np.searchsorted(self.places, [first, end])
        return dict(zip(self.places[low:high].tolist(), self.keys[low:high].tolist(), strict=True))


def none(only: reading.Chunk | None) -> Repeats:
    """No row repeats another, in a file of one chunk or of none."""
    rows = len(only.lines.raw) + len(only.unreadable) if only else 0
    return Repeats(Keyed.of([]), Keyed.of([]), rows, only)


def scan(connector: Connector, path: Path, header: bytes | None) -> Repeats:
    """Read the file once for its keys. A file of one chunk needs no scan: its rows meet anyway."""
    chunks = reading.chunks(path, connector, header)
    first, second = next(chunks, None), next(chunks, None)
    if first is None or second is None:
        return none(first)
    before = 0
    with ExitStack() as open_files:
        keys = _Keys(open_files)
        for chunk in chain([first, second], chunks):
            line, named = connector.scan(header, chunk.lines)
            keys.add(_hashed(named), before + np.asarray(line, dtype=np.int64))
            before += len(chunk.lines.raw)
        found = [_repeated(hashes, places) for hashes, places in keys.parts()]
    return Repeats(
        Keyed.of([earlier for earlier, _, _ in found]),
        Keyed.of([last for _, last, _ in found]),
        sum(rows for *_, rows in found),
    )


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


_Part = tuple[NDArray[np.int64], NDArray[np.int64]]


def _repeated(hashes: np.ndarray, places: np.ndarray) -> tuple[_Part, _Part, int]:
    """Of these rows those that are repeated later and those that stand after earlier ones; and how many rows."""
    order = np.lexsort((places, hashes))
    ordered = hashes[order]
    same_as_next = np.zeros(len(ordered), dtype=bool)
    same_as_next[:-1] = ordered[:-1] == ordered[1:]
    same_as_previous = np.roll(same_as_next, 1)
    earlier, last = order[same_as_next], order[same_as_previous & ~same_as_next]
    return (places[earlier], hashes[earlier]), (places[last], hashes[last]), len(places)


def gathered(chunks: Iterator[reading.Chunk], repeats: Repeats) -> Iterator[reading.Chunk]:
    """The chunks, with earlier rows of a repeated key moved into the chunk of its last row, in file order."""
    if not len(repeats.last.places):
        yield from chunks
        return
    before = 0
    with _Held(repeats.last.keys) as held:
        for chunk in chunks:
            end = before + len(chunk.lines.raw)
            earlier, last = repeats.earlier.between(before, end), repeats.last.between(before, end)
            kept: list[tuple[int, bytes]] = []
            rows = zip(chunk.lines.rows.tolist(), chunk.lines.raw, strict=True)
            for place, (row, raw) in enumerate(rows, start=before):
                if place in earlier:
                    held.put(earlier[place], row, raw)
                    continue
                if place in last:
                    kept += held.taken(last[place])
                kept.append((row, raw))
            before = end
            chunk.lines = Lines([raw for _, raw in kept], np.array([row for row, _ in kept], dtype=np.int64))
            yield chunk


class _Held(ExitStack):
    """Rows that wait for the last one of their key: in a file, each with the place of the one before it."""

    _HEAD = struct.Struct("<qqq")  # where the row before begins, the row's number, its length

    def __init__(self, keys: NDArray[np.int64]) -> None:
        super().__init__()
        self._keys = np.sort(keys)
        self._newest = np.full(len(keys), -1, dtype=np.int64)
        self._file = self.enter_context(SpooledTemporaryFile(MOST_HELD_IN_MEMORY))  # noqa: SIM115 the stack closes it
        self._end = 0

    def put(self, key: int, row: int, raw: bytes) -> None:
        at = np.searchsorted(self._keys, key)
        self._file.seek(self._end)
        self._file.write(self._HEAD.pack(self._newest[at], row, len(raw)) + raw)
        self._newest[at] = self._end
        self._end += self._HEAD.size + len(raw)

    def taken(self, key: int) -> list[tuple[int, bytes]]:
        """The rows of the key, in file order."""
        found, place = [], int(self._newest[np.searchsorted(self._keys, key)])
        while place >= 0:
            self._file.seek(place)
            place, row, length = self._HEAD.unpack(self._file.read(self._HEAD.size))
            found.append((row, self._file.read(length)))
        return found[::-1]
