"""What a process of the measurement of feeds does: read, cleanse and land a file, again and again, and say how long.

Who is who and golden profiles are left out: `manage.py bench pipeline` measures those.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, transaction

from iaros.benchmarks import varied
from iaros.lib.memory import peak_bytes, undisturbed
from profiles import pipeline
from profiles.ingest import cleanse, code_entries, runs
from profiles.shapes import Counts
from profiles.sources import codes
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.places import airports


def work() -> None:
    """Serve orders from stdin, one JSON line each, with an answer each on stdout, until there are no more."""
    airports()
    cleanse.phone("+4520123456")
    connection.ensure_connection()
    for order in sys.stdin.buffer:
        _say(_OWN[(told := orjson.loads(order)).pop("act")](**told))


def _say(answer: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
    sys.stdout.buffer.flush()


def vary(source: str, path: str, into: str, **wanted: int) -> dict[str, Any]:
    """Make the drawn file longer; says which file to read, and the native keys of its first chunk."""
    connector = CONNECTORS[source]
    file = varied.vary(Path(path), connector, Path(into), **wanted)
    return {"path": str(file), "bytes": file.stat().st_size, "keys": varied.some_keys(file, connector)}


def land(source: str, path: str) -> dict[str, Any]:
    """Take the file in as far as landing; says when it began and ended, and what the stages took."""
    _forget_peak()
    began, cpu, counts, records = time.time(), time.process_time(), Counts(), 0
    feed = runs.begin(CONNECTORS[source], Path(path).name)
    with codes.using(code_entries.snapshot()):
        for chunk, _ in pipeline.batches(feed, Path(path)):
            batch = pipeline.read(feed, chunk)
            records += len(chunk.lines.raw) + len(chunk.unreadable)
            with undisturbed(), transaction.atomic():
                counts += pipeline.land(feed, chunk, batch)[0]
    cpu = time.process_time() - cpu
    stages = {stage: round(seconds, 4) for stage, seconds in feed.spent.seconds.items()}
    told = {"began": began, "ended": time.time(), "cpu": cpu, "memory": peak_bytes(), "stages": stages}
    # A record is a line or whatever the feed's format cuts out; a booking of three passengers is three mentions.
    return {**told, "records": records, "mentions": counts.read, "quarantined": counts.quarantined}


def _forget_peak() -> None:
    with suppress(OSError):  # Linux only: elsewhere the peak is that of everything so far.
        Path("/proc/self/clear_refs").write_text("5")


_OWN: dict[str, Callable[..., dict[str, Any]]] = {"vary": vary, "land": land}
