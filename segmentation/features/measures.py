"""From folded events to a feature's column: what each measure of the grammar asks of them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from profiles.currency import minor_units
from segmentation.features.grammar import LIFETIME, EventFilter, Feature, Measure
from segmentation.features.tiles import Floats, Slot, Tiles, no_events, over


def column(tiles: Tiles, feature: Feature) -> Floats:
    """The feature's value for every row. Only for features of events."""
    events, window = feature.events, feature.window
    assert events is not None, f"{feature.name} is no feature of events"
    match feature.measure:
        case Measure.COUNT:
            return tiles.count(events, window)
        case Measure.VALUE_SUM:
            return tiles.total(events, "value", window) / minor_units()
        case Measure.VALUE_MEAN:
            return _mean(tiles, events, "value", window) / minor_units()
        case Measure.VALUE_MIN:
            return tiles.smallest(events, window) / minor_units()
        case Measure.VALUE_MAX:
            return tiles.largest(events, window) / minor_units()
        case Measure.VALUE_STD:
            return _spread(tiles, events, window) / minor_units()
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
            return over(tiles.last(events), _gap(tiles, events))
        case Measure.UPCOMING:
            return tiles.ahead(events)[0]
        case Measure.NEXT_DAYS:
            return tiles.ahead(events)[1]
        case Measure.SHARE:
            assert feature.part is not None
            return over(tiles.count(feature.part, window), tiles.count(events, window))
        case Measure.TREND:
            pace = over(tiles.count(events, window), tiles.count(events, 730))
            return pace * (730 / window)
        case Measure.DISTINCT_ITEMS:
            return tiles.distinct_items(events, window)
    raise ValueError(f"{feature.name}: {feature.measure} is not a measure of events")


def _mean(tiles: Tiles, events: EventFilter, name: str, window: int) -> Floats:
    return over(tiles.total(events, name, window), tiles.known(events, name, window))


def _spread(tiles: Tiles, events: EventFilter, window: int) -> Floats:
    total, known = tiles.total(events, "value", window), tiles.known(events, "value", window)
    about = tiles.squares(events, window) - total**2 / np.maximum(known, 1)
    return np.sqrt(np.maximum(over(about, known - 1), 0))


def _gap(tiles: Tiles, events: EventFilter) -> Floats:
    return over(tiles.first(events) - tiles.last(events), tiles.count(events, LIFETIME) - 1)


def slots_of(features: Iterable[Feature]) -> tuple[Slot, ...]:
    """Everything that these features ask of events, once each, in their order."""
    asked = Tiles(no_events(), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 1)
    for one in features:
        if one.events is not None:
            column(asked, one)
    return asked.asked()
