"""Tickets in a reservation: which coupon is for which flight, and what share of the fare it is worth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from profiles.sources import codes
from profiles.sources.places import distance_km
from profiles.sources.reservation import CouponSold, Segment

MOST_MINOR = 10**10
_ELECTRONIC = re.compile(r"(INF)?\s*\.?\s*(\d{13,14})C(\d{1,2})")
_NUMBER = re.compile(r"\d{10,14}")


def minor(amount: str, currency: str | None) -> int | None:
    """An amount in the minor units of its currency; None where it is none, or negative."""
    return _minor(amount, codes.decimals(currency))


@lru_cache(maxsize=50_000)
def _minor(amount: str, decimals: int) -> int | None:
    try:
        value = Decimal(amount.strip()).scaleb(decimals)
    except (InvalidOperation, ValueError):
        return None
    return int(value.to_integral_value()) if value.is_finite() and 0 <= value <= MOST_MINOR else None


def ticket_number(text: str) -> str | None:
    """The digits of a ticket number, or None: `006-2120234533`, `3537321830`."""
    digits = text.replace("-", "").replace(" ", "").lstrip(".")
    return digits if _NUMBER.fullmatch(digits) else None


def electronic(text: str) -> tuple[bool, str, int] | None:
    """What an SSR TKNE says: whether it is the infant's, the ticket, the coupon."""
    found = _ELECTRONIC.search(text)
    return (bool(found[1]), found[2], int(found[3])) if found and 1 <= int(found[3]) <= 16 else None


def sold(
    passenger: int, coupons: Sequence[tuple[str, int, int]], fare_minor: int, legs: Sequence[Segment]
) -> list[CouponSold]:
    """Coupons (ticket, coupon, leg) of one passenger; the fare is shared among them by distance, to the last cent."""
    length = {leg["number"]: distance_km(leg["origin"], leg["destination"]) or 1.0 for leg in legs}
    weights = [length.get(leg, 1.0) for *_, leg in coupons]
    whole, given, so_far = sum(weights), 0, 0.0
    out: list[CouponSold] = []
    for (ticket, number, leg), weight in zip(coupons, weights, strict=True):
        so_far += weight
        share = round(fare_minor * so_far / whole) - given
        given += share
        out.append(
            {
                "ticket_number": ticket,
                "passenger": passenger,
                "number": number,
                "leg_number": leg,
                "status": "open",
                "fare_minor": share,
            }
        )
    return out


def one_a_leg(ticket: str, legs: Sequence[Segment]) -> list[tuple[str, int, int]]:
    """The coupons of a ticket of which only the number is told: one a flight, in their order."""
    return [(ticket, number, leg["number"]) for number, leg in enumerate(legs, start=1)]
