"""What happened to the customers of a block, as far as rules ask: counts and sequences of events before a moment.

Comes in: the kinds asked for and how far back. Goes out: one boolean a customer for each condition. A window of d days
holds the events of [T - d days, T), as the windows of features do.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segmentation.features import facts
from segmentation.features.facts import People, Which
from segmentation.features.tiles import DAY, Events, Words
from segmentation.segments.nodes import Happened, Leaf, Sequence, Step

Mask = NDArray[np.bool_]
_LATE = np.iinfo(np.int64).max
_EARLY = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Happenings:
    """The events of `rows` customers; `customer` in them is the place in the block."""

    events: Events
    rows: int
    at: int
    chosen: dict[Step, NDArray[np.int64]] = field(default_factory=dict)

    def holds(self, leaf: Happened | Sequence) -> Mask:
        return self._counted(leaf) if isinstance(leaf, Happened) else self._followed(leaf)

    def _counted(self, leaf: Happened) -> Mask:
        places = self._within(self._of(leaf.step), leaf.within_days)
        times = np.bincount(self.events.customer[places], minlength=self.rows)
        return compared(times, leaf.op, leaf.value)

    def _followed(self, leaf: Sequence) -> Mask:
        """The earliest moment at which each step may be done is carried from step to step."""
        reached = np.full(self.rows, _EARLY)
        for nth, step in enumerate(leaf.present):
            places = self._after(self._within(self._of(step), leaf.within_days), reached)
            before, reached = reached, self._extreme(places, np.minimum, _LATE)
            if nth == len(leaf.present) - 1 and leaf.absent is not None:
                # Of all ways to do the steps, the one that ends last leaves the least room for what must not follow.
                last = self._extreme(self._after(places, before), np.maximum, _LATE)
                follows = self._after(self._within(self._of(leaf.absent), leaf.within_days), last)
                done = reached != _LATE
                done[self.events.customer[follows]] = False
                return done
        return reached != _LATE

    def _of(self, step: Step) -> NDArray[np.int64]:
        if step not in self.chosen:
            self.chosen[step] = self._narrowed(step)
        return self.chosen[step]

    def _narrowed(self, step: Step) -> NDArray[np.int64]:
        places = np.flatnonzero(self.events.kind == int(step.kind))
        for column, words in step.where:
            source: Words = getattr(self.events, "item" if column == "to" else column)
            places = places[_lowered(source, going_to=column == "to").one_of(words, places)]
        return places

    def _within(self, places: NDArray[np.int64], days: int) -> NDArray[np.int64]:
        if not days:
            return places
        return places[self.at - self.events.occurred[places] <= days * DAY]

    def _after(self, places: NDArray[np.int64], reached: NDArray[np.int64]) -> NDArray[np.int64]:
        return places[self.events.occurred[places] > reached[self.events.customer[places]]]

    def _extreme(self, places: NDArray[np.int64], best: np.ufunc, nothing: int) -> NDArray[np.int64]:
        found = np.full(self.rows, nothing if best is np.minimum else _EARLY)
        best.at(found, self.events.customer[places], self.events.occurred[places])
        return np.where(found == _EARLY, nothing, found) if best is np.maximum else found


def _lowered(words: Words, *, going_to: bool) -> Words:
    """The same column in lower case; of directed routes the end, where `going_to`."""
    spoken = (word.partition("-")[2] if going_to else word for word in words.dictionary)
    return Words(words.codes, tuple(word.lower() for word in spoken))


def compared(times: NDArray[np.int64], op: str, value: float) -> Mask:
    match op:
        case ">=":
            return times >= value
        case ">":
            return times > value
        case "<=":
            return times <= value
        case "<":
            return times < value
        case "=":
            return times == value
    return times != value


def read(which: Which, texts: pa.Array, leaves: Many[Leaf], at: datetime) -> Happenings:
    """The events that these conditions ask of the customers `texts`, in that order."""
    asked = [leaf for leaf in leaves if isinstance(leaf, Happened | Sequence)]
    steps = [step for leaf in asked for step in ((leaf.step,) if isinstance(leaf, Happened) else leaf.steps)]
    days = [leaf.within_days for leaf in asked]
    since = at - timedelta(days=max(days)) if all(days) else None
    kinds = tuple(sorted({int(step.kind) for step in steps}))
    nobody = np.full(len(texts), np.nan)
    people = People(texts, nobody, nobody, np.full(len(texts), np.datetime64("NaT", "D")), nobody, nobody)
    found = facts.events(which, people, at, kinds=kinds, since=since)
    return Happenings(found, len(texts), facts.microseconds(at))
