"""How many bytes a customer takes, table by table, indexes and TOAST included."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection

from iaros import pipeline as refresh_all
from iaros.benchmarks import pipeline, scratch
from iaros.benchmarks.pipeline import Say
from iaros.demo import END_AT
from iaros.lib import clock, undo

_TABLES_SQL = """
SELECT coalesce(parent.relname, c.relname) AS name,
       sum(pg_table_size(c.oid))::bigint AS heap, sum(pg_indexes_size(c.oid))::bigint AS indexes,
       sum(greatest(c.reltuples, 0))::bigint AS rows
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r'
GROUP BY 1 HAVING sum(pg_total_relation_size(c.oid)) > 0
ORDER BY sum(pg_total_relation_size(c.oid)) DESC
"""
BUDGET_BYTES = 8192


def measure(customers: int, say: Say) -> dict[str, Any]:
    """Build a base of `customers` with about ten facts each, refresh everything, and weigh every table.

    What runs keep to be taken back leaves after a month: it is weighed apart, and its table as it is then.
    """
    with scratch.scratch() as folder:
        say(f"building a base of {customers:,} customers")
        base = pipeline.build_base(customers, folder)
        say("refreshing")
        refresh_all.refresh(END_AT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size('lib_undorow')")
            kept_a_month = cursor.fetchone()[0]
            undo.forget_older_than(clock.now() + timedelta(days=1))
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(_TABLES_SQL)
            rows = cursor.fetchall()
            cursor.execute("SELECT count(*) FROM profiles_event")
            facts = cursor.fetchone()[0]
        tables = [_line(name, heap, indexes, count, customers) for name, heap, indexes, count in rows]
        return {
            "customers": customers,
            "facts_a_customer": round(facts / customers, 2),
            "bytes_a_customer": round(sum(t["bytes_a_customer"] for t in tables), 1),
            "budget_bytes_a_customer": BUDGET_BYTES,
            "bytes_a_customer_kept_a_month": round(kept_a_month / customers, 1),
            "tables": tables,
            "base": base,
            **scratch.conditions(),
        }


def _line(name: str, heap: int, indexes: int, rows: int, customers: int) -> dict[str, Any]:
    return {
        "table": name,
        "rows": int(rows),
        "heap_bytes": int(heap),
        "index_bytes": int(indexes),
        "bytes_a_customer": round(int(heap + indexes) / customers, 1),
    }
