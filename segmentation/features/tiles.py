"""Bucket, then cumulate: every event falls once into (row, window bucket), and windows are running sums over buckets.

Comes in: events as columns, each with the row it belongs to and its age before that row's T in whole microseconds.
Goes out: one float64 column per feature. All sums are of whole numbers, so their order does not change the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.features.grammar import LIFETIME, WINDOWS, EventFilter, Feature, Measure

DAY = 86_400_000_000
_EDGES = np.array([window * DAY for window in WINDOWS if window != LIFETIME], dtype=np.int64)
_COLUMNS = len(WINDOWS)
_NEVER = np.iinfo(np.int64).max
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """A text column as codes into its dictionary; -1 is NULL."""

    codes: NDArray[np.int32]
    dictionary: tuple[str, ...]

    def one_of(self, wanted: tuple[str, ...]) -> NDArray[np.bool_]:
        return self._where([word in wanted for word in self.dictionary])

    def going_to(self, destinations: tuple[str, ...]) -> NDArray[np.bool_]:
        """Items are directed routes, "CPH-LPA"."""
        return self._where([word.partition("-")[2] in destinations for word in self.dictionary])

    def _where(self, hits: list[bool]) -> NDArray[np.bool_]:
        # The last place answers for code -1.
        return np.array([*hits, False])[self.codes]

    def taken(self, index: NDArray[np.int64]) -> Words:
        return Words(self.codes[index], self.dictionary)


@dataclass(frozen=True)
class Events:
    """Columns of equal length. `occurred` and `known` are microseconds since 1970; missing numbers are NaN."""

    customer: NDArray[np.int64]
    occurred: NDArray[np.int64]
    known: NDArray[np.int64]
    kind: NDArray[np.int16]
    value: Floats
    quantity: Floats
    lead_days: Floats
    item: Words
    channel: Words
    cabin: Words
    haul: Words

    def __len__(self) -> int:
        return len(self.kind)

    def taken(self, index: NDArray[np.int64]) -> Events:
        columns: dict[str, Any] = {
            name: column.taken(index) if isinstance(column, Words) else column[index]
            for name, column in vars(self).items()
        }
        return Events(**columns)


@dataclass
class Tiles:
    """The events of `rows` rows, folded as far as the features ask for; each piece is computed once."""

    events: Events
    row: NDArray[np.int64]
    age: NDArray[np.int64]
    rows: int
    _made: dict[tuple[object, ...], object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bucket = np.searchsorted(_EDGES, self.age, side="left")

    def chosen(self, events: EventFilter) -> NDArray[np.int64]:
        """Positions of the events that pass the filter."""
        return self._once(("chosen", events), lambda: np.flatnonzero(self._mask(events)))

    def _mask(self, events: EventFilter) -> NDArray[np.bool_]:
        columns = self.events
        mask = _of_kinds(events)[columns.kind]
        for column, wanted in (
            (columns.item, events.items),
            (columns.channel, events.channels),
            (columns.cabin, events.cabins),
            (columns.haul, events.hauls),
        ):
            if wanted:
                mask &= column.one_of(wanted)
        if events.destinations:
            mask &= columns.item.going_to(events.destinations)
        if events.lead_days_to is not None:
            mask &= columns.lead_days <= events.lead_days_to
        return mask

    def count(self, events: EventFilter, window: int) -> Floats:
        return self._cumulated(events, "")[:, WINDOWS.index(window)]

    def total(self, events: EventFilter, column: str, window: int) -> Floats:
        return self._cumulated(events, column)[:, WINDOWS.index(window)]

    def known(self, events: EventFilter, column: str, window: int) -> Floats:
        """How many of the events have a value in `column`."""
        return self._cumulated(events, column, known=True)[:, WINDOWS.index(window)]

    def _cumulated(self, events: EventFilter, column: str, *, known: bool = False) -> Floats:
        return self._once(("sum", events, column, known), lambda: self._fold(self.chosen(events), column, known))

    def _fold(self, chosen: NDArray[np.int64], column: str, known: bool) -> Floats:
        weights = None
        if column:
            values = getattr(self.events, column)[chosen]
            present = ~np.isnan(values)
            chosen, values = chosen[present], values[present]
            weights = None if known else values
        code = self.row[chosen] * _COLUMNS + self.bucket[chosen]
        cells = np.bincount(code, weights=weights, minlength=self.rows * _COLUMNS)
        return np.cumsum(cells.reshape(self.rows, _COLUMNS), axis=1, dtype=np.float64)

    def last(self, events: EventFilter) -> Floats:
        """Age of the youngest event in days; NaN without one."""
        return self._once(("last", events), lambda: self._extreme(events, np.minimum, _NEVER))

    def first(self, events: EventFilter) -> Floats:
        """Age of the oldest event in days; NaN without one."""
        return self._once(("first", events), lambda: self._extreme(events, np.maximum, -1))

    def _extreme(self, events: EventFilter, best: np.ufunc, empty: int) -> Floats:
        chosen = self.chosen(events)
        ages = np.full(self.rows, empty, dtype=np.int64)
        best.at(ages, self.row[chosen], self.age[chosen])
        return np.where(ages == empty, np.nan, ages / DAY)

    def ahead(self, events: EventFilter) -> tuple[Floats, Floats]:
        """Departures at T or later: how many, and the days to the next (NaN without one)."""
        chosen = self.chosen(events)
        to_go = self.events.lead_days[chosen] * DAY - self.age[chosen]
        coming = to_go >= 0
        row, to_go = self.row[chosen][coming], to_go[coming]
        nearest = np.full(self.rows, np.inf)
        np.minimum.at(nearest, row, to_go)
        counts = np.bincount(row, minlength=self.rows).astype(np.float64)
        return counts, np.where(np.isinf(nearest), np.nan, nearest / DAY)

    def distinct_items(self, events: EventFilter, window: int) -> Floats:
        chosen = self.chosen(events)
        chosen = chosen[(self.bucket[chosen] <= WINDOWS.index(window)) & (self.events.item.codes[chosen] >= 0)]
        width = len(self.events.item.dictionary) + 1
        pairs = np.unique(self.row[chosen] * width + self.events.item.codes[chosen])
        return np.bincount(pairs // width, minlength=self.rows).astype(np.float64)

    def _once(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


@cache
def _of_kinds(events: EventFilter) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[[int(kind) for kind in events.kinds]] = True
    return table


def _over(top: Floats, bottom: Floats) -> Floats:
    """Division where nothing over nothing is NaN."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)


