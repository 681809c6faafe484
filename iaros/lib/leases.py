"""Advisory leases: one holder at a time for a piece of work, given back by the database even if the holder dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def lease(name: str) -> Iterator[bool]:
    """Try to take the lease called `name` for this database session; yields whether it was free.

    Never waits. Ends with the block, or with the session if the process is killed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 7))", [name])
        taken = bool(cursor.fetchone()[0])
        try:
            yield taken
        finally:
            if taken:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 7))", [name])


def lock_in_transaction(*names: str) -> None:
    """Wait for the named locks and hold them until the transaction ends; taken in one order, so nobody deadlocks."""
    with connection.cursor() as cursor:
        for name in sorted(set(names)):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [name])


def share_in_transaction(name: str) -> None:
    """Wait until nobody holds the lock alone, and hold it with others who share it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 7))", [name])
