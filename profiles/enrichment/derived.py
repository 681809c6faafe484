"""Runs every enricher over a range of buckets, or for a few customers within a request, and keeps what they say.

Comes in: the history of customers whom analytics may read. Goes out: one `Enrichment` a customer, and the purpose of
each trip on its passenger. Whoever objected has no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import copying, staging
from iaros.lib.ids import as_block
from iaros.lib.model_columns import column_of
from iaros.lib.reports import Progress, silent
from profiles.enrichment import calendars, habits, history, lifecycle, surroundings, tier_clock, ties, trip_purpose
from profiles.enrichment.enricher import Enricher
from profiles.models import Enrichment

ENRICHERS: tuple[Enricher, ...] = (
    habits.HOME_AIRPORT,
    habits.PARTY_TYPE,
    habits.BOOKING_HABIT,
    trip_purpose.TRIP_PURPOSE,
    lifecycle.LIFECYCLE,
    tier_clock.TIER_CLOCK,
    calendars.OVER_HOLIDAYS,
    ties.TIES,
    surroundings.HOME_METRO,
    surroundings.AREA_INCOME,
    surroundings.WARMER,
)
# Where a transaction takes a quarter of a part, the next one finds the room that the versions of the last one left on
# each page. What a transaction costs by itself (30 to 70 ms) is not worth that on a small base.
FEWEST_BUCKETS, MOST_BUCKETS, WORTH_A_TRANSACTION = 4, 16, 750
_POPULATION_SQL = "SELECT count(*) FROM profiles_customer WHERE merged_into IS NULL"
_FORGET_SQL = """
DELETE FROM profiles_enrichment e
WHERE e.bucket >= %(low)s AND e.bucket < %(high)s AND (%(ids)s::uuid[] IS NULL OR e.id = ANY(%(ids)s::uuid[]))
"""
_PURPOSE_SQL = """
UPDATE profiles_passenger p SET purpose = s.purpose, purpose_confidence = s.purpose_confidence
FROM enrichment_trips s
WHERE p.bucket = s.bucket AND p.customer_id = s.customer_id AND p.record_id = s.record_id
  AND (p.purpose, p.purpose_confidence) IS DISTINCT FROM (s.purpose, s.purpose_confidence)
"""


def refresh(as_of: datetime, progress: Progress = silent) -> int:
    """Derive everything anew, a range of buckets a transaction; returns how many customers were enriched."""
    done, width = 0, _buckets_at_once()
    for low in range(0, 256, width):
        done += _refresh(as_of, low, low + width, None)
        progress(phase="enrichment", done=low + width, total=256)
    return done


def _buckets_at_once() -> int:
    """4, 8 or 16, so that 256 are so many whole steps."""
    with connection.cursor() as cursor:
        cursor.execute(_POPULATION_SQL)
        people = int(cursor.fetchone()[0])
    for width in (FEWEST_BUCKETS, 2 * FEWEST_BUCKETS):
        if people * width >= WORTH_A_TRANSACTION * 256:
            return width
    return MOST_BUCKETS


def refresh_customers(customers: Sequence[UUID], as_of: datetime) -> int:
    """The same for a few customers, within a request."""
    return _refresh(as_of, 0, 256, list(customers)) if customers else 0


def _refresh(as_of: datetime, low: int, high: int, ids: Sequence[UUID] | None) -> int:
    with transaction.atomic():
        past = history.load(as_of, low=low, high=high, ids=ids)
        said: dict[str, Any] = {}
        for enricher in ENRICHERS:
            said |= enricher.enrich(past)
        with connection.cursor() as cursor:
            cursor.execute(_FORGET_SQL, {"low": low, "high": high, "ids": list(ids) if ids is not None else None})
            if len(past.customers):
                copying.copy_in(cursor, "profiles_enrichment", _columns(past, said))
    if len(past.trips):
        _write_purposes(past)
    return len(past.customers)


def _write_purposes(past: history.History) -> None:
    """A bucket a transaction: what one leaves behind on a page is room for the next."""
    trips = past.trips
    purpose, sure = trip_purpose.classify(trips)
    customer = as_block(past.customers.id)[trips.customer]  # a passenger stands beside its customer
    for bucket in np.unique(customer[:, 15]).tolist():
        rows = np.flatnonzero(customer[:, 15] == bucket)
        with transaction.atomic(), connection.cursor() as cursor:
            _update_purposes(cursor, customer[rows], trips.passenger[rows], purpose[rows], sure[rows])


def _update_purposes(
    cursor: Any,
    customer: NDArray[np.uint8],
    passenger: NDArray[np.uint8],
    purpose: NDArray[np.int64],
    sure: NDArray[np.float64],
) -> None:
    staging.stage(
        cursor,
        "enrichment_trips",
        "bucket smallint, customer_id uuid, record_id uuid, purpose smallint, purpose_confidence smallint",
        {
            "bucket": copying.smallints(customer[:, 15]),
            "customer_id": copying.uuids(customer),
            "record_id": copying.uuids(passenger),
            "purpose": copying.smallints(purpose),
            "purpose_confidence": copying.smallints(np.rint(sure * 100)),
        },
    )
    cursor.execute(_PURPOSE_SQL)


def _columns(past: history.History, said: dict[str, Any]) -> dict[str, copying.Column]:
    block = as_block(past.customers.id)
    moment = np.datetime64(past.as_of.replace(tzinfo=None), "us")
    columns: dict[str, copying.Column] = {
        "bucket": copying.smallints(block[:, 15]),
        "id": copying.uuids(block),
        "as_of": copying.timestamps(np.full(len(block), moment)),
    }
    for field in Enrichment._meta.concrete_fields:
        if field.name in said:
            columns[field.name] = column_of(field, said[field.name])
    return columns
