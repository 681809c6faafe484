"""A database that exists for one measurement: made beside the installation's own, and dropped afterwards."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from privacy import encryption

_SETTINGS = (
    "server_version",
    "shared_buffers",
    "max_wal_size",
    "work_mem",
    "synchronous_commit",
    "wal_compression",
    "fsync",
    "full_page_writes",
)


@contextmanager
def scratch() -> Iterator[Path]:
    """Point this process at an empty, migrated database and a folder of its own; yields the folder.

    The installation's database and files stay as they were. Processes started inside inherit both through the
    environment.
    """
    before = {name: os.environ.get(name) for name in ("DATABASE_URL", "IAROS_VAR_DIR", "IAROS_KEYS_FILE")}
    own, keys, var = settings.DATABASES["default"]["NAME"], settings.KEYS_FILE, settings.VAR_DIR
    name = f"iaros_bench_{os.getpid()}"
    parts = urlsplit(os.environ["DATABASE_URL"])
    _on_server(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with tempfile.TemporaryDirectory(prefix="iaros-bench-") as folder:
        path = Path(folder)
        try:
            os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{name}"))
            os.environ["IAROS_VAR_DIR"], os.environ["IAROS_KEYS_FILE"] = folder, str(path / "keys.json")
            settings.KEYS_FILE, settings.VAR_DIR = encryption.write_new_keys(path / "keys.json"), path
            _use(name)
            call_command("migrate", verbosity=0, skip_checks=True)
            yield path
        finally:
            _use(str(own))
            settings.KEYS_FILE, settings.VAR_DIR = keys, var
            for variable, value in before.items():
                os.environ.pop(variable, None) if value is None else os.environ.__setitem__(variable, value)
            _drop(name)


def conditions() -> dict[str, Any]:
    """What a figure depends on: cores, memory, and the server's settings."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(_SETTINGS)])
        server = dict(cursor.fetchall())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "postgres": server,
    }


def wal_bytes() -> int:
    """Where the write-ahead log stands; the difference of two calls is what was written between them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return int(cursor.fetchone()[0])


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


def _drop(name: str) -> None:
    """Drop the database as soon as the server's own vacuum has let it go; FORCE would need rights we do not have."""
    for left in reversed(range(40)):
        try:
            return _on_server(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        except psycopg.errors.ObjectInUse:
            if not left:
                raise
            time.sleep(0.5)


def _on_server(statement: sql.Composed) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(statement)
