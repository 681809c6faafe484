"""What a member's account is about to do: how far the next tier is, and which points are about to expire."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from profiles.enrichment import runs
from profiles.enrichment.enricher import Enricher
from profiles.enrichment.history import History
from profiles.sources import codes

QUALIFYING_MONTHS = 12
EXPIRING_WITHIN = np.timedelta64(90, "D")


def tier_clock(history: History) -> dict[str, Any]:
    """Points to the next tier by the table `tier_points`, and those that expire within ninety days.

    Points are spent in the order in which they were earned, and expire so many months after they were
    (`profile.points_valid_months`).
    """
    now = np.datetime64(history.as_of.replace(tzinfo=None), "s")
    ladder = _ladder()
    count = len(history.customers)
    earned = history.movements.points > 0
    who, at, points = (column[earned] for column in _columns(history))
    qualifying = runs.total(who, points * (at >= _months_before(now, QUALIFYING_MONTHS)), count)
    next_tier, missing = _next(ladder, qualifying)
    member = np.array([tier is not None for tier in history.customers.tier], dtype=bool)
    spent = -runs.total(history.movements.customer, np.minimum(history.movements.points, 0), count)
    left = _unspent(who, points, spent, count)
    expires = at + (now - _months_before(now, settings.INTELLIGENCE.profile.points_valid_months))
    soon = (expires > now) & (expires <= now + EXPIRING_WITHIN) & (left > 0)
    expiring = runs.total(who, left * soon, count)
    first = np.full(count, np.datetime64("NaT"), dtype="datetime64[s]")
    where = np.flatnonzero(soon)[::-1]  # written backwards, the earliest stands
    first[who[where]] = expires[where]
    return {
        "next_tier": [name if counts else None for name, counts in zip(next_tier, member, strict=True)],
        "points_to_next_tier": np.where(member & ~np.isnan(missing), missing, np.nan),
        "points_expiring": np.where(member, expiring, np.nan),
        "points_expire_on": first.astype("datetime64[D]"),
    }


def _columns(history: History) -> tuple[NDArray, NDArray, NDArray]:
    return history.movements.customer, history.movements.at, history.movements.points


def _ladder() -> list[tuple[float, str]]:
    """(points, tier), ascending."""
    return sorted((float(entry.meaning), entry.code) for entry in codes.entries("tier_points"))


def _next(ladder: list[tuple[float, str]], points: NDArray) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    steps = np.array([step for step, _ in ladder])
    at = np.searchsorted(steps, points, side="right")
    names = np.array([*(name for _, name in ladder), None], dtype=object)
    missing = np.append(steps, np.nan)[at] - points
    return names[at], missing


def _unspent(who: NDArray[np.int64], points: NDArray, spent: NDArray, count: int) -> NDArray[np.float64]:
    """Of each earning, in the order of time, what is left after `spent` was taken from the earliest."""
    total = np.cumsum(points.astype(float))
    starts = np.flatnonzero(np.r_[True, np.diff(who) > 0]) if len(who) else np.zeros(0, dtype=np.int64)
    before = np.zeros(count)
    before[who[starts]] = total[starts] - points[starts]
    mine = total - before[who]
    left: NDArray[np.float64] = np.clip(mine - spent[who], 0, points)
    return left


def _months_before(now: np.datetime64, months: int) -> np.datetime64:
    day = now.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    within = day - month.astype("datetime64[D]")
    return ((month - np.timedelta64(months, "M")).astype("datetime64[D]") + within).astype("datetime64[s]")


TIER_CLOCK = Enricher(
    "tier_clock",
    "Tier clock",
    ("profiles_event", "profiles_profile"),
    ("next_tier", "points_to_next_tier", "points_expiring", "points_expire_on"),
    "none: computed by the programme's rules",
    tier_clock,
)
