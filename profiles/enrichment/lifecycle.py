"""Where somebody stands with the airline: by when they last flew, against how often they use to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History

PROSPECT, NEW, ACTIVE, COOLING, LAPSED = "prospect", "new", "active", "cooling", "lapsed"
NEW_DAYS, LAPSED_DAYS = 180, 730
_WINDOW_DAYS = 730


def lifecycle(history: History) -> dict[str, Any]:
    """Prospect: has not flown. New: first trip booked within half a year. Lapsed: no flight for two years.

    Cooling: twice the usual time between two flights has passed without one, at least half a year; else active.
    """
    now = np.datetime64(history.as_of.replace(tzinfo=None), "s")
    never = np.isnat(history.last_flown)
    since = _days_between(history.last_flown, now)
    usual = _WINDOW_DAYS / np.maximum(history.flown, 1)
    first = np.full(len(history.customers), np.datetime64("NaT"), dtype="datetime64[s]")
    trips = history.trips
    if len(trips):
        earliest = np.lexsort((trips.created_at, trips.customer))
        who = trips.customer[earliest]
        begin = earliest[np.r_[True, np.diff(who) > 0]]
        first[trips.customer[begin]] = trips.created_at[begin]
    lately = _days_between(first, now) <= NEW_DAYS
    stage = np.select(
        [never & ~lately, lately, since > LAPSED_DAYS, since > np.maximum(2 * usual, NEW_DAYS)],
        [PROSPECT, NEW, LAPSED, COOLING],
        default=ACTIVE,
    )
    return {"lifecycle": stage.astype(object), "unused_coupons": history.unused_coupons}


def _days_between(moments: NDArray[np.datetime64], now: np.datetime64) -> NDArray[np.float64]:
    """Days from each moment until now; infinity where there is none."""
    seconds = (now - moments).astype("timedelta64[s]").astype(float)
    return np.where(np.isnat(moments), np.inf, seconds / 86_400)


LIFECYCLE = Enricher(
    "lifecycle",
    "Lifecycle and unused coupons",
    ("profiles_event", "profiles_booking", "profiles_coupon"),
    ("lifecycle", "unused_coupons"),
    "none: a definition, not a guess",
    lifecycle,
)
