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

from profiles.models import EventKind
from segmentation.features import calendar
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

    def one_of(self, wanted: tuple[str, ...], places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of the events in `places` have one of these words."""
        return self._where([word in wanted for word in self.dictionary], places)

    def going_to(self, destinations: tuple[str, ...], places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Items are directed routes, "CPH-LPA"."""
        return self._where([word.partition("-")[2] in destinations for word in self.dictionary], places)

    def _where(self, hits: list[bool], places: NDArray[np.int64]) -> NDArray[np.bool_]:
        # The last place answers for code -1.
        return np.array([*hits, False])[self.codes[places]]

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
        return self._once(("chosen", events), lambda: self._chosen(events))

    def _chosen(self, events: EventFilter) -> NDArray[np.int64]:
        columns = self.events
        mine = self._once(("kinds", events.kinds), lambda: np.flatnonzero(_of_kinds(events.kinds)[columns.kind]))
        for column, wanted in (
            (columns.item, events.items),
            (columns.channel, events.channels),
            (columns.cabin, events.cabins),
            (columns.haul, events.hauls),
        ):
            if wanted:
                mine = mine[column.one_of(wanted, mine)]
        if events.destinations:
            mine = mine[columns.item.going_to(events.destinations, mine)]
        if events.lead_days_to is not None:
            mine = mine[columns.lead_days[mine] <= events.lead_days_to]
        if events.lead_days_from is not None:
            mine = mine[columns.lead_days[mine] >= events.lead_days_from]
        for part, among in ((0, events.weekdays), (1, events.months)):
            if among:
                mine = mine[np.isin(self._calendar()[part][mine], among)]
        return mine

    def _calendar(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Weekday (1 is Monday) and month of every event, by the airline's clock."""
        return self._once(("calendar",), lambda: calendar.weekday_and_month(self.events.occurred))

    def count(self, events: EventFilter, window: int) -> Floats:
        return self._cumulated(events, "")[WINDOWS.index(window)]

    def total(self, events: EventFilter, column: str, window: int) -> Floats:
        return self._cumulated(events, column)[WINDOWS.index(window)]

    def known(self, events: EventFilter, column: str, window: int) -> Floats:
        """How many of the events have a value in `column`."""
        return self._cumulated(events, column, known=True)[WINDOWS.index(window)]

    def _cumulated(self, events: EventFilter, column: str, *, known: bool = False) -> Floats:
        return self._once(("sum", events, column, known), lambda: self._fold(self.chosen(events), column, known))

    def _fold(self, chosen: NDArray[np.int64], column: str, known: bool, power: int = 1) -> Floats:
        weights = None
        if column:
            values = getattr(self.events, column)[chosen]
            present = ~np.isnan(values)
            chosen, values = chosen[present], values[present]
            weights = None if known else values**power
        code = self.bucket[chosen] * self.rows + self.row[chosen]
        cells = np.bincount(code, weights=weights, minlength=self.rows * _COLUMNS).astype(np.float64)
        return _running(cells.reshape(_COLUMNS, self.rows), np.add)

    def squares(self, events: EventFilter, window: int) -> Floats:
        """Sum of the squared values, in the squared hundredth of the currency."""
        made = self._once(("squares", events), lambda: self._fold(self.chosen(events), "value", known=False, power=2))
        return made[WINDOWS.index(window)]

    def largest(self, events: EventFilter, window: int) -> Floats:
        made = self._once(("largest", events), lambda: self._outmost(events, np.maximum, -np.inf))
        return made[WINDOWS.index(window)]

    def smallest(self, events: EventFilter, window: int) -> Floats:
        made = self._once(("smallest", events), lambda: self._outmost(events, np.minimum, np.inf))
        return made[WINDOWS.index(window)]

    def _outmost(self, events: EventFilter, best: np.ufunc, empty: float) -> Floats:
        chosen = self.chosen(events)
        chosen = chosen[~np.isnan(self.events.value[chosen])]
        cells = np.full(self.rows * _COLUMNS, empty)
        best.at(cells, self.bucket[chosen] * self.rows + self.row[chosen], self.events.value[chosen])
        reached = _running(cells.reshape(_COLUMNS, self.rows), best)
        return np.where(np.isinf(reached), np.nan, reached)

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
        return np.bincount(self._items(events, window)[0], minlength=self.rows).astype(np.float64)

    def top_share(self, events: EventFilter, window: int) -> Floats:
        """Events of the most usual item, among those that have one; NaN without any."""
        row, times = self._items(events, window)
        most = np.zeros(self.rows)
        np.maximum.at(most, row, times)
        return _over(most, np.bincount(row, weights=times, minlength=self.rows).astype(np.float64))

    def _items(self, events: EventFilter, window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Each different item of each row: the row, and how many events have it."""
        return self._once(("items", events, window), lambda: self._counted_items(events, window))

    def _counted_items(self, events: EventFilter, window: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        chosen = self.chosen(events)
        chosen = chosen[(self.bucket[chosen] <= WINDOWS.index(window)) & (self.events.item.codes[chosen] >= 0)]
        width = len(self.events.item.dictionary) + 1
        pairs, times = np.unique(self.row[chosen] * width + self.events.item.codes[chosen], return_counts=True)
        return pairs // width, times

    def _once(self, key: tuple[object, ...], make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


@cache
def _of_kinds(kinds: tuple[EventKind, ...]) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[[int(kind) for kind in kinds]] = True
    return table


def _running(cells: Floats, combine: np.ufunc) -> Floats:
    """From buckets to windows, in place: each window is what it adds, combined with the next shorter one."""
    for place in range(1, len(cells)):
        combine(cells[place], cells[place - 1], out=cells[place])
    return cells


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
        case Measure.VALUE_MIN:
            return tiles.smallest(events, window) / 100
        case Measure.VALUE_MAX:
            return tiles.largest(events, window) / 100
        case Measure.VALUE_STD:
            return _spread(tiles, events, window) / 100
        case Measure.TOP_SHARE:
            return tiles.top_share(events, window)
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


def _spread(tiles: Tiles, events: EventFilter, window: int) -> Floats:
    total, known = tiles.total(events, "value", window), tiles.known(events, "value", window)
    about = tiles.squares(events, window) - total**2 / np.maximum(known, 1)
    return np.sqrt(np.maximum(_over(about, known - 1), 0))


def _gap(tiles: Tiles, events: EventFilter) -> Floats:
    return _over(tiles.first(events) - tiles.last(events), tiles.count(events, LIFETIME) - 1)
