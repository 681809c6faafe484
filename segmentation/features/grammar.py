"""The grammar of features: a measure, over the events that pass a filter, within a window that ends at a moment T.

A window of `d` days holds the events of [T - d days, T): an event at T itself is the future, one exactly `d` days old
is still inside. Batch, single and point-in-time computation all read these declarations and keep this one rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from functools import cached_property

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind

LIFETIME = 0
# Every window a feature may use, in days; an event falls into the first that is long enough.
WINDOWS: tuple[int, ...] = (1, 7, 14, 30, 60, 90, 180, 365, 730, LIFETIME)


class Measure(StrEnum):
    """What is asked of the events of a filter."""

    COUNT = "count"
    VALUE_SUM = "value_sum"
    VALUE_MEAN = "value_mean"
    VALUE_MIN = "value_min"
    VALUE_MAX = "value_max"
    VALUE_STD = "value_std"
    QUANTITY_SUM = "quantity_sum"
    QUANTITY_MEAN = "quantity_mean"
    LEAD_DAYS_MEAN = "lead_days_mean"
    RECENCY_DAYS = "recency_days"
    FIRST_DAYS = "first_days"
    GAP_DAYS = "gap_days"
    OVERDUE = "overdue"
    UPCOMING = "upcoming"
    NEXT_DAYS = "next_days"
    SHARE = "share"
    TREND = "trend"
    DISTINCT_ITEMS = "distinct_items"
    TOP_SHARE = "top_share"
    # Read from the golden profile, the base as a whole, or the booking; not from a window of events.
    ATTRIBUTE = "attribute"
    QUINTILE = "quintile"
    TRIP = "trip"


class NullPolicy(StrEnum):
    ZERO = "0 without an event"
    NAN = "NaN without an event"


class Parity(StrEnum):
    """How a value at a past T is found."""

    EXACT = "recomputed from events"
    LATEST = "today's profile"
    NONE = "not available for the past"


@dataclass(frozen=True)
class EventFilter:
    """Events of certain kinds; each further field narrows them, an empty one does not. `words` completes a sentence.

    `weekdays` (1 is Monday) and `months` are of the airline's day on which the event occurred.
    """

    words: str = field(repr=False)
    kinds: tuple[EventKind, ...]
    items: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    cabins: tuple[str, ...] = ()
    hauls: tuple[str, ...] = ()
    lead_days_to: int | None = None
    lead_days_from: int | None = None
    weekdays: tuple[int, ...] = ()
    months: tuple[int, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Asked for thousands of times for each vector; of all fields anew it was a seventh of a customer's cost.
        return hash(tuple(vars(self)[one.name] for one in fields(self)))

    def narrowed(self, words: str, **fields: tuple[str, ...] | tuple[int, ...] | int) -> EventFilter:
        return replace(self, words=words, **fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Feature:
    """One named number of an entity. Stable once published: another meaning gets another name."""

    name: str
    description: str
    unit: str
    measure: Measure
    events: EventFilter | None = None
    window: int = LIFETIME
    part: EventFilter | None = None
    nulls: NullPolicy = NullPolicy.ZERO
    parity: Parity = Parity.EXACT
    entity: str = "customer"
    owner: str = "Customer Intelligence"
    purpose: Purpose = Purpose.ANALYTICS
    sensitivity: Sensitivity = Sensitivity.DERIVED
    dtype: str = "float32"

    @property
    def view(self) -> str:
        return self.name.partition(":")[0]

    @property
    def lineage(self) -> str:
        """The tables and the kinds of events that it is made of."""
        if self.measure is Measure.TRIP:
            return "profiles_booking, profiles_event: BOOKING_MADE"
        if self.view == "household":
            return "profiles_enrichment"
        if self.events is None:
            return "profiles_profile" if self.measure is Measure.ATTRIBUTE else "the whole base's features of its day"
        kinds = self.events.kinds if self.part is None else (*self.events.kinds, *self.part.kinds)
        listed = sorted({kind.name for kind in kinds})
        return f"profiles_event: {', '.join(listed) if len(listed) < 10 else 'all kinds'}"


@dataclass(frozen=True)
class Shape:
    """How a measure is named, described and what it answers without an event."""

    suffix: str
    sentence: str
    unit: str
    nulls: NullPolicy


_SHAPES: dict[Measure, Shape] = {
    Measure.COUNT: Shape("count", "How many {words}", "events", NullPolicy.ZERO),
    Measure.VALUE_SUM: Shape("value_sum", "Sum of the value of {words}", "base currency", NullPolicy.ZERO),
    Measure.VALUE_MEAN: Shape("value_mean", "Mean value of {words}", "base currency", NullPolicy.NAN),
    Measure.VALUE_MIN: Shape("value_min", "Smallest value of {words}", "base currency", NullPolicy.NAN),
    Measure.VALUE_MAX: Shape("value_max", "Largest value of {words}", "base currency", NullPolicy.NAN),
    Measure.VALUE_STD: Shape(
        "value_std", "Standard deviation of the value of {words}, from two on", "base currency", NullPolicy.NAN
    ),
    Measure.QUANTITY_SUM: Shape("quantity_sum", "Sum of the quantity of {words}", "units", NullPolicy.ZERO),
    Measure.QUANTITY_MEAN: Shape("quantity_mean", "Mean quantity of {words}", "units", NullPolicy.NAN),
    Measure.LEAD_DAYS_MEAN: Shape(
        "lead_days_mean", "Mean days between booking and departure of {words}", "days", NullPolicy.NAN
    ),
    Measure.RECENCY_DAYS: Shape("recency_days", "Days since the last of {words}", "days", NullPolicy.NAN),
    Measure.FIRST_DAYS: Shape("first_days", "Days since the first of {words}", "days", NullPolicy.NAN),
    Measure.GAP_DAYS: Shape("gap_days", "Mean days between {words}, from two on", "days", NullPolicy.NAN),
    Measure.OVERDUE: Shape("overdue", "Days since the last of {words}, over their mean gap", "ratio", NullPolicy.NAN),
    Measure.UPCOMING: Shape("upcoming_count", "Departures still ahead among {words}", "events", NullPolicy.ZERO),
    Measure.NEXT_DAYS: Shape("next_days", "Days to the next departure among {words}", "days", NullPolicy.NAN),
    Measure.SHARE: Shape("share", "Share of {part} among {words}", "share", NullPolicy.NAN),
    Measure.TREND: Shape(
        "trend", "Pace of {words} in the window, over their pace in 730 days", "ratio", NullPolicy.NAN
    ),
    Measure.DISTINCT_ITEMS: Shape(
        "distinct", "How many different routes or items in {words}", "items", NullPolicy.ZERO
    ),
    Measure.TOP_SHARE: Shape("top_share", "Share of the most usual route or item in {words}", "share", NullPolicy.NAN),
}


def feature(
    view: str,
    measure: Measure,
    events: EventFilter,
    window: int = LIFETIME,
    *,
    stem: str = "",
    part: EventFilter | None = None,
    label: str = "",
) -> Feature:
    """Declare a feature of events, named `view:[stem_]measure[_window]`, or `view:label[_window]` given a label."""
    if window not in WINDOWS:
        raise ValueError(f"a window of {window} days is not one of {WINDOWS}")
    shape = _SHAPES[measure]
    name = label or "_".join(filter(None, (stem, shape.suffix)))
    words = shape.sentence.format(words=events.words, part=part.words if part else "")
    return Feature(
        name=f"{view}:{name}_{window}d" if window else f"{view}:{name}",
        description=f"{words} in the last {'day' if window == 1 else f'{window} days'}." if window else f"{words}.",
        unit=shape.unit,
        measure=measure,
        events=events,
        window=window,
        part=part,
        nulls=shape.nulls,
    )


def across(
    view: str,
    measure: Measure,
    events: EventFilter,
    windows: tuple[int, ...],
    *,
    stem: str = "",
    part: EventFilter | None = None,
    label: str = "",
) -> tuple[Feature, ...]:
    """The same feature over several windows."""
    return tuple(feature(view, measure, events, window, stem=stem, part=part, label=label) for window in windows)
