"""How fast memberships are brought in line, a rule is counted while it is built, and one event reaches its segments."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

import segmentation.pipeline
from iaros.benchmarks import pipeline, scratch
from iaros.benchmarks.pipeline import Say
from iaros.demo import END_AT
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.partitions import ensure_months
from iaros.lib.purposes import Channel, Purpose
from profiles.models import Event, EventKind
from segmentation import features
from segmentation.features import store
from segmentation.models import Segment
from segmentation.segments import membership, reach
from segmentation.segments.catalogue import SEEDS, ensure_default_segments
from segmentation.segments.growing import ensure_lattice

PREVIEWS, EVENTS = 40, 200
_SOME_SQL = "SELECT id FROM segmentation_featurevector ORDER BY md5(id::text) LIMIT %s"
_SIZE_SQL = """
SELECT sum(pg_total_relation_size(i.inhrelid))::bigint FROM pg_inherits i WHERE i.inhparent = %s::regclass
"""


def measure(customers: int, say: Say) -> dict[str, Any]:
    """A base of `customers` with about ten facts each, in every segment that the platform brings."""
    with scratch.scratch() as folder:
        say(f"building a base of {customers:,} customers")
        base = pipeline.build_base(customers, folder)
        ensure_default_segments()
        ensure_lattice()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        runs = [_run(END_AT, say), _run(END_AT + timedelta(days=1), say)]
        found = {
            "customers": customers,
            "segments": Segment.objects.published().count(),
            "profiles_per_second": runs[-1]["per_second"],
            "runs": runs,
            "evaluation_per_second": _evaluated(say),
            "preview": _previews(say),
            "one_event": _events(say),
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "membership_bytes_a_profile": _bytes("segmentation_membership", customers),
            "transition_bytes_a_profile": _bytes("segmentation_moves", customers),
        }
        return {**found, "base": base, **scratch.conditions()}


def _run(at: Any, say: Say) -> dict[str, Any]:
    """The first puts everybody in; the second, a day later, writes what moved."""
    say("computing features")
    features.materialise(at)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE segmentation_featurevector")
    say("evaluating segments and storing what changed")
    before = scratch.wal_bytes()
    report = membership.refresh(at)
    return {
        **report.as_dict(),
        "wal_bytes_a_profile": round((scratch.wal_bytes() - before) / max(report.profiles, 1), 1),
    }


def _evaluated(say: Say) -> float:
    """Every rule over every vector, without reading or writing."""
    say("evaluating alone")
    wordings, blocks = membership.standing(), list(store.blocks(range(64)))
    places = 1 + max(one.segment.position for one in wordings)
    started = time.perf_counter()
    for block in blocks:
        membership.members(block, wordings, places, END_AT)
    return round(sum(map(len, blocks)) / (time.perf_counter() - started), 1)


def _previews(say: Say) -> dict[str, Any]:
    say("counting rules while they are built")
    rng, seconds = np.random.default_rng(1), []
    for nth in range(PREVIEWS):
        rule = {
            "all": [
                {"feature": "booking:count_730d", "op": ">=", "value": int(rng.integers(1, 4))},
                {
                    "any": [
                        {"feature": "spend:value_sum_730d", "op": ">", "value": float(rng.integers(0, 900))},
                        {"feature": "booking:recency_days", "op": "<", "value": int(rng.integers(20, 400))},
                        {"attribute": "tier", "op": "in", "value": ["gold", "silver", "platinum"]},
                    ]
                },
                {"event": "booking_made", "within_days": 365, "op": ">=", "value": 1},
            ]
        }
        asked = rule if nth % 2 else SEEDS[nth // 2 % len(SEEDS)].rule
        started = time.perf_counter()
        found = reach.preview(asked, reach.Audience(Purpose.MARKETING, Channel.EMAIL))
        seconds.append(time.perf_counter() - started)
    return {**_spread(seconds), "counted": found.customers, "estimated": found.estimated}


def _events(say: Say) -> dict[str, Any]:
    """A search of a random customer, from the row committed to memberships stored; and the segments of it alone."""
    say("one event at a time")
    with connection.cursor() as cursor:
        cursor.execute(_SOME_SQL, [EVENTS])
        people: list[UUID] = [row[0] for row in cursor.fetchall()]
    at = END_AT + timedelta(days=1)
    ensure_months("profiles_event", at.date(), at.date())
    whole, alone = [], []
    changed = {"feature web:searches_30d", "feature web:visits_30d", "time"}
    for nth, one in enumerate(people):
        moment = at + timedelta(seconds=nth + 1)
        Event.objects.create(
            bucket=bucket_of(one),
            customer_id=one,
            kind=EventKind.WEB_SEARCHED,
            occurred_at=moment - timedelta(milliseconds=1),
            ingested_at=moment,
            record_id=uuid7(),
            item="CPH-LPA",
            channel="web",
        )
        whole.append(_timed(partial(segmentation.pipeline.refresh_customer, one, moment)))
        alone.append(_timed(partial(membership.refresh_customers, [one], moment, changed)))
    return {"events": len(people), "features_and_segments": _spread(whole), "segments": _spread(alone)}


def _timed(act: Callable[[], Any]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _spread(seconds: list[float]) -> dict[str, float]:
    found = np.quantile(seconds, [0.5, 0.95, 0.99]) * 1_000
    return dict(zip(("p50_ms", "p95_ms", "p99_ms"), np.round(found, 1).tolist(), strict=True))


def _bytes(table: str, customers: int) -> float:
    with connection.cursor() as cursor:
        cursor.execute(_SIZE_SQL, [table])
        return round(float(cursor.fetchone()[0] or 0) / customers, 1)
