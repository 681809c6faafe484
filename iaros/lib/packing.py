"""Builds indexes anew whose pages have come to stand half empty.

Keys that arrive in no order split full pages in two: such an index is two thirds full, and stays so. Built anew it is
nine tenths full, and equal keys share an entry; the months of events that are over stay like that. Readers and writers
go on meanwhile (`REINDEX CONCURRENTLY`). What an index weighed when it was packed stands in its comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from psycopg import sql

from iaros.lib import clock
from iaros.lib.reports import Progress, silent

LEAST_BYTES = 64 * 1024
LOOSE = 1.25  # so many times what its rows would weigh packed: then it is packed again

_INDEXES_SQL = """
SELECT c.relname, t.relname, pg_relation_size(c.oid), greatest(c.reltuples, 0)::bigint,
       obj_description(c.oid, 'pg_class')
FROM pg_index x
JOIN pg_class c ON c.oid = x.indexrelid AND c.relkind = 'i' AND c.relpersistence = 'p'
JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_am a ON a.oid = c.relam AND a.amname = 'btree'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
WHERE x.indisvalid ORDER BY c.relname
"""
# What a packing that was cut off has left: it is not used, and would be written to for ever.
_LEFT_SQL = """
SELECT c.relname FROM pg_index x
JOIN pg_class c ON c.oid = x.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
WHERE NOT x.indisvalid AND c.relkind = 'i' AND c.relname ~ '_cc(new|old)[0-9]*$'
"""
LATE = timedelta(days=62)  # so long after its first day a month gets few rows more
_MONTH = re.compile(r"_(\d{4})(\d{2})$")
_NOTE = re.compile(r"packed: (\d+) bytes, (\d+) rows")


@dataclass(frozen=True)
class Weight:
    """An index and its table: bytes and rows now, and when it was packed last (none: never)."""

    name: str
    table: str
    size: int
    rows: int
    packed_size: int | None = None
    packed_rows: int | None = None

    @property
    def is_loose(self) -> bool:
        """Whether it is worth building anew."""
        if self.size < LEAST_BYTES:
            return False
        if self.packed_size is None or self.packed_rows is None:
            return True
        return self.size > LOOSE * self.packed_size * max(1.0, self.rows / max(self.packed_rows, 1))


@dataclass(frozen=True)
class Packed:
    indexes: int
    bytes_before: int
    bytes_after: int


def pack(progress: Progress = silent) -> Packed:
    """Build every loose B-tree anew, one after the other; outside of a transaction. Safe to kill and to repeat."""
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_SQL)
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))
    loose = [weight for weight in weights() if weight.is_loose]
    for done, weight in enumerate(loose):
        progress(phase="indexes", done=done, total=len(loose))
        _pack(weight)
    names = {weight.name for weight in loose}
    after = sum(weight.size for weight in weights() if weight.name in names)
    return Packed(len(loose), sum(weight.size for weight in loose), after)


def weights() -> list[Weight]:
    """Every B-tree of the schema."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES_SQL)
        rows = cursor.fetchall()
    return [Weight(name, table, size, entries, *_noted(note)) for name, table, size, entries, note in rows]


def _is_over(table: str, today: date) -> bool:
    """Whether this is the partition of a month that is over: then no page need have room for more rows."""
    month = _MONTH.search(table)
    return month is not None and date(int(month[1]), int(month[2]), 1) + LATE < today


def _noted(note: str | None) -> tuple[int | None, int | None]:
    found = _NOTE.match(note or "")
    return (int(found[1]), int(found[2])) if found else (None, None)


def _pack(weight: Weight) -> None:
    name, index = weight.name, sql.Identifier(weight.name)
    with connection.cursor() as cursor:
        if _is_over(weight.table, clock.now().date()):
            cursor.execute(sql.SQL("ALTER INDEX {} SET (fillfactor = 100)").format(index))
        cursor.execute(sql.SQL("REINDEX INDEX CONCURRENTLY {}").format(index))
        cursor.execute(
            "SELECT pg_relation_size(oid), greatest(reltuples, 0)::bigint FROM pg_class WHERE relname = %s "
            "AND relnamespace = current_schema()::regnamespace",
            [name],
        )
        size, rows = cursor.fetchone()
        note = sql.Literal(f"packed: {size} bytes, {rows} rows")
        cursor.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(index, note))
