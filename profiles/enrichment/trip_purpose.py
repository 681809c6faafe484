"""Why a trip was made: business, leisure, or visiting friends and relatives, and how sure that is.

A multinomial logistic model over what a booking shows: how early, how long, with whom, which days, which cabin and
channel. Its weights are a table of numbers in `trip_purpose.json`, estimated by `manage.py estimate trip_purpose`.
Nothing about the person goes in, so nothing of the special categories can come out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from profiles.enrichment import runs
from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History, Trips

PURPOSES = ("business", "leisure", "visiting")
FILE = Path(__file__).parent / "trip_purpose.json"
TRAITS = (
    "constant",
    "log days ahead",
    "log nights",
    "one way",
    "back within two nights",
    "stays a Saturday night",
    "leaves Monday to Thursday",
    "alone",
    "two",
    "with a child",
    "premium cabin",
    "by agency",
    "by app",
    "in July or August",
    "over the turn of the year",
)
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class PurposeModel:
    """`weights` has shape (len(TRAITS), len(PURPOSES)); `estimated_on` says from what."""

    weights: NDArray[np.float64]
    estimated_on: str


@lru_cache(maxsize=1)
def model() -> PurposeModel:
    told = orjson.loads(FILE.read_bytes())
    if tuple(told["traits"]) != TRAITS or tuple(told["purposes"]) != PURPOSES:
        raise ValueError(f"{FILE.name} is of other traits; run manage.py estimate trip_purpose")
    return PurposeModel(np.array(told["weights"], dtype=float), told["estimated_on"])


def traits(trips: Trips) -> NDArray[np.float64]:
    """One row a trip, a column for each of TRAITS."""
    ahead = np.maximum((trips.departs_at - trips.created_at) / _DAY, 0)
    one_way = np.isnat(trips.returns_at)
    nights = np.where(one_way, 0, (_day(trips.returns_at) - _day(trips.departs_at)) / _DAY)
    nights = np.maximum(np.nan_to_num(nights), 0)
    weekday = _weekday(trips.departs_at)
    to_saturday = (5 - weekday) % 7
    month = trips.departs_at.astype("datetime64[M]").astype(np.int64) % 12 + 1
    columns = (
        np.ones(len(trips)),
        np.log1p(ahead),
        np.log1p(nights),
        one_way,
        ~one_way & (nights <= 2),
        ~one_way & (nights > to_saturday),
        weekday <= 3,
        trips.party_size == 1,
        trips.party_size == 2,
        trips.with_child,
        trips.premium,
        trips.channel == "agency",
        trips.channel == "app",
        (month == 7) | (month == 8),
        (month == 12) & (_day_of_month(trips.departs_at) >= 15) | (month == 1) & (_day_of_month(trips.departs_at) <= 3),
    )
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])


def classify(trips: Trips) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each trip the likeliest purpose, as a position in PURPOSES, and its probability."""
    if not len(trips):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    chances = probabilities(traits(trips), model().weights)
    best = chances.argmax(axis=1)
    return best, chances[np.arange(len(best)), best]


def probabilities(table: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    score = table @ weights
    odds = np.exp(score - score.max(axis=1, keepdims=True))
    chances: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return chances


def _day(moments: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    return moments.astype("datetime64[D]")


def _weekday(moments: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Monday is 0; the first of January 1970 was a Thursday."""
    return (_day(moments).astype(np.int64) + 3) % 7


def _day_of_month(moments: NDArray[np.datetime64]) -> NDArray[np.int64]:
    days: NDArray[np.int64] = (_day(moments) - moments.astype("datetime64[M]").astype("datetime64[D]")) // _DAY + 1
    return days


def business_share(past: History) -> dict[str, Any]:
    """How much of somebody's travel is business: the mean probability over their trips."""
    trips, count = past.trips, len(past.customers)
    if not len(trips):
        return {"business_share": np.full(count, np.nan)}
    chances = probabilities(traits(trips), model().weights)[:, PURPOSES.index("business")]
    number = runs.total(trips.customer, np.ones(len(trips)), count)
    share = runs.total(trips.customer, chances, count) / np.maximum(number, 1)
    return {"business_share": np.where(number > 0, share, np.nan)}


TRIP_PURPOSE = Enricher(
    "trip_purpose",
    "Why people travel",
    ("profiles_booking", "profiles_passenger", "profiles_flightleg"),
    ("business_share",),
    "the probability of a logistic model, measured on trips whose purpose is known",
    business_share,
)
