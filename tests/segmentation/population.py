"""A seeded base of customers with facts, copied straight into the tables of profiles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying
from iaros.lib.ids import as_uuids, numbers, uuid7, uuid7_block
from iaros.lib.partitions import ensure_months
from privacy import subjects
from profiles.models import Event, EventKind, Profile

AS_OF = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
_KINDS = np.array([1, 1, 4, 4, 4, 5, 8, 9, 10, 11, 11, 12, 3, 2])
_ROUTES = ("CPH-LIS", "CPH-LPA", "CPH-JFK", "CPH-OSL", "LHR-CPH", "CPH-TFS")
_EXTRAS = ("extra_bag", "seat", "meal", "lounge")
_PAGES = ("home", "fare", "bag", "offers")
_DAY_US = 86_400_000_000


def customers(count: int) -> list[UUID]:
    """Open so many customers: rows of Customer and Subject, no profile and no event."""
    ids = uuid7_block(count)
    ids = ids[np.argsort(ids[:, 15], kind="stable")]
    subjects.open_subjects(ids)
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_customer",
            {
                "bucket": copying.smallints(ids[:, 15]),
                "id": copying.uuids(ids),
                "created_at": copying.timestamps(np.full(count, np.datetime64("2024-01-01", "us"))),
                "first_source": copying.smallints(np.ones(count)),
            },
        )
    return as_uuids(ids)


def profile(customer_id: UUID, **fields: Any) -> Profile:
    known = {"cipher": b"", "provenance": b"", "updated_at": AS_OF, **fields}
    return Profile.objects.create(bucket=customer_id.bytes[15], id=customer_id, **known)


def event(customer_id: UUID, kind: EventKind, at: datetime, **fields: Any) -> Event:
    known = {"ingested_at": at, "record_id": uuid7(), "quantity": 1, **fields}
    return Event.objects.create(
        bucket=customer_id.bytes[15], customer_id=customer_id, kind=kind, occurred_at=at, **known
    )


def facts(owners: list[UUID], *, each: int = 10, seed: int = 7, days: int = 900) -> None:
    """About `each` events for every owner over the days before AS_OF; a tenth lie exactly on a window's edge."""
    rng = np.random.default_rng(seed)
    total = len(owners) * each
    owner = np.frombuffer(b"".join(one.bytes for one in owners), dtype=np.uint8).reshape(-1, 16)
    who = owner[rng.integers(0, len(owners), total)]
    age = rng.integers(-5 * _DAY_US, days * _DAY_US, total)
    edge = rng.random(total) < 0.1
    age[edge] = rng.choice([0, 1, 7, 30, 90, 180, 365, 730], edge.sum()) * _DAY_US
    moment = np.datetime64(AS_OF.replace(tzinfo=None), "us").astype(np.int64) - age
    order = np.lexsort((moment, who[:, 15]))
    _copy(rng, who[order], moment[order])


def _copy(rng: np.random.Generator, who: NDArray[np.uint8], moment: NDArray[np.int64]) -> None:
    total = len(who)
    kind = rng.choice(_KINDS, total)
    value = rng.integers(500, 90_000, total)
    first, last = (AS_OF + timedelta(days=offset) for offset in (-1000, 40))
    ensure_months("profiles_event", first.date(), last.date())
    stamps = moment.astype("datetime64[us]")
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_event",
            {
                "occurred_at": copying.timestamps(stamps),
                "id": copying.bigints(numbers(total)),
                "ingested_at": copying.timestamps(stamps),
                "customer_id": copying.uuids(who),
                "bucket": copying.smallints(who[:, 15]),
                "kind": copying.smallints(kind),
                "record_id": copying.uuids(uuid7_block(total)),
                "value_base_minor": copying.nullable(copying.bigints(value), np.isin(kind, (1, 5))),
                "quantity": copying.integers(rng.integers(1, 5, total)),
                "item": copying.texts(_items(rng, kind)),
                "channel": copying.texts(rng.choice(["web", "app", "agency", "phone"], total).tolist()),
                "cabin": copying.texts(rng.choice(list("YYYWC"), total).tolist()),
                "haul": copying.texts(rng.choice(list("SML"), total).tolist()),
                "lead_days": copying.nullable(copying.smallints(rng.integers(0, 120, total)), kind == 1),
            },
        )


def _items(rng: np.random.Generator, kind: NDArray[np.int64]) -> list[str | None]:
    pick = rng.integers(0, 1_000, len(kind)).tolist()
    words: dict[int, tuple[str, ...]] = {1: _ROUTES, 4: _ROUTES, 11: _ROUTES, 5: _EXTRAS, 10: _PAGES}
    return [words[k][p % len(words[k])] if k in words else None for k, p in zip(kind.tolist(), pick, strict=True)]
