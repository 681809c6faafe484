"""Compares many customers on every core: a process a share of the buckets, each joining people as `probable` does.

For few customers the processes would take longer to start than to work, and where somebody travelled they would find
fewer; then this one does it alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise

import orjson
from django.db import connection, transaction

from iaros.lib import clock
from iaros.lib.leases import lease
from iaros.lib.reports import Progress, silent
from profiles import probable
from profiles.identity import search_keys
from profiles.ingest import runs
from profiles.models import Passenger
from profiles.probable import BUCKETS, Matched

LEASE = "profiles.together"
WORTH_A_PROCESS = 20_000
_PROGRAM = "import django; django.setup(); from profiles import together; together.work()"
_WAITING_SQL = """
SELECT count(*) FROM (
    SELECT FROM profiles_profile p
    LEFT JOIN profiles_searchkeys k ON k.bucket = p.bucket AND k.id = p.id
    WHERE k.id IS NULL OR k.made_at < p.updated_at OR k.match_keys IS NULL LIMIT %s
) waiting
"""


class WorkerFailed(Exception):
    """A process that compared customers ended early; what it left is compared the next time."""


def match_changed(progress: Progress = silent, *, processes: int | None = None) -> Matched:
    """`probable.match_changed`, on as many processes as there are cores where enough customers wait.

    Raises WorkerFailed with what the process wrote.
    """
    with lease(LEASE) as alone:
        if alone:
            _doubt_interrupted()
        wanted = processes or len(os.sched_getaffinity(0))
        # Whoever is in a transaction has not shown others yet what they are to compare.
        if not alone or wanted < 2 or connection.in_atomic_block or not _many_wait() or _anybody_travelled():
            return probable.match_changed(progress)
        progress(phase="probable matches", done=0, total=BUCKETS)
        return _in_processes(shares(wanted))


def shares(processes: int) -> list[tuple[int, int]]:
    """The buckets of each process, from and below."""
    return list(pairwise(BUCKETS * at // processes for at in range(processes + 1)))


def work() -> None:
    """A process's side: compare the buckets that the arguments name, report on stdout."""
    low, high = (int(each) for each in sys.argv[1:3])
    done = probable.match_changed(low=low, high=high, together=True)
    sys.stdout.buffer.write(orjson.dumps(as_numbers(done)) + b"\n")


def as_numbers(done: Matched) -> dict[str, int]:
    return {name: getattr(done, name) for name in ("looked_at", "compared", "joined", "held")}


def _in_processes(buckets: Sequence[tuple[int, int]]) -> Matched:
    began = clock.now()
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(low), str(high)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for low, high in buckets
    ]
    told = [worker.communicate() for worker in workers]
    if any(worker.returncode for worker in workers):
        search_keys.doubt_since(began)
        failed = next(err for worker, (_, err) in zip(workers, told, strict=True) if worker.returncode)
        raise WorkerFailed(failed.decode("utf-8", "replace")[-2000:])
    numbers = [orjson.loads(out.splitlines()[-1]) for out, _ in told]
    return Matched(**{name: sum(each[name] for each in numbers) for name in numbers[0]})


def _many_wait() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_SQL, [WORTH_A_PROCESS])
        return bool(cursor.fetchone()[0] >= WORTH_A_PROCESS)


def _anybody_travelled() -> bool:
    """Whether company may tell who somebody is: by the keys of fellow travellers, which another process may still have
    to write. On the demo airline of 500 two processes found .8972 of all true pairs, one .8995."""
    return Passenger.objects.exists()


@transaction.atomic
def _doubt_interrupted() -> None:
    """Let everybody be compared again whose keys were made by a run that was killed before it compared them."""
    if (since := runs.interrupted_since(runs.PROBABLE)) is not None:
        search_keys.doubt_since(since)
