"""Staging tables: columns in memory become a set that SQL can join, for the length of one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iaros.lib.copying import Column, copy_in


def stage(cursor: Any, name: str, definition: str, columns: Mapping[str, Column]) -> int:
    """Fill the temporary table `name` with the columns and return the number of rows.

    The table is made once a session and emptied by every commit and by every call. `definition` is SQL of ours.
    """
    # Together, since for a handful of rows the ways to the server are what takes time.
    cursor.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{name}" ({definition}) ON COMMIT DELETE ROWS; TRUNCATE "{name}"')
    return copy_in(cursor, name, columns)


def prefer_index_lookups(cursor: Any) -> None:
    """For the rest of the transaction, join staged rows by index look-ups.

    A temporary table has no statistics, and neither has a table that was filled a minute ago: the planner would read
    millions of rows to find thousands. Measured on a fresh database: 75 s instead of 0.3 s.
    """
    # A plan that may not read in sequence looks dear, and what looks dear would be compiled first, for a second.
    cursor.execute(
        "SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SET LOCAL enable_hashjoin = off; "
        "SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off; "
        "SET LOCAL plan_cache_mode = force_generic_plan"
    )
