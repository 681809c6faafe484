"""How long an answer may take: the airline's own limits, kept by Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TookTooLong(Exception):
    """A statement ran into the limit; asking again is in order."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """One transaction in which no statement may run longer than `seconds`; raises TookTooLong."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(int(seconds * 1000))])
            yield
            if connection.savepoint_ids:
                # Inside another transaction the limit would outlive this block.
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TookTooLong from error
        raise
