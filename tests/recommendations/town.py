"""A town of travellers with known tastes: sun seekers and city lovers from Copenhagen, a few from Aarhus.

Everybody keeps to one kind of place, so that a recommender that learns must beat what is popular with all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.lib import copying
from iaros.lib.ids import as_block, bucket_of, numbers, uuid7_block
from iaros.lib.partitions import ensure_months
from profiles.models import EventKind, Profile
from tests.segmentation.population import customers, event

AS_OF = datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
SUN = ("LIS", "FAO", "AGP", "PMI", "ALC", "LPA", "TFS", "ATH")
CITY = ("LHR", "AMS", "CDG", "FRA", "MUC", "VIE", "PRG", "BRU")
EXTRAS = ("extra_bag", "seat", "lounge", "wifi")


def build(travellers: int = 400, newcomers: int = 20, seed: int = 5) -> list[UUID]:
    """Open the travellers, then newcomers without any history; returns all ids, travellers first."""
    people = customers(travellers + newcomers)
    rng = np.random.default_rng(seed)
    home = np.where(rng.random(len(people)) < 0.8, "CPH", "AAR")
    Profile.objects.bulk_create(
        Profile(
            bucket=bucket_of(customer), id=customer, cipher=b"", provenance=b"", updated_at=AS_OF, home_airport=airport
        )
        for customer, airport in zip(people, home.tolist(), strict=True)
    )
    _trips(people[:travellers], home[:travellers], rng)
    return people


def _trips(people: list[UUID], home: np.ndarray, rng: np.random.Generator) -> None:
    """Eight bookings each over two years, all of one's own kind, and an extra on every second."""
    who = np.repeat(np.arange(len(people)), 8)
    likes_sun = rng.random(len(people)) < 0.6
    place = rng.integers(0, 8, len(who))
    towns = np.where(likes_sun[who], np.array(SUN)[place], np.array(CITY)[place])
    route = np.char.add(np.char.add(home[who], "-"), towns)
    end = np.datetime64(AS_OF.replace(tzinfo=None), "s")
    at = end - rng.integers(3600, 700 * 86_400, len(who)).astype("timedelta64[s]")
    extra = np.where(likes_sun[who], "extra_bag", "lounge")
    some = rng.random(len(who)) < 0.1
    extra[some] = rng.choice(EXTRAS, some.sum())
    ensure_months("profiles_event", (AS_OF - timedelta(days=720)).date(), AS_OF.date())
    _copy(people, who, EventKind.BOOKING_MADE, route, at, rng)
    half = rng.random(len(who)) < 0.5
    _copy(people, who[half], EventKind.ANCILLARY_BOUGHT, extra[half], at[half], rng)


def _copy(
    people: list[UUID], who: np.ndarray, kind: EventKind, items: np.ndarray, at: np.ndarray, rng: np.random.Generator
) -> None:
    block = as_block(people)[who]
    rows = len(who)
    columns: dict[str, copying.Column] = {
        "occurred_at": copying.timestamps(at),
        "id": copying.bigints(numbers(rows)),
        "ingested_at": copying.timestamps(at),
        "customer_id": copying.uuids(block),
        "bucket": copying.smallints(block[:, 15]),
        "kind": copying.smallints(np.full(rows, kind.value)),
        "record_id": copying.uuids(uuid7_block(rows)),
        "booking_id": copying.uuids(uuid7_block(rows)),
        "value_base_minor": copying.bigints(rng.integers(5_000, 40_000, rows)),
        "quantity": copying.integers(np.ones(rows)),
        "item": copying.texts([str(item) for item in items]),
        "channel": copying.texts(["web"] * rows),
        "haul": copying.texts(["S"] * rows),
        "lead_days": copying.smallints(np.full(rows, 30)),
    }
    with connection.cursor() as cursor:
        copying.copy_in(cursor, "profiles_event", columns)


__all__ = ["AS_OF", "CITY", "SUN", "build", "event"]
