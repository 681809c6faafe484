"""What is stored for one person, read in one statement together with whether they may be told at all.

Comes in: a customer and what for. Goes out: the gate's answer and the rows of the serving versions. The tables are
named by partition, for which the planner would look three milliseconds otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from psycopg.sql import SQL, Identifier

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.partitions import part_of
from iaros.lib.purposes import Channel, Purpose
from privacy import consent
from recommendations.eligibility.rules import Booked
from recommendations.models import ItemKind
from recommendations.models.recommendation import KIND_NUMBERS

_LOOK_UP_SQL = """
SELECT c.merged_into, {gate}, v.id, w.id, v.kind, r.ranked, r.fallback_level, r.as_of, r.computed_at,
    CASE WHEN v.kind = %(extras)s THEN (
        SELECT array_agg(a.code || '/' || a.booking_id) FROM {ancillaries} a
        WHERE a.bucket = %(bucket)s AND a.customer_id = %(customer)s AND a.bought_at <= r.as_of
    ) END
FROM {customers} c
LEFT JOIN recommendations_recommenderversion v ON v.is_champion AND v.kind = ANY(%(kinds)s)
LEFT JOIN {lists} r ON r.bucket = %(bucket)s AND r.id = %(customer)s
    AND r.kind = CASE WHEN v.kind = %(extras)s THEN %(number_of_extras)s ELSE %(number_of_routes)s END
LEFT JOIN recommendations_recommenderversion w ON w.kind = v.kind AND w.number = r.version
WHERE c.bucket = %(bucket)s AND c.id = %(customer)s
"""
_NUMBERS: dict[str, Any] = {
    "extras": ItemKind.ANCILLARY.value,
    "number_of_extras": KIND_NUMBERS[ItemKind.ANCILLARY],
    "number_of_routes": KIND_NUMBERS[ItemKind.ROUTE],
}
_LIMIT_SQL = "SELECT set_config('statement_timeout', %s, true)"


class StoredRow(NamedTuple):
    """What a kind's serving version has for the customer; without a list of theirs only `champion_id` is there."""

    champion_id: UUID
    version_id: UUID | None
    kind: str | None
    ranked: bytes | None
    fallback_level: int | None
    as_of: datetime | None
    computed_at: datetime | None
    extras: Sequence[Booked]


@dataclass(frozen=True)
class Found:
    """`merged_into` is whom the customer was folded into, if so; `rows` are empty where they may not be told."""

    merged_into: UUID | None
    allowed: bool
    rows: Sequence[StoredRow]


def look_up(customer_id: UUID, kinds: Sequence[ItemKind], purpose: Purpose, channel: Channel | None) -> Found | None:
    """One statement; None for nobody by this id."""
    bucket = bucket_of(customer_id)
    statement, params = _statement(bucket, purpose, channel)
    asked: dict[str, Any] = {"bucket": bucket, "customer": customer_id, "kinds": [k.value for k in kinds]}
    with connection.cursor() as cursor:
        cursor.execute(statement, {**params, **asked, **_NUMBERS})
        rows = cursor.fetchall()
    if not rows:
        return None
    merged_into, allowed = rows[0][:2]
    return Found(merged_into, allowed, [_row(row[2:]) for row in rows if row[2]] if allowed else ())


def _row(values: Sequence[Any]) -> StoredRow:
    booked = [Booked(code, UUID(booking)) for code, _, booking in (told.partition("/") for told in values[-1] or ())]
    champion_id, version_id, kind, ranked, fallback_level, as_of, computed_at, _ = values
    return StoredRow(champion_id, version_id, kind, ranked, fallback_level, as_of, computed_at, booked)


@lru_cache(maxsize=1_000)
def _statement(bucket: int, purpose: Purpose, channel: Channel | None) -> tuple[str, dict[str, Any]]:
    names = ("profiles_customer", "recommendations_recommendation", "profiles_ancillary")
    customers, lists, ancillaries = (Identifier(part_of(name, bucket)) for name in names)
    # Asked by value, not by the column beside it: answered once, by index, and not by reading a partition into a hash.
    value = {"customer": "%(customer)s", "bucket": "%(bucket)s"}
    condition, params = consent.gate(purpose, channel, part=part_of("", bucket), **value)
    statement = SQL(_LOOK_UP_SQL).format(gate=SQL(condition), customers=customers, lists=lists, ancillaries=ancillaries)
    return statement.as_string(None), params


@contextmanager
def in_time() -> Iterator[None]:
    """No statement of the block may run longer than the airline's `real_time_timeout`; raises OperationalError."""
    limit = str(int(settings.INTELLIGENCE.recommendations.real_time_timeout * 1000))
    if not connection.in_atomic_block:
        with sql.together(), connection.cursor() as cursor:
            cursor.execute(_LIMIT_SQL, [limit])
            yield
        return
    # Inside another transaction the limit would outlive the block.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
        cursor.execute(_LIMIT_SQL, [limit])
        yield
        cursor.execute(_LIMIT_SQL, [before])
