"""Run the SQL files that stand beside the modules that own them: one statement a file, named parameters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any

import orjson
from django.db import connection
from psycopg import adapters
from psycopg.sql import Composed

_JSONB = adapters.types["jsonb"].oid


@cache
def text(package: str, file: str) -> str:
    """The statement in `sql/<file>` beside `package`."""
    return resources.files(package).joinpath("sql", file).read_text(encoding="utf-8")


def run(package: str, file: str, **params: Any) -> int:
    """Execute the statement and return the number of rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(text(package, file), params)
        return cursor.rowcount


def fetch(package: str, file: str, **params: Any) -> list[dict[str, Any]]:
    """Execute the statement and return its rows."""
    return query(text(package, file), params)


@contextmanager
def together() -> Iterator[None]:
    """The statements of the block go to the server in one way there and back, and all are carried out or none.

    Their errors come at the latest when the block ends. Inside a transaction they are part of it.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def query(statement: str | Composed, params: Any = None) -> list[dict[str, Any]]:
    """Execute a statement that stands in the code and return its rows as dictionaries; JSON comes as what it says."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column.name for column in cursor.description]
        documents = [column.name for column in cursor.description if column.type_code == _JSONB]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # Django has the driver hand JSON over as text, which its own JSONField reads; a row of a statement has no field.
    for name in documents:
        for row in rows:
            row[name] = row[name] and orjson.loads(row[name])
    return rows
