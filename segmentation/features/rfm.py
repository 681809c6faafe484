"""Recency, frequency, monetary: fifths of the whole base, so a value says where a customer stands among all.

The limits are found first, in one statement over the base; each customer is then placed against them. Equal values
always share a fifth. Who has not booked for two years has no place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from iaros.lib import sql
from iaros.lib.purposes import Purpose
from privacy import consent
from profiles.models import EventKind
from segmentation.models import FeatureRun

_LIMITS_SQL = """
WITH habit AS (
    SELECT e.customer_id AS id, e.bucket, max(e.occurred_at) FILTER (WHERE e.kind = %(booking)s) AS last_at,
           count(*) FILTER (WHERE e.kind = %(booking)s) AS bookings, sum(e.value_base_minor) AS spent
    FROM profiles_event e
    WHERE e.kind IN (%(booking)s, %(extra)s) AND e.customer_id IS NOT NULL
      AND e.occurred_at < %(as_of)s AND e.occurred_at >= %(as_of)s::timestamptz - interval '730 days'
    GROUP BY e.customer_id, e.bucket
)
SELECT count(*) AS population,
       percentile_disc(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY %(as_of)s - c.last_at) AS recency,
       percentile_disc(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY c.bookings) AS frequency,
       percentile_disc(ARRAY[.2, .4, .6, .8]) WITHIN GROUP (ORDER BY coalesce(c.spent, 0)::bigint) AS monetary
FROM habit c JOIN profiles_customer p ON p.bucket = c.bucket AND p.id = c.id AND p.merged_into IS NULL
WHERE c.bookings > 0 AND {gate}
"""
_DAY_SECONDS = 86_400

# Named groups of the trade, by recency and the mean of the other two; the first that holds gives the name.
_NAMES: tuple[tuple[str, tuple[int, int], tuple[float, float]], ...] = (
    ("Champions", (4, 5), (4, 5)),
    ("Loyal", (3, 5), (3, 5)),
    ("Promising", (4, 5), (1, 3)),
    ("Needs attention", (3, 3), (1, 3)),
    ("At risk", (1, 2), (3, 5)),
    ("Dormant", (1, 2), (1, 3)),
)
NOT_PLACED = "No booking for two years"
Floats = NDArray[np.float64]


class Limits(TypedDict):
    """Upper ends of the first four fifths: days, bookings, base currency; empty lists where nobody booked."""

    population: int
    recency: list[float]
    frequency: list[float]
    monetary: list[float]


def limits(as_of: datetime) -> Limits:
    """Where the fifths of the analysable base end, as of then."""
    gate, params = consent.gate(Purpose.ANALYTICS, customer="c.id")
    found = sql.query(
        _LIMITS_SQL.format(gate=gate),
        {**params, "as_of": as_of, "booking": EventKind.BOOKING_MADE, "extra": EventKind.ANCILLARY_BOUGHT},
    )[0]
    return Limits(
        population=found["population"],
        recency=[_days(gap) for gap in found["recency"] or ()],
        frequency=[float(count) for count in found["frequency"] or ()],
        monetary=[cents / 100 for cents in found["monetary"] or ()],
    )


def last_limits() -> Limits | None:
    """The limits of the last run over the base."""
    run = FeatureRun.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()
    return run.rfm_limits if run else None


def _days(gap: Any) -> float:
    # Through whole microseconds, as ages are: the same division gives the same float.
    return ((gap.days * _DAY_SECONDS + gap.seconds) * 1_000_000 + gap.microseconds) / (_DAY_SECONDS * 1_000_000)


def place(limits: Limits | None, recency: Floats, frequency: Floats, monetary: Floats) -> dict[str, Floats]:
    """The `rfm:` features of customers with these days, bookings and money."""
    booked = (frequency > 0) & (limits is not None and bool(limits["recency"]))
    if limits is None:
        limits = Limits(population=0, recency=[], frequency=[], monetary=[])
    r = np.where(booked, 5 - _passed(limits["recency"], recency), np.nan)
    f = np.where(booked, 1 + _passed(limits["frequency"], frequency), np.nan)
    m = np.where(booked, 1 + _passed(limits["monetary"], monetary), np.nan)
    return {"rfm:recency": r, "rfm:frequency": f, "rfm:monetary": m, "rfm:cell": 100 * r + 10 * f + m}


def _passed(ends: list[float], values: Floats) -> Floats:
    """How many of the limits each value lies beyond."""
    return np.searchsorted(np.array(ends), np.nan_to_num(values), side="left").astype(np.float64)


def name_of(cell: float) -> str:
    """The named group of a cell such as 545, "Champions"; NOT_PLACED for NaN."""
    if np.isnan(cell):
        return NOT_PLACED
    r, fm = int(cell) // 100, (int(cell) // 10 % 10 + int(cell) % 10) / 2
    return next(name for name, (r1, r2), (v1, v2) in _NAMES if r1 <= r <= r2 and v1 <= fm <= v2)
