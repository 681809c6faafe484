"""Features by the hundred: each line crosses a few measures with filters and windows. A published name is stable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segmentation.features import filters as f
from segmentation.features.grammar import LIFETIME, EventFilter, Feature, Measure, across, feature

_SHORT, _YEARS = (30, 90, 180, 365, 730), (365, 730)
_ALL = (7, 14, 30, 60, 90, 180, 365, 730, LIFETIME)
_VISITED = (1, 7, 14, 30, 60, 90, 180)
_SPREAD = (Measure.VALUE_MAX, Measure.VALUE_MIN, Measure.VALUE_STD)


def all_families() -> tuple[Feature, ...]:
    return (
        *_bookings(),
        *_flights(),
        *_extras(),
        *_visits(),
        *_points(),
        *_counted(),
    )


def _bookings() -> Iterator[Feature]:
    yield from across("booking", Measure.COUNT, f.BOOKINGS, _ALL)
    yield from across("booking", Measure.VALUE_SUM, f.BOOKINGS, _ALL[2:])
    for measure in (Measure.VALUE_MEAN, *_SPREAD, Measure.LEAD_DAYS_MEAN):
        yield from across("booking", measure, f.BOOKINGS, (90, *_YEARS, LIFETIME))
    yield from across("booking", Measure.QUANTITY_MEAN, f.BOOKINGS, (90, *_YEARS), label="party_size_mean")
    yield from across("booking", Measure.DISTINCT_ITEMS, f.BOOKINGS, _SHORT, label="routes")
    yield from across("booking", Measure.TOP_SHARE, f.BOOKINGS, (*_YEARS, LIFETIME), label="top_route_share")
    yield from across("booking", Measure.TREND, f.BOOKINGS, (30, 90, 180, 365))
    yield from _split("booking", f.BOOKINGS, f.BOOKED_BY, _SHORT)
    yield from _split("booking", f.BOOKINGS, f.BOOKED_FOR, _SHORT)
    yield from _split("booking", f.BOOKINGS, f.BOOKED_AHEAD, _YEARS, money=False)
    for stem, events in (("cancelled", f.CANCELLED), ("changed", f.CHANGED)):
        yield from across("booking", Measure.COUNT, events, _SHORT, stem=stem)
        yield feature("booking", Measure.RECENCY_DAYS, events, stem=stem)
        yield from across("booking", Measure.SHARE, f.BOOKINGS, _YEARS, part=events, label=f"{stem}_share")


def _flights() -> Iterator[Feature]:
    yield from across("flown", Measure.COUNT, f.FLIGHTS, _ALL)
    yield from across("flown", Measure.DISTINCT_ITEMS, f.FLIGHTS, _SHORT, label="routes")
    yield from across("flown", Measure.TOP_SHARE, f.FLIGHTS, (*_YEARS, LIFETIME), label="top_route_share")
    yield from across("flown", Measure.TREND, f.FLIGHTS, (30, 90, 180, 365))
    yield from across("flown", Measure.VALUE_SUM, f.FLIGHTS, (90, *_YEARS))
    yield from across("flown", Measure.VALUE_MEAN, f.FLIGHTS, (90, *_YEARS))
    yield from _split("flown", f.FLIGHTS, f.FLOWN_IN, _SHORT, money=False)
    yield from _split("flown", f.FLIGHTS, f.FLOWN_ON, _YEARS, money=False)


def _extras() -> Iterator[Feature]:
    yield from across("ancillary", Measure.COUNT, f.EXTRAS, _ALL)
    yield from across("ancillary", Measure.VALUE_SUM, f.EXTRAS, (30, 90, 180, 365, 730, LIFETIME))
    for measure in (Measure.VALUE_MEAN, *_SPREAD):
        yield from across("ancillary", measure, f.EXTRAS, _YEARS)
    yield from across("ancillary", Measure.DISTINCT_ITEMS, f.EXTRAS, _YEARS, label="kinds")
    bought = {c: f.EXTRAS.narrowed(f"{words} bought", items=(c,)) for c, words in f.EXTRA_WORDS.items()}
    yield from _split("ancillary", f.EXTRAS, bought, _SHORT)
    yield from across("spend", Measure.VALUE_SUM, f.SPENDING, (30, 90, 180, 365, 730, LIFETIME), label="value_sum")
    yield from across("spend", Measure.VALUE_MEAN, f.SPENDING, _YEARS, label="value_mean")


def _visits() -> Iterator[Feature]:
    for label, events in (("searches", f.SEARCHES), ("views", f.VIEWS), ("app_opens", f.APP_OPENS)):
        yield from across("web", Measure.COUNT, events, _VISITED, label=label)
        yield feature("web", Measure.RECENCY_DAYS, events, stem=label)
        yield from across("web", Measure.TREND, events, (7, 30), label=f"{label}_trend")
    yield from across("web", Measure.COUNT, f.SUN_SEARCHES, _VISITED[1:], label="sun_searches")
    yield from across("web", Measure.DISTINCT_ITEMS, f.SEARCHES, _VISITED[1:], label="searched_routes")
    yield from across("web", Measure.TOP_SHARE, f.SEARCHES, (30, 90), label="top_searched_route_share")
    for page, events in f.PAGES.items():
        yield from across("web", Measure.COUNT, events, (7, 30, 90), label=f"{page}_views")
    yield from across("web", Measure.COUNT, f.VISITS, _VISITED, label="visits")


def _points() -> Iterator[Feature]:
    for label, events in (("earned", f.EARNED), ("redeemed", f.REDEEMED)):
        yield from across("points", Measure.QUANTITY_SUM, events, (30, 90, 180, 365, 730, LIFETIME), label=label)
        yield from across("points", Measure.COUNT, events, (90, 365, 730), stem=label)
        yield feature("points", Measure.RECENCY_DAYS, events, stem=label)
        yield from across("points", Measure.QUANTITY_MEAN, events, _YEARS, label=f"{label}_mean")


def _counted() -> Iterator[Feature]:
    for view, stem, events in f.COUNTED:
        yield from across(view, Measure.COUNT, events, (30, 90, 365, 730), stem=stem)
        yield feature(view, Measure.RECENCY_DAYS, events, stem=stem)
    for view, stem, events in f.PAID:
        yield from across(view, Measure.COUNT, events, (90, 365, 730), stem=stem)
        yield from across(view, Measure.VALUE_SUM, events, (90, 365, 730), stem=stem)
        yield feature(view, Measure.RECENCY_DAYS, events, stem=stem)
    sent = next(events for view, stem, events in f.COUNTED if (view, stem) == ("message", "sent"))
    for view, stem, events in f.COUNTED:
        if view == "message" and events is not sent:
            yield from across("message", Measure.SHARE, sent, (30, 90, 365), part=events, label=f"{stem}_share")


def _split(
    view: str, whole: EventFilter, parts: Mapping[str, EventFilter], windows: tuple[int, ...], *, money: bool = True
) -> Iterator[Feature]:
    """Of each part: how many, its share, how lately, and how much."""
    for stem, events in parts.items():
        yield from across(view, Measure.COUNT, events, windows, stem=stem)
        yield feature(view, Measure.SHARE, whole, 730, part=events, label=f"{stem}_share")
        yield feature(view, Measure.RECENCY_DAYS, events, stem=stem)
        if money:
            yield from across(view, Measure.VALUE_SUM, events, _YEARS, stem=stem)
