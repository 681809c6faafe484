"""How fast each source's files are read, cleansed and landed, with two workers, and what memory that takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from iaros.benchmarks import feeds, scratch, workers
from iaros.demo import world, write

Say = Callable[[str], None]
SEEDS = (42, 43)
STAGES = ("read", "land", "people")
PUSHED = 10_000


def measure(customers: int, say: Say) -> dict[str, Any]:
    """Two airlines of `customers` each, a worker a file: rows over the wall time from the first byte to the commit."""
    with scratch.scratch() as folder:
        say(f"drawing two airlines of {customers:,} customers")
        airlines = [write.write(world.build(customers, seed), folder / str(seed)) for seed in SEEDS]
        measured = {}
        pushes = [feeds.write_pnrgov(folder / f"pushes-{seed}.edi", PUSHED, seed) for seed in SEEDS]
        # Rates and members first: amounts are converted as they land, and others find people.
        for source in sorted(airlines[0], key=lambda name: (name != "exchange_rates", name != "loyalty_members")):
            say(source)
            measured[source] = _one(source, [files[source] for files in airlines])
        say("reservations alone")
        measured[f"pnrgov, {PUSHED:,} records a file"] = _one("pnrgov", pushes)
        return {"customers": customers, "sources": measured, **scratch.conditions()}


def _one(source: str, paths: list[Path]) -> dict[str, Any]:
    done = workers.ingest_together([[(source, path)] for path in paths])
    by_worker = [(report["read"], report["stages"]) for report in done.reports]
    return {
        "records": done.read,
        "bytes": sum(path.stat().st_size for path in paths),
        "seconds": round(done.seconds, 3),
        "per_second": round(done.read / done.seconds, 1),
        # Parsed, cleansed and landed, without finding out who is who and writing golden profiles and facts.
        "landed_per_second": round(sum(read / (s["read"] + s["land"]) for read, s in by_worker), 1),
        "stages": {stage: round(sum(s.get(stage, 0.0) for _, s in by_worker), 3) for stage in STAGES},
        "quarantined": sum(report["quarantined"] for report in done.reports),
        "peak_memory_bytes": done.peak_memory_bytes,
    }
