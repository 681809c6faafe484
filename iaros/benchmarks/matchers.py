"""What a process of the measurement of identity does: take a file in, or compare the customers of its buckets."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from django.db import connection

from iaros.lib.memory import peak_bytes
from profiles import pipeline, probable, together
from profiles.identity import match_models
from profiles.ingest import cleanse
from profiles.sources.places import airports


def work() -> None:
    """Serve orders from stdin, one JSON line each, with an answer each on stdout, until there are no more."""
    import pandas  # noqa: F401 pyarrow loads it with the first column, and the first batch scipy
    import scipy.sparse.csgraph  # noqa: F401

    airports()
    cleanse.phone("+4520123456")
    match_models.champion()
    connection.ensure_connection()
    for order in sys.stdin.buffer:
        act = _OWN[(told := orjson.loads(order)).pop("act")]
        cpu, began = time.process_time(), time.time()
        answer = act(**told)
        spent = {"began": began, "ended": time.time(), "cpu": time.process_time() - cpu, "memory": peak_bytes()}
        sys.stdout.buffer.write(orjson.dumps({**answer, **spent}) + b"\n")
        sys.stdout.buffer.flush()


def ready() -> dict[str, Any]:
    return {}


def take_in(path: str) -> dict[str, Any]:
    return {"read": pipeline.ingest("loyalty_members", Path(path)).counts.read}


def compare(low: int, high: int) -> dict[str, Any]:
    return together.as_numbers(probable.match_changed(low=low, high=high, together=True))


_OWN: dict[str, Callable[..., dict[str, Any]]] = {"ready": ready, "take_in": take_in, "compare": compare}
