"""How fast the thin path is, stage by stage, on a base of a given size."""

from __future__ import annotations

import gc
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection

import analytics.pipeline
import profiles.pipeline
import recommendations.pipeline
import segmentation.pipeline
from iaros.benchmarks import feeds, scratch, workers
from iaros.demo import END_AT
from iaros.lib.reports import StageReport

FIRST_NUMBER = 100_000_000
ROWS_A_FILE, KNOWN_SHARE = 30_000, 0.15
SEED = 42

Say = Callable[[str], None]


def measure(customers: int, say: Say, *, files: int = 3) -> dict[str, Any]:
    """Build a base of `customers` members with about ten facts each, then take new files in and refresh everything.

    `ingest_to_golden_per_second`: rows of member files, 15 % of them people who are known and moved, over the wall
    time from the first byte read to the last golden profile committed, two workers; the median of `files` rounds.
    """
    with scratch.scratch() as folder:
        taken = _ingested(customers, folder, say, files)
        say("refreshing")
        return {**taken, "stages": _stages(say), **scratch.conditions()}


def measure_ingest(customers: int, say: Say, *, files: int = 3) -> dict[str, Any]:
    """`measure` as far as the golden profiles: minutes instead of half an hour."""
    with scratch.scratch() as folder:
        return {**_ingested(customers, folder, say, files), **scratch.conditions()}


def _ingested(customers: int, folder: Path, say: Say, files: int) -> dict[str, Any]:
    say(f"building a base of {customers:,} customers")
    base = build_base(customers, folder)
    _settle()
    say("taking member files in with two workers")
    rounds = [_round(folder, customers, nth) for nth in range(files)]
    rates = sorted(r["per_second"] for r in rounds)
    return {
        "customers": customers,
        "ingest_to_golden_per_second": rates[len(rates) // 2],
        "rounds": rounds,
        "base": base,
    }


def build_base(customers: int, folder: Path) -> dict[str, Any]:
    """Members, their bookings and their points, through the connectors, with two workers."""
    halves = np.array_split(np.arange(FIRST_NUMBER, FIRST_NUMBER + customers), 2)
    tasks = []
    for nth, numbers in enumerate(halves):
        tasks.append(
            [
                ("loyalty_members", feeds.write_members(folder / f"members-{nth}.csv", numbers)),
                ("pnr", feeds.write_bookings(folder / f"bookings-{nth}.ndjson", numbers, SEED)),
                ("loyalty_activity", feeds.write_activity(folder / f"activity-{nth}.csv", numbers, SEED)),
            ]
        )
    before = scratch.wal_bytes()
    done = workers.ingest_together(tasks)
    by_source: dict[str, list[float]] = {}
    for report in done.reports:
        by_source.setdefault(report["source"], []).append(report["per_second"])
    return {
        "records": done.read,
        "seconds": round(done.seconds, 2),
        "records_per_second": round(done.read / done.seconds, 1),
        "per_second_by_source": {name: round(sum(rates), 1) for name, rates in by_source.items()},
        "peak_memory_bytes": done.peak_memory_bytes,
        "wal_bytes": scratch.wal_bytes() - before,
    }


def _round(folder: Path, customers: int, nth: int) -> dict[str, Any]:
    """Two workers, a file each: new members, and known ones who moved; no person stands in both files."""
    known = int(ROWS_A_FILE * KNOWN_SHARE)
    tasks = []
    for worker in range(2):
        at = nth * 2 + worker
        start = FIRST_NUMBER + customers + at * ROWS_A_FILE
        moved = FIRST_NUMBER + (np.arange(known) * 7 + at * known * 7) % customers
        fresh = np.arange(start, start + ROWS_A_FILE - known)
        path = feeds.write_members(folder / f"round-{at}.csv", fresh, moved=np.unique(moved))
        tasks.append([("loyalty_members", path)])
    before = scratch.wal_bytes()
    done = workers.ingest_together(tasks)
    return {
        "profiles": done.read,
        "seconds": round(done.seconds, 3),
        "per_second": round(done.read / done.seconds, 1),
        "new": sum(r["new"] for r in done.reports),
        "updated": sum(r["updated"] for r in done.reports),
        "quarantined": sum(r["quarantined"] for r in done.reports),
        "client_cpu_seconds": round(done.cpu_seconds, 2),
        "peak_memory_bytes": done.peak_memory_bytes,
        "wal_bytes_a_profile": round((scratch.wal_bytes() - before) / max(done.read, 1), 1),
    }


def _stages(say: Say) -> list[dict[str, Any]]:
    """Everything after the files, a stage at a time, with the memory this process peaked at and the WAL written."""
    reports: list[dict[str, Any]] = []
    steps: tuple[tuple[str, Callable[[], list[StageReport]]], ...] = (
        ("profiles", lambda: profiles.pipeline.refresh(as_of=END_AT)),
        ("segmentation", lambda: segmentation.pipeline.refresh(END_AT, train="missing")),
        ("recommendations", lambda: recommendations.pipeline.refresh(END_AT)),
        ("analytics", lambda: analytics.pipeline.refresh(END_AT)),
    )
    for name, step in steps:
        say(f"refreshing {name}")
        gc.collect()
        before = scratch.wal_bytes()
        done = step()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        wal = scratch.wal_bytes() - before
        reports += [{**report.as_dict(), "step": name} for report in done]
        reports.append({"step": name, "stage": "all of it", "peak_memory_bytes": memory, "wal_bytes": wal})
    return reports


def _settle() -> None:
    """What autovacuum would do within minutes on a running system: without it the first rounds measure its absence."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
