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
    processes = [start(_WORKER) for _ in tasks]
    for process in processes:
        _expect_ready(process)
    for process, task in zip(processes, tasks, strict=True):
        _order(process, [(source, str(path)) for source, path in task])
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


def start(program: str) -> subprocess.Popen[bytes]:
    """A process that runs `program`; it takes orders from stdin, answers on stdout."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", program], stdin=pipe, stdout=pipe, stderr=pipe)


def start_file(path: str) -> subprocess.Popen[bytes]:
    """`start` for a program that stands in a file of its own."""
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, path], stdin=pipe, stdout=pipe, stderr=pipe)


def ask(processes: Sequence[subprocess.Popen[bytes]], orders: Sequence[Any]) -> list[Any]:
    """Give each process an order and wait for the answers of all: a line of JSON each way.

    Raises RuntimeError with what a process wrote when it ends instead.
    """
    for process, order in zip(processes, orders, strict=True):
        _order(process, order)
    return [_answer(process) for process in processes]


def _order(process: subprocess.Popen[bytes], order: Any) -> None:
    assert process.stdin is not None
    process.stdin.write(orjson.dumps(order) + b"\n")
    process.stdin.flush()


def _answer(process: subprocess.Popen[bytes]) -> Any:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(process.stderr.read().decode()[-2000:])
    return orjson.loads(line)


def dismiss(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """No more orders: the processes end, and are waited for."""
    for process in processes:
        process.communicate()


def _expect_ready(process: subprocess.Popen[bytes]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    if process.stdout.readline().strip() != b"ready":
        raise RuntimeError(process.stderr.read().decode()[-2000:])


def work() -> None:
    """The worker's side: load everything, say so, wait for the tasks, do them, report on stdout."""
    import pandas  # noqa: F401 pyarrow loads it with the first column, and the first batch scipy
    import scipy.sparse.csgraph  # noqa: F401
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
