"""How fast features are computed and stored, how large they are, and how long a training frame takes."""

from __future__ import annotations

import resource
import time
from typing import Any

import numpy as np
import pandas as pd
from django.db import connection

from iaros.benchmarks import pipeline, scratch
from iaros.benchmarks.pipeline import Say
from iaros.demo import END_AT
from segmentation import features
from segmentation.features import offline
from segmentation.features.catalogue import FEATURES, NAMES
from segmentation.features.grammar import Parity

FRAME_ROWS, FRAME_FEATURES = 17_000, 600
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
