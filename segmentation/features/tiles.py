"""Bucket, then cumulate: every event falls once into (row, window bucket), and windows are running sums over buckets.

Comes in: events as columns, each with the row it belongs to and its age before that row's T in whole microseconds; of
one customer also what whole days came to already. Goes out: what `measures` makes features of. All sums are of whole
numbers, so their order does not change the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from profiles.models import EventKind
from segmentation.features import calendar
from segmentation.features.grammar import LIFETIME, WINDOWS, EventFilter

if TYPE_CHECKING:
    from segmentation.features.partials import Body

DAY = 86_400_000_000
_EDGES = np.array([window * DAY for window in WINDOWS if window != LIFETIME], dtype=np.int64)
_COLUMNS = len(WINDOWS)
_NEVER = np.iinfo(np.int64).max
_BEST: dict[str, tuple[np.ufunc, float]] = {"largest": (np.maximum, -np.inf), "smallest": (np.minimum, np.inf)}
Floats = NDArray[np.float64]
# One thing asked of the events of a filter: what, of which events, and for sums the column and whether it is counted.
Slot = tuple[Any, ...]


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
    """The events of `rows` rows, folded as far as the features ask for; each piece is computed once.

    A single row may stand on a `body`: what whole days before its T (`at`, in microseconds) came to, without the
    events. It is then as if these were among `events`.
    """

    events: Events
    row: NDArray[np.int64]
    age: NDArray[np.int64]
    rows: int
    body: Body | None = None
    at: int = 0
    _made: dict[Slot, Any] = field(default_factory=dict)

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
        return self.total(events, "", window)

    def total(self, events: EventFilter, column: str, window: int) -> Floats:
        return self.ask(("sum", events, column, False))[WINDOWS.index(window)]

    def known(self, events: EventFilter, column: str, window: int) -> Floats:
        """How many of the events have a value in `column`."""
        return self.ask(("sum", events, column, True))[WINDOWS.index(window)]

    def squares(self, events: EventFilter, window: int) -> Floats:
        """Sum of the squared values, in the squared hundredth of the currency."""
        return self.ask(("squares", events))[WINDOWS.index(window)]

    def largest(self, events: EventFilter, window: int) -> Floats:
        return self.ask(("largest", events))[WINDOWS.index(window)]

    def smallest(self, events: EventFilter, window: int) -> Floats:
        return self.ask(("smallest", events))[WINDOWS.index(window)]

    def ask(self, slot: Slot) -> Floats:
        """A sum or an extreme of the values, by window and row; the extreme of nothing is NaN."""
        return self._once(slot, lambda: self._outmost(slot) if slot[0] in _BEST else self._summed(slot))

    def _summed(self, slot: Slot) -> Floats:
        chosen, weights = self.chosen(slot[1]), None
        column, known = slot[2:] if slot[0] == "sum" else ("value", False)
        if column:
            values = getattr(self.events, column)[chosen]
            present = ~np.isnan(values)
            chosen, values = chosen[present], values[present]
            weights = None if known else values ** (2 if slot[0] == "squares" else 1)
        code = self.bucket[chosen] * self.rows + self.row[chosen]
        cells = np.bincount(code, weights=weights, minlength=self.rows * _COLUMNS).astype(np.float64)
        return self._over_windows(slot, cells, np.add)

    def _outmost(self, slot: Slot) -> Floats:
        best, empty = _BEST[slot[0]]
        chosen = self.chosen(slot[1])
        chosen = chosen[~np.isnan(self.events.value[chosen])]
        cells = np.full(self.rows * _COLUMNS, empty)
        best.at(cells, self.bucket[chosen] * self.rows + self.row[chosen], self.events.value[chosen])
        reached = self._over_windows(slot, cells, best)
        return np.where(np.isinf(reached), np.nan, reached)

    def _over_windows(self, slot: Slot, cells: Floats, combine: np.ufunc) -> Floats:
        """From buckets to windows: each window is what it adds, combined with the next shorter one."""
        cells = cells.reshape(_COLUMNS, self.rows)
        if self.body is not None:
            combine(cells, self.body.cell(slot)[:, None], out=cells)
        for place in range(1, len(cells)):
            combine(cells[place], cells[place - 1], out=cells[place])
        return cells

    def last(self, events: EventFilter) -> Floats:
        """Age of the youngest event in days; NaN without one."""
        return self._once(("last", events), lambda: self._extreme(("last", events), np.minimum, _NEVER))

    def first(self, events: EventFilter) -> Floats:
        """Age of the oldest event in days; NaN without one."""
        return self._once(("first", events), lambda: self._extreme(("first", events), np.maximum, -1))

    def _extreme(self, slot: Slot, best: np.ufunc, empty: int) -> Floats:
        chosen = self.chosen(slot[1])
        ages = np.full(self.rows, empty, dtype=np.int64)
        best.at(ages, self.row[chosen], self.age[chosen])
        if self.body is not None:
            moments = self.body.cell(slot)
            for moment in moments[np.isfinite(moments)].astype(np.int64).tolist():
                best(ages, self.at - moment, out=ages)
        return np.where(ages == empty, np.nan, ages / DAY)

    def ahead(self, events: EventFilter) -> tuple[Floats, Floats]:
        """Departures at T or later: how many, and the days to the next (NaN without one)."""
        return self._once(("ahead", events), lambda: self._ahead(("ahead", events)))

    def _ahead(self, slot: Slot) -> tuple[Floats, Floats]:
        chosen = self.chosen(slot[1])
        to_go, row, times = self.events.lead_days[chosen] * DAY - self.age[chosen], self.row[chosen], None
        if self.body is not None:
            departs, held = self.body.members(slot, _COLUMNS)
            times = np.concatenate([np.ones(len(row)), held])
            to_go = np.concatenate([to_go, (departs.astype(np.int64) - self.at).astype(np.float64)])
            row = np.concatenate([row, np.zeros(len(departs), dtype=np.int64)])
        coming = to_go >= 0
        nearest = np.full(self.rows, np.inf)
        np.minimum.at(nearest, row[coming], to_go[coming])
        weights = times[coming] if times is not None else None
        counts = np.bincount(row[coming], weights=weights, minlength=self.rows).astype(np.float64)
        return counts, np.where(np.isinf(nearest), np.nan, nearest / DAY)

    def distinct_items(self, events: EventFilter, window: int) -> Floats:
        return np.bincount(self._items(events, window)[0], minlength=self.rows).astype(np.float64)

    def top_share(self, events: EventFilter, window: int) -> Floats:
        """Events of the most usual item, among those that have one; NaN without any."""
        row, times = self._items(events, window)
        most = np.zeros(self.rows)
        np.maximum.at(most, row, times)
        return over(most, np.bincount(row, weights=times, minlength=self.rows).astype(np.float64))

    def _items(self, events: EventFilter, window: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Each different item of each row: the row, and how many events have it."""
        return self._once(("items", events, window), lambda: self._counted_items(events, window))

    def _counted_items(self, events: EventFilter, window: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
        row, code, times = self.items(events, window)
        if self.body is None:
            return row, times
        keys, held = self.body.members(("items", events), WINDOWS.index(window) + 1)
        mine = self.body.keys_of(self.events.item.dictionary)[code]
        members, place = np.unique(np.concatenate([mine, keys]), return_inverse=True)
        counts = np.bincount(place, weights=np.concatenate([times, held]), minlength=len(members))
        return np.zeros(len(members), dtype=np.int64), counts

    def items(self, events: EventFilter, window: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of the events alone: row, code of the item, and how many of the row's events in the window have it."""
        chosen = self.chosen(events)
        chosen = chosen[(self.bucket[chosen] <= WINDOWS.index(window)) & (self.events.item.codes[chosen] >= 0)]
        width = len(self.events.item.dictionary) + 1
        pairs, times = np.unique(self.row[chosen] * width + self.events.item.codes[chosen], return_counts=True)
        return pairs // width, pairs % width, times

    def asked(self) -> tuple[Slot, ...]:
        """What was asked of the events so far; of a set once, whatever the windows."""
        kinds = ("sum", "squares", "largest", "smallest", "last", "first", "ahead")
        return tuple(
            dict.fromkeys(slot if slot[0] in kinds else slot[:2] for slot in self._made if slot[0] in (*kinds, "items"))
        )

    def _once(self, key: Slot, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def no_events() -> Events:
    """Columns without a row."""
    whole, number, word = np.zeros(0, dtype=np.int64), np.zeros(0), Words(np.zeros(0, dtype=np.int32), ())
    return Events(whole, whole, whole, whole.astype(np.int16), number, number, number, word, word, word, word)


@cache
def _of_kinds(kinds: tuple[EventKind, ...]) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[[int(kind) for kind in kinds]] = True
    return table


def over(top: Floats, bottom: Floats) -> Floats:
    """Division where nothing over nothing is NaN."""
    return np.divide(top, bottom, out=np.full(len(top), np.nan), where=bottom > 0)
