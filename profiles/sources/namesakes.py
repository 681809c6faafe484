"""Who is meant where two passengers of one booking answer to one name: the ticket number tells, nothing else does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_DIGITS = 13


def tickets_of_namesakes(coupons: Sequence[Mapping[str, Any]], names: Mapping[int, str | None]) -> dict[int, str]:
    """By passenger number, the key of the ticket as feeds of airports and ticketing write it (`ticket:8892134567890`).

    `names`: the key of the name by passenger number; who has one of their own needs no ticket.
    """
    often = Counter(names.values())
    found: dict[int, str] = {}
    for coupon in coupons:
        digits = "".join(c for c in coupon["ticket_number"] if c.isdigit())[:_DIGITS]
        if often[names[coupon["passenger"]]] > 1 and len(digits) == _DIGITS:
            found.setdefault(coupon["passenger"], f"ticket:{digits}")
    return found
