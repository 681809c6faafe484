"""Reasons in words, from the packed evidence only: nothing is read again and nothing is made up."""

from __future__ import annotations

from recommendations.catalogue.items import ANCILLARY_NAMES, country_of
from recommendations.models import ItemKind
from recommendations.ranking.packing import Reason

FEWEST_NAMED = 5


def in_words(kind: ItemKind, reason: Reason, *, item: str, evidence: str, count: int) -> str:
    """One sentence for the person the item is offered to. Few travellers are not counted aloud.

    `evidence` is the item the reason points at; for what is popular from home, the airport.
    """
    if reason == Reason.POPULAR:
        return f"Popular with all travellers{_travellers(count)}."
    if reason == Reason.POPULAR_FROM_HOME:
        return f"Popular with travellers from {evidence}{_travellers(count)}."
    return (_route if kind == ItemKind.ROUTE else _ancillary)(reason, item, evidence, count)


def _route(reason: Reason, item: str, evidence: str, count: int) -> str:
    match reason:
        case Reason.BOUGHT_BEFORE:
            return f"You booked {item} {_times(count)}."
        case Reason.SEARCHED:
            return f"You searched {item} {_times(count)}."
        case Reason.OTHERS_ALSO:
            return f"You booked {evidence}; {count:,} travellers who did also chose {item}."
        case _:
            return f"Like {evidence}, which you booked: {_alike(item, evidence)}."


def _ancillary(reason: Reason, item: str, evidence: str, count: int) -> str:
    name, other = ANCILLARY_NAMES.get(item, item), ANCILLARY_NAMES.get(evidence, evidence)
    match reason:
        case Reason.BOUGHT_BEFORE:
            return f"You bought {name} {_times(count)}."
        case Reason.OTHERS_ALSO:
            return f"You bought {other}; {count:,} travellers who did also took {name}."
        case _:
            return f"Goes with {other}, which you bought."


def _alike(item: str, evidence: str) -> str:
    return "the same country" if country_of(item) == country_of(evidence) else "a similar climate, distance or price"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _travellers(count: int) -> str:
    return f": {count:,} travellers in 90 days" if count >= FEWEST_NAMED else ""
