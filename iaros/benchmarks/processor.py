"""Who used the processor: the web server with its workers, Postgres with its backends, Valkey."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

_TICK = os.sysconf("SC_CLK_TCK")


def seconds(server: int) -> dict[str, float]:
    """Seconds of processor that each has used so far, by the kernel's account of the processes."""
    used = redis.Redis.from_url(settings.REDIS_URL).info("cpu")
    return {
        "server": _family(server),
        "postgres": _family(_parent_of(_our_backend())),
        "valkey": float(used["used_cpu_sys"]) + float(used["used_cpu_user"]),
    }


def _our_backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _family(pid: int) -> float:
    """Of the process, its children, and those of both that have ended."""
    return _used(pid) + sum(_used(child) for child in _children(pid))


def _children(pid: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if _parent_of(int(folder.name)) == pid:
                yield int(folder.name)


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold blanks: the first is the state."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


def _parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _used(pid: int) -> float:
    with suppress(OSError):
        return sum(map(int, _stat(pid)[11:15])) / _TICK
    return 0.0