def column(tiles: Tiles, feature: Feature) -> Floats:
    """The feature's value for every row. Only for features of events."""
    events, window = feature.events, feature.window
    assert events is not None, f"{feature.name} is no feature of events"
    match feature.measure:
        case Measure.COUNT:
            return tiles.count(events, window)
        case Measure.VALUE_SUM:
            return tiles.total(events, "value", window) / 100
        case Measure.VALUE_MEAN:
            return _mean(tiles, events, "value", window) / 100
        case Measure.QUANTITY_SUM:
            return tiles.total(events, "quantity", window)
        case Measure.QUANTITY_MEAN:
            return _mean(tiles, events, "quantity", window)
        case Measure.LEAD_DAYS_MEAN:
            return _mean(tiles, events, "lead_days", window)
        case Measure.RECENCY_DAYS:
            return tiles.last(events)
        case Measure.FIRST_DAYS:
            return tiles.first(events)
        case Measure.GAP_DAYS:
            return _gap(tiles, events)
        case Measure.OVERDUE:
            return _over(tiles.last(events), _gap(tiles, events))
        case Measure.UPCOMING:
            return tiles.ahead(events)[0]
        case Measure.NEXT_DAYS:
            return tiles.ahead(events)[1]
        case Measure.SHARE:
            assert feature.part is not None
            return _over(tiles.count(feature.part, window), tiles.count(events, window))
        case Measure.TREND:
            pace = _over(tiles.count(events, window), tiles.count(events, 730))
            return pace * (730 / window)
        case Measure.DISTINCT_ITEMS:
            return tiles.distinct_items(events, window)
    raise ValueError(f"{feature.name}: {feature.measure} is not a measure of events")


def _mean(tiles: Tiles, events: EventFilter, name: str, window: int) -> Floats:
    return _over(tiles.total(events, name, window), tiles.known(events, name, window))


def _gap(tiles: Tiles, events: EventFilter) -> Floats:
    return _over(tiles.first(events) - tiles.last(events), tiles.count(events, LIFETIME) - 1)
