"""What a day's events come to, so that days can be laid together: mergeable partials of everything features ask.

Comes in: the events of whole days of one customer. Goes out: rows of (slot, key, value). A slot is one thing that is
asked of one filter: a sum, an extreme, a set. Sums add up, extremes compare, and the sets of a day (items, departures
ahead) are exact: each member with how often it was there. A `Body` is what days before a moment come to, by window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from segmentation.features.catalogue import FEATURES
from segmentation.features.grammar import WINDOWS, EventFilter
from segmentation.features.measures import slots_of
from segmentation.features.tiles import DAY, Events, Floats, Slot, Tiles

ROW = np.dtype([("slot", "<u2"), ("key", "<u8"), ("value", "<f8")])
_SETS = ("items", "ahead")
_EMPTY = {"largest": -np.inf, "smallest": np.inf, "last": -np.inf, "first": np.inf}
_MERGED: dict[str, np.ufunc] = {
    "largest": np.maximum,
    "smallest": np.minimum,
    "last": np.maximum,
    "first": np.minimum,
}
Rows = NDArray[np.void]


@cache
def slots() -> tuple[Slot, ...]:
    """Everything that the catalogue's features ask of events, in the order of the catalogue."""
    return slots_of(FEATURES)


def fold(events: Events, day: NDArray[np.int64], days: int, ends: NDArray[np.int64]) -> list[Rows]:
    """The rows of each of so many days; `day` is each event's place among them, `ends` the moment each is over."""
    folded = Tiles(events, day, np.zeros(len(events), dtype=np.int64), days)
    place, parts = [], []
    for number, slot in enumerate(slots()):
        of, key, value = _asked(folded, slot, ends)
        rows = np.zeros(len(of), dtype=ROW)
        rows["slot"], rows["key"], rows["value"] = number, key, value
        place.append(of)
        parts.append(rows)
    of_day, rows = np.concatenate(place), np.concatenate(parts)
    order = np.argsort(of_day, kind="stable")
    return np.split(rows[order], np.searchsorted(of_day[order], np.arange(1, days)))


def _asked(folded: Tiles, slot: Slot, ends: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint64], Floats]:
    """Of one slot: the days that have something, the member of a set (0 where it is none), and the value."""
    what, events = slot[0], slot[1]
    if what == "items":
        return _items(folded, events)
    if what == "ahead":
        return _ahead(folded, events, ends)
    values = _moments(folded, what, events) if what in ("last", "first") else folded.ask(slot)[-1]
    there = np.flatnonzero(np.isfinite(values) & ((values != 0) | (what in _MERGED)))
    return there, np.zeros(len(there), dtype=np.uint64), values[there]


def _moments(folded: Tiles, what: str, events: EventFilter) -> Floats:
    chosen = folded.chosen(events)
    found = np.full(folded.rows, _EMPTY[what])
    _MERGED[what].at(found, folded.row[chosen], folded.events.occurred[chosen].astype(np.float64))
    return found


def _items(folded: Tiles, events: EventFilter) -> tuple[NDArray[np.int64], NDArray[np.uint64], Floats]:
    row, code, times = folded.items(events, WINDOWS[-1])
    return row, keys_of(folded.events.item.dictionary)[code], times.astype(np.float64)


def _ahead(
    folded: Tiles, events: EventFilter, ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint64], Floats]:
    """Departures after the end of their day: earlier ones are over whenever the day is."""
    chosen = folded.chosen(events)
    lead, row = folded.events.lead_days[chosen], folded.row[chosen]
    told = ~np.isnan(lead)
    chosen, row, lead = chosen[told], row[told], lead[told]
    departs = folded.events.occurred[chosen] + (lead * DAY).astype(np.int64)
    later = departs >= ends[row]
    pairs, times = np.unique(np.stack([row[later], departs[later]]), axis=1, return_counts=True)
    return pairs[0], pairs[1].astype(np.uint64), times.astype(np.float64)


def keys_of(words: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each word, the same for ever."""
    return np.array([_key_of(word) for word in words], dtype=np.uint64)


@lru_cache(maxsize=65_536)
def _key_of(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


@dataclass(frozen=True)
class Body:
    """What whole days come to, by slot and window bucket: `cells` of shape (slots, windows), and the rows of sets.

    `bucket` says of each row of a set into which bucket its day falls.
    """

    cells: Floats
    sets: Rows
    bucket: NDArray[np.uint8]

    def cell(self, slot: Slot) -> Floats:
        """One number a window bucket; an extreme of nothing is infinite."""
        return self.cells[_number(slot)]

    def members(self, slot: Slot, buckets: int) -> tuple[NDArray[np.uint64], Floats]:
        """Members of a set in the youngest so many buckets, a member of two days twice, and how often each was."""
        mine = (self.sets["slot"] == _number(slot)) & (self.bucket < buckets)
        return self.sets["key"][mine], self.sets["value"][mine]

    def keys_of(self, words: Sequence[str]) -> NDArray[np.uint64]:
        """The members that these words are in a set."""
        return keys_of(words)

    def to_bytes(self) -> tuple[bytes, bytes, bytes]:
        return self.cells.tobytes(), self.sets.tobytes(), self.bucket.tobytes()

    @classmethod
    def from_bytes(cls, cells: bytes, sets: bytes, bucket: bytes) -> Body:
        return cls(
            np.frombuffer(cells).reshape(len(slots()), len(WINDOWS)),
            np.frombuffer(sets, dtype=ROW),
            np.frombuffer(bucket, dtype=np.uint8),
        )


@cache
def _numbers() -> dict[Slot, int]:
    return {slot: number for number, slot in enumerate(slots())}


def _number(slot: Slot) -> int:
    return _numbers()[slot]


def merge(rows: Rows, bucket: NDArray[np.int64], over: int) -> Body:
    """Lay the rows of days together; `bucket` is the window bucket into which each row's day falls.

    Departures before `over`, a moment in microseconds, are left out: they are ahead of nothing that will be asked.
    """
    kinds = np.array([slot[0] for slot in slots()])
    width = len(WINDOWS)
    code = rows["slot"].astype(np.int64) * width + bucket
    held = np.isin(kinds, list(_SETS))[rows["slot"]]
    held &= ~(kinds == "ahead")[rows["slot"]] | (rows["key"] >= np.uint64(over))
    added = ~np.isin(kinds, [*_SETS, *_MERGED])[rows["slot"]]
    summed = np.bincount(code[added], weights=rows["value"][added], minlength=len(kinds) * width)
    cells: Floats = summed.astype(np.float64)
    for what, best in _MERGED.items():
        places = np.flatnonzero(kinds == what)
        cells.reshape(-1, width)[places] = _EMPTY[what]
        mine = np.isin(rows["slot"], places)
        best.at(cells, code[mine], rows["value"][mine])
    return Body(cells.reshape(-1, width), *_together(rows[held], bucket[held]))


def _together(sets: Rows, bucket: NDArray[np.int64]) -> tuple[Rows, NDArray[np.uint8]]:
    """A member of several days of one bucket becomes one row."""
    order = np.lexsort((sets["key"], bucket, sets["slot"]))
    sets, bucket = sets[order], bucket[order]
    if not len(sets):
        return sets, bucket.astype(np.uint8)
    new = (np.diff(sets["slot"].astype(np.int64)) != 0) | (np.diff(bucket) != 0) | (sets["key"][1:] != sets["key"][:-1])
    first = np.flatnonzero(np.concatenate([[True], new]))
    merged = sets[first].copy()
    merged["value"] = np.add.reduceat(sets["value"], first)
    return merged, bucket[first].astype(np.uint8)
