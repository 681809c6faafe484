"""How many bytes a customer takes, table by table, indexes and TOAST included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from iaros import pipeline as refresh_all
from iaros.benchmarks import pipeline, scratch
from iaros.benchmarks.pipeline import Say
from iaros.demo import END_AT
from iaros.lib import packing

_TABLES_SQL = """
SELECT coalesce(parent.relname, c.relname) AS name, sum(greatest(c.reltuples, 0))::bigint AS rows,
       sum(pg_relation_size(c.oid))::bigint AS heap,
       sum(coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0))::bigint AS toast,
       sum(pg_indexes_size(c.oid))::bigint AS indexes,
       sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relname <> 'lib_undorow'
GROUP BY 1 HAVING sum(pg_total_relation_size(c.oid)) > 0
ORDER BY bytes DESC
"""
_INDEXES_SQL = """
SELECT coalesce(owner.relname, t.relname) AS name, coalesce(parent.relname, c.relname) AS index_name,
       sum(pg_relation_size(c.oid))::bigint AS bytes
FROM pg_index x
JOIN pg_class c ON c.oid = x.indexrelid
JOIN pg_class t ON t.oid = x.indrelid AND t.relkind = 'r'
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
LEFT JOIN pg_inherits ti ON ti.inhrelid = t.oid
LEFT JOIN pg_class owner ON owner.oid = ti.inhparent
GROUP BY 1, 2 ORDER BY bytes DESC
"""
BUDGET_BYTES = 8192


def measure(customers: int, say: Say) -> dict[str, Any]:
    """Build a base of `customers` with about ten facts each, refresh everything, and weigh every table.

    What runs keep to be taken back leaves after a month: it is weighed apart. Indexes are packed first, as they are
    every week; what all would weigh without it is told beside.
    """
    with scratch.scratch() as folder:
        say(f"building a base of {customers:,} customers")
        base = pipeline.build_base(customers, folder)
        say("refreshing")
        refresh_all.refresh(END_AT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size('lib_undorow')")
            kept_a_month = cursor.fetchone()[0]
            cursor.execute("VACUUM ANALYZE")
        say("packing indexes")
        packed = packing.pack()
        with connection.cursor() as cursor:
            cursor.execute(_TABLES_SQL)
            rows = cursor.fetchall()
            cursor.execute(_INDEXES_SQL)
            indexes: dict[str, dict[str, float]] = {}
            for table, name, size in cursor.fetchall():
                indexes.setdefault(table, {})[name] = round(int(size) / customers, 1)
            cursor.execute("SELECT count(*) FROM profiles_event")
            facts = cursor.fetchone()[0]
        tables = [_line(Weighed(*row), customers, indexes.get(row[0], {})) for row in rows]
        return {
            "customers": customers,
            "facts_a_customer": round(facts / customers, 2),
            "bytes_a_customer": round(sum(t["bytes_a_customer"] for t in tables), 1),
            "budget_bytes_a_customer": BUDGET_BYTES,
            "bytes_a_customer_that_packing_saves": round((packed.bytes_before - packed.bytes_after) / customers, 1),
            "bytes_a_customer_kept_a_month": round(kept_a_month / customers, 1),
            "tables": tables,
            "base": base,
            **scratch.conditions(),
        }


@dataclass(frozen=True)
class Weighed:
    """A table with its partitions: live rows, and bytes of its main part, of TOAST, of indexes, and of all together
    (maps of free space and visibility included)."""

    table: str
    rows: int
    heap: int
    toast: int
    indexes: int
    bytes: int


def _line(table: Weighed, customers: int, indexes: dict[str, float]) -> dict[str, Any]:
    rows = int(table.rows)

    def each(size: int) -> float:
        return round(int(size) / customers, 1)

    return {
        "table": table.table,
        "rows": rows,
        "rows_a_customer": round(rows / customers, 2),
        "bytes_a_row": round(int(table.bytes) / rows, 1) if rows else None,
        "bytes_a_customer": each(table.bytes),
        "heap_a_customer": each(table.heap),
        "toast_a_customer": each(table.toast),
        "indexes_a_customer": each(table.indexes),
        "indexes": indexes,
    }
