"""How fast people are told apart: new records against a base of a given size, in sets and one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from django.db import connection

from iaros.benchmarks import feeds, scratch, workers
from profiles import probable, together
from profiles.models import Link, LinkRule, SourceRecord

FIRST_NUMBER, FIRST_NEW = 100_000_000, 500_000_000
RECORDS, SINGLES = 10_000, 200
SIZES = (10_000, 100_000)
_PROGRAM = "import django; django.setup(); from iaros.benchmarks import matchers; matchers.work()"
_NEWEST_SQL = "SELECT p.id FROM profiles_profile p ORDER BY p.updated_at DESC, p.id LIMIT %s"

Say = Callable[[str], None]


def measure(customers: int, say: Say, *, records: int = RECORDS) -> dict[str, Any]:
    """Grow a base to 10,000, 100,000 and `customers`; at each size take in `records` members whose numbers are new:
    half of them are people of the base under a second number and an unconfirmed address.

    `resolved_per_second`: records over the time from the first byte read to the last joined profile committed, two
    processes taking in a file each and then comparing half of the buckets each; `one_record_ms`: comparing one
    customer, begun to committed.
    """
    with scratch.scratch() as folder:
        curve: list[dict[str, Any]] = []
        known = 0
        for size in sorted({*(size for size in SIZES if size < customers), customers}):
            say(f"growing the base to {size:,} customers")
            grown = _grow(folder, known, size)
            say(f"taking in {records:,} records")
            curve.append({"base": size, **grown, **_round(folder, size, records, len(curve))})
            known = size
        last = curve[-1]
        return {
            "customers": customers,
            "records": records,
            "resolved_per_second": last["resolved_per_second"],
            "one_record_ms": last["one_record_ms"],
            "cost_against_smallest_base": round(last["microseconds_a_record"] / curve[0]["microseconds_a_record"], 2),
            "peak_memory_bytes": max(each["peak_memory_bytes"] for each in curve),
            "curve": curve,
            **scratch.conditions(),
        }


def _grow(folder: Path, known: int, size: int) -> dict[str, Any]:
    """Members up to `size`, by two workers, then everybody compared with everybody."""
    halves = np.array_split(np.arange(FIRST_NUMBER + known, FIRST_NUMBER + size), 2)
    paths = [feeds.write_members(folder / f"base-{known}-{at}.csv", half) for at, half in enumerate(halves)]
    workers.ingest_together([[("loyalty_members", path)] for path in paths])
    _settle()
    started = time.perf_counter()
    done = together.match_changed()
    seconds = time.perf_counter() - started
    _settle()
    return {
        "base_compared": done.looked_at,
        "base_compared_per_second": round(done.looked_at / seconds, 1),
        "base_joined": done.joined,
    }


def _round(folder: Path, size: int, records: int, nth: int) -> dict[str, Any]:
    paths = _new_members(folder, size, records, FIRST_NEW + nth * records)
    before = SourceRecord.objects.count()
    processes = [workers.start(_PROGRAM) for _ in paths]
    workers.ask(processes, [{"act": "ready"}] * len(processes))
    started = time.perf_counter()
    workers.ask(processes, [{"act": "take_in", "path": str(path)} for path in paths])
    ingested = time.perf_counter()
    shares = together.shares(len(processes))
    done = workers.ask(processes, [{"act": "compare", "low": low, "high": high} for low, high in shares])
    ended = time.perf_counter()
    workers.dismiss(processes)
    seconds = ended - started

    def of_all(name: str) -> int:
        return sum(each[name] for each in done)

    return {
        "new_records": SourceRecord.objects.count() - before,
        "doubles": records // 2,
        "joined": of_all("joined"),
        "held": of_all("held"),
        "pairs_weighed": of_all("compared"),
        "resolved_per_second": round(records / seconds, 1),
        "compared_per_second": round(of_all("looked_at") / (ended - ingested), 1),
        "microseconds_a_record": round(seconds / records * 1e6, 1),
        "one_record_ms": _one_by_one(),
        "links_by_weight": Link.objects.filter(rule=LinkRule.PROBABLE, ended_at=None).count(),
        "peak_memory_bytes": max(each["memory"] for each in done),
    }


def _new_members(folder: Path, size: int, records: int, first: int) -> list[Path]:
    """Two files of records whose numbers are new: half of each are people of the base under a second number."""
    known = FIRST_NUMBER + np.arange(records // 2) * max(size // max(records // 2, 1), 1) % size
    doubled = zip(range(first + records - len(known), first + records), feeds.members(known), strict=True)
    rows = [
        *feeds.members(np.arange(first, first + records - len(known))),
        *(f"{n},{row.partition(',')[2].replace('@mail.example,Y,', '@mail.example,N,')}" for n, row in doubled),
    ]
    paths = [folder / f"new-{size}-{at}.csv" for at in range(2)]
    for at, path in enumerate(paths):
        path.write_text(feeds.MEMBER_HEADER + "".join(rows[at::2]), encoding="utf-8")
    return paths


def _one_by_one() -> dict[str, float]:
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST_SQL, [SINGLES])
        customers = [row[0] for row in cursor.fetchall()]
    taken = []
    for customer in customers:
        started = time.perf_counter()
        probable.match([customer])
        taken.append((time.perf_counter() - started) * 1000)
    return {name: round(float(np.percentile(taken, at)), 2) for name, at in (("p50", 50), ("p99", 99))}


def _settle() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
