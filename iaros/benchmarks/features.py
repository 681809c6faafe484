"""How fast features are computed and stored, for all and for one, how large they are, and how long a frame takes."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from django.db import connection

from iaros.benchmarks import pipeline, scratch
from iaros.benchmarks.pipeline import Say
from iaros.demo import END_AT
from iaros.lib import clock, valkey
from iaros.lib.ids import as_uuids, numbers, uuid7_block
from iaros.lib.partitions import ensure_months
from privacy import subjects
from profiles.models import Customer, Event, EventKind
from segmentation import features
from segmentation.features import batch, day_tiles, facts, offline, online, rfm
from segmentation.features.catalogue import FEATURES, NAMES
from segmentation.features.facts import Which
from segmentation.features.grammar import Parity

FRAME_ROWS, FRAME_FEATURES = 17_000, 600
EVENTS_EACH, ROUNDS = (10, 100, 1_000, 5_000, 10_000, 100_000), 15
_SIZE_SQL = """
SELECT sum(pg_total_relation_size(i.inhrelid))::bigint FROM pg_inherits i
WHERE i.inhparent = 'segmentation_featurevector'::regclass
"""
_SOME_SQL = "SELECT id::text FROM profiles_customer WHERE merged_into IS NULL ORDER BY md5(id::text) LIMIT %s"


def measure(customers: int, say: Say) -> dict[str, Any]:
    """A base of `customers` with about ten facts each: everything computed and stored, twice, then a frame."""
    with scratch.scratch() as folder:
        say(f"building a base of {customers:,} customers")
        base = pipeline.build_base(customers, folder)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        runs = [_run(say), _run(say)]
        return {
            "customers": customers,
            "features": len(FEATURES),
            "profiles_per_second": runs[-1]["per_second"],
            "runs": runs,
            "frame": _frame(say),
            "one_customer": _one_customer(say),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "base": base,
            **scratch.conditions(),
        }


def _run(say: Say) -> dict[str, Any]:
    say("computing and storing")
    before, cpu = scratch.wal_bytes(), time.process_time()
    report = features.materialise(END_AT)
    with connection.cursor() as cursor:
        cursor.execute(_SIZE_SQL)
        size = int(cursor.fetchone()[0])
    return {
        **report.as_dict(),
        "client_cpu_seconds": round(time.process_time() - cpu, 2),
        "wal_bytes_a_profile": round((scratch.wal_bytes() - before) / max(report.profiles, 1), 1),
        "bytes_a_profile": round(size / max(report.profiles, 1), 1),
    }


def _frame(say: Say) -> dict[str, Any]:
    """Random customers at random moments of the last year, with both cuts of time."""
    say("a training frame")
    with connection.cursor() as cursor:
        cursor.execute(_SOME_SQL, [FRAME_ROWS])
        ids = [row[0] for row in cursor.fetchall()]
    rng = np.random.default_rng(1)
    days = pd.to_timedelta(rng.integers(0, 365, FRAME_ROWS), unit="D")
    rows = pd.DataFrame({"customer_id": rng.choice(ids, FRAME_ROWS), "at": pd.Timestamp(END_AT) - days})
    names = [name for name, one in zip(NAMES, FEATURES, strict=True) if one.parity is not Parity.NONE]
    started = time.perf_counter()
    found = offline.frame(rows, names[:FRAME_FEATURES], known_at=True)
    return {
        "rows": len(found),
        "features": found.shape[1] - rows.shape[1],
        "seconds": round(time.perf_counter() - started, 2),
    }


def _one_customer(say: Say) -> list[dict[str, Any]]:
    """One customer's vector by how many events they have: from the events, and by day tiles where these pay."""
    say("one customer, with ever more events")
    people = [_with_events(count) for count in EVENTS_EACH]
    features.materialise(END_AT)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return [_by_events_and_tiles(one, count) for one, count in zip(people, EVENTS_EACH, strict=True)]


def _with_events(count: int) -> UUID:
    """A customer of nobody's feed, with searches, page views, bookings, flights and extras over 900 days."""
    customer = uuid7_block(1)
    subjects.open_subjects(customer)
    rng = np.random.default_rng(count)
    kind = rng.choice([EventKind.WEB_SEARCHED] * 5 + [EventKind.WEB_VIEWED] * 5 + [1, 4, 5, 8], count)
    day = np.timedelta64(1, "D") / np.timedelta64(1, "us")
    stamps = np.sort(np.datetime64(END_AT.replace(tzinfo=None), "us") - rng.integers(1, int(900 * day), count))
    ensure_months("profiles_event", (END_AT - timedelta(days=901)).date(), END_AT.date())
    words = rng.choice(["CPH-LPA", "CPH-LIS", "CPH-JFK", "fare", "bag", "seat"], count).tolist()
    [who], ids, records = as_uuids(customer), numbers(count), as_uuids(uuid7_block(count))
    at = [stamp.replace(tzinfo=UTC) for stamp in stamps.tolist()]
    money, ahead = rng.integers(500, 90_000, count).tolist(), rng.integers(0, 120, count).tolist()
    channel = rng.choice(["web", "app"], count).tolist()
    Customer.objects.create(bucket=who.bytes[15], id=who, created_at=at[0], first_source=1)
    Event.objects.bulk_create(
        (
            Event(
                occurred_at=at[i],
                id=int(ids[i]),
                ingested_at=at[i],
                customer_id=who,
                bucket=who.bytes[15],
                kind=int(kind[i]),
                record_id=records[i],
                value_base_minor=money[i] if kind[i] == EventKind.BOOKING_MADE else None,
                quantity=1,
                item=words[i],
                channel=channel[i],
                lead_days=ahead[i] if kind[i] == EventKind.BOOKING_MADE else None,
            )
            for i in range(count)
        ),
        batch_size=5_000,
    )
    return who


def _by_events_and_tiles(customer: UUID, count: int) -> dict[str, Any]:
    which = Which(customers=(str(customer),))
    people, limits = facts.analysable(which), rfm.last_limits()
    by_events = partial(batch.vectors, which, people, END_AT, limits)
    by_tiles = partial(online.vectors, which, people, END_AT, limits)
    found: dict[str, Any] = {"events": count, "by_events_ms": _middle(by_events)}
    if day_tiles.busy_among(which):
        started, today = time.perf_counter(), clock.airline_day(END_AT)
        # The first look only waits for what is under way.
        made = day_tiles.make(customer, people, today) or day_tiles.make(customer, people, today)
        found["tiles_made_ms"] = round((time.perf_counter() - started) * 1_000, 1)
        found["by_tiles_ms"], found["by_tiles_without_valkey_ms"] = _middle(by_tiles), _middle(by_tiles, customer)
        found["equal"] = bool(made and np.array_equal(by_events(), by_tiles(), equal_nan=True))
    return found


def _middle(act: Callable[[], Any], flushed: UUID | None = None) -> float:
    """The median of some rounds, in milliseconds; each after a flush of what is kept of that customer."""
    seconds = []
    for _ in range(ROUNDS):
        stands = day_tiles.standing(flushed) if flushed else None
        if flushed and stands:
            valkey.client().delete(day_tiles.key_of(flushed, stands.stamp))
        started = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - started)
    return round(float(np.median(seconds)) * 1_000, 1)
