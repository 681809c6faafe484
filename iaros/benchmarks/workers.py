"""Worker processes of a measurement: warmed up first, started together, each telling when it began and ended."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_WORKER = "import django; django.setup(); from iaros.benchmarks import workers; workers.work()"


@dataclass(frozen=True)
class Measured:
    """What the workers did together: wall time from the first byte read to the last commit, in seconds."""

    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    reports: list[dict[str, Any]]

    @property
    def read(self) -> int:
        return sum(report["read"] for report in self.reports)


def ingest_together(tasks: Sequence[Sequence[tuple[str, Path]]]) -> Measured:
    """Run a worker process a task list; each takes its (source, file) pairs in, in order.

    Raises RuntimeError with what a worker wrote when one fails.
    """
    processes = [_start() for _ in tasks]
    for process in processes:
        _expect_ready(process)
    for process, task in zip(processes, tasks, strict=True):
        assert process.stdin is not None
        process.stdin.write(orjson.dumps([(source, str(path)) for source, path in task]) + b"\n")
        process.stdin.flush()
    answers = []
    for process in processes:
        out, err = process.communicate()
        if process.returncode:
            raise RuntimeError(err.decode()[-2000:])
        answers.append(orjson.loads(out.splitlines()[-1]))
    return Measured(
        max(a["ended"] for a in answers) - min(a["began"] for a in answers),
        sum(a["cpu"] for a in answers),
        max(a["memory"] for a in answers),
        [report for a in answers for report in a["reports"]],
    )


def _start() -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", _WORKER], stdin=pipe, stdout=pipe, stderr=pipe)


def _expect_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    if process.stdout.readline().strip() != b"ready":
        raise RuntimeError(process.stderr.read().decode()[-2000:])


def work() -> None:
    """The worker's side: load everything, say so, wait for the tasks, do them, report on stdout."""
    from django.db import connection

    from iaros.lib.memory import peak_bytes
    from profiles import pipeline
    from profiles.ingest import cleanse
    from profiles.sources.places import airports

    airports()
    cleanse.phone("+4520123456")
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    tasks = orjson.loads(sys.stdin.readline())
    began, cpu = time.time(), time.process_time()
    reports = [pipeline.ingest(source, Path(path)).as_dict() for source, path in tasks]
    answer = {
        "began": began,
        "ended": time.time(),
        "cpu": time.process_time() - cpu,
        "memory": peak_bytes(),
        "reports": reports,
    }
    sys.stdout.buffer.write(orjson.dumps(answer) + b"\n")
