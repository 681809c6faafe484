"""How fast each source is read, cleansed and landed, a file a process on two processes, and what memory that takes.

A small airline is drawn twice, with another seed each; files with few records are made longer. Who is who and golden
profiles are left out: `manage.py bench pipeline` measures those.
"""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Model

from iaros.benchmarks import feeds, scratch, workers
from iaros.demo import world, write
from iaros.lib.commands import Refused
from profiles.ingest.reference import TABLES
from profiles.models import ExchangeRate, Message, QuarantinedRow, SourceRecord
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Framing

Say = Callable[[str], None]
Process = subprocess.Popen[bytes]
SEEDS = (42, 43)
STAGES = ("read", "cleanse", "land")
ROUNDS = 3
CHEAP = 1.5  # seconds: what takes longer is measured once
WANTED = 12_000  # records a file: more than one chunk, so that keys are looked up across chunks as in any large file
MOST_BYTES = 4_000_000  # of a file, however many records that is: a booking is twenty times a coupon
PUSHED = 6_000  # passenger name records a file
FEWEST = 1_000  # records under which a rate says more about opening a file than about reading it
TEXTS = frozenset((Framing.LINES, Framing.TABLE, Framing.JSON))
_SERVE = "import django; django.setup(); from iaros.benchmarks import landing; landing.work()"


def measure(customers: int, say: Say, *, only: str = "") -> dict[str, Any]:
    """Every source, or `only` one: records over wall time, from the first byte to the last commit. Raises Refused."""
    if only and only not in write.FILES:
        raise Refused(f"{only!r}: the demo writes no such file; it writes {', '.join(write.FILES)}")
    with scratch.scratch() as folder:
        say(f"drawing two airlines of {customers:,} customers")
        drawn = [write.write(world.build(customers, seed), folder / str(seed)) for seed in SEEDS]
        for files, seed in zip(drawn, SEEDS, strict=True):
            feeds.write_pnrgov(files["pnrgov"], PUSHED, seed)
        processes = [workers.start(_SERVE) for _ in SEEDS]
        try:
            measured = {source: _one(source, drawn, processes, folder, say) for source in _in_order(drawn[0], only)}
        finally:
            workers.dismiss(processes)
        return {"customers": customers, **_headline(measured), "sources": measured, **scratch.conditions()}


def _in_order(files: dict[str, Path], only: str) -> list[str]:
    """Rates first: amounts are converted as they land."""
    first = "exchange_rates"
    return [first, *([only] if only else [name for name in files if name != first])]


def _one(
    source: str, drawn: Sequence[dict[str, Path]], processes: Sequence[Process], folder: Path, say: Say
) -> dict[str, Any]:
    tasks = [
        {"act": "vary", "source": source, "path": str(files[source]), "into": str(folder / f"{nth}-{source}"),
         "wanted": WANTED, "most_bytes": MOST_BYTES, "first": nth * 1000}
        for nth, files in enumerate(drawn)
    ]  # fmt: skip
    files = workers.ask(processes, tasks)
    # Both airlines have the same holidays: two processes would write the same rows.
    apart = 1 if set(files[0].pop("keys")) & set(files[1].pop("keys")) else 2
    rounds: list[list[dict[str, Any]]] = []
    while len(rounds) < ROUNDS and (not rounds or _seconds(rounds[-1]) < CHEAP):
        _empty(rates="rates" in source)
        orders = [{"act": "land", "source": source, "path": file["path"]} for file in files[:apart]]
        rounds.append(workers.ask(processes[:apart], orders))
    found = _summed(source, rounds, sum(file["bytes"] for file in files[:apart]))
    say(f"{source}: {found['per_second']:,} a second")
    return found


def _summed(source: str, rounds: list[list[dict[str, Any]]], size: int) -> dict[str, Any]:
    done = sorted(rounds, key=_seconds)[len(rounds) // 2]
    seconds, records = _seconds(done), sum(told["records"] for told in done)
    connector = CONNECTORS[source]
    return {
        "family": connector.family,
        "format": connector.format,
        "processes": len(done),
        "records": records,
        "mentions": sum(told["mentions"] for told in done),
        "bytes": size,
        "seconds": round(seconds, 3),
        "per_second": round(records / seconds),
        "rounds": [round(sum(told["records"] for told in each) / _seconds(each)) for each in rounds],
        "stages": {stage: round(sum(told["stages"].get(stage, 0.0) for told in done), 3) for stage in STAGES},
        "cpu_seconds": round(sum(told["cpu"] for told in done), 3),
        "quarantined": sum(told["quarantined"] for told in done),
        "peak_memory_bytes": max(told["memory"] for each in rounds for told in each),
    }


def _headline(measured: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The figures that DESIGN and the issue ask for; of short files no rate is counted."""
    texts = [
        found["per_second"]
        for source, found in measured.items()
        if CONNECTORS[source].framing in TEXTS and found["records"] >= FEWEST
    ]
    return {
        "csv_json_per_second": round(statistics.median(texts)) if texts else None,
        "csv_json_slowest_per_second": min(texts, default=None),
        "edifact_pnrs_per_second": measured.get("pnrgov", {}).get("per_second"),
        "peak_memory_bytes": max(found["peak_memory_bytes"] for found in measured.values()),
    }


def _seconds(told: list[dict[str, Any]]) -> float:
    return float(max(each["ended"] for each in told) - min(each["began"] for each in told))


def _empty(*, rates: bool) -> None:
    """Forget what landed, rates too if they are what is measured."""
    landed: list[type[Model]] = [SourceRecord, Message, QuarantinedRow, *TABLES.values()]
    emptied: list[type[Model]] = [*landed, ExchangeRate] if rates else landed
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(model._meta.db_table for model in emptied)}")
