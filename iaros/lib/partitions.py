"""Partitioned tables: by bucket (16 ranges of 16 buckets), by look-up hash (16), by month for what happens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db import connection, migrations, transaction

PARTS = 16
WIDTH = 256 // PARTS


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is partitioned; in a migration it takes the place of CreateModel.

    `partition_by`: "bucket" (range over the smallint column `bucket`), "lookup" (hash) or "month" (range over
    `occurred_at`; months are added by `ensure_months`).
    """

    def __init__(self, *args: Any, partition_by: str, **kwargs: Any) -> None:
        self.partition_by = partition_by
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        name, args, kwargs = super().deconstruct()
        return name, list(args), {**kwargs, "partition_by": self.partition_by}

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table = model._meta.db_table
        create, params = schema_editor.table_sql(model)
        clause = {
            "bucket": "RANGE (bucket)",
            "lookup": "HASH (lookup)",
            "month": "RANGE (occurred_at)",
        }[self.partition_by]
        schema_editor.execute(f"{create} PARTITION BY {clause}", params or None)
        for part in parts_of(table, self.partition_by):
            schema_editor.execute(part)
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))


def parts_of(table: str, partition_by: str) -> list[str]:
    """The statements that create the partitions a table is born with."""
    if partition_by == "bucket":
        ranges = ((p, p * WIDTH, (p + 1) * WIDTH) for p in range(PARTS))
        return [
            f'CREATE TABLE "{table}_{p:02d}" PARTITION OF "{table}" FOR VALUES FROM ({low}) TO ({high})'
            for p, low, high in ranges
        ]
    if partition_by == "lookup":
        return [
            f'CREATE TABLE "{table}_{p:02d}" PARTITION OF "{table}" FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {p})'
            for p in range(PARTS)
        ]
    return [f'CREATE TABLE "{table}_default" PARTITION OF "{table}" DEFAULT']


def ensure_months(table: str, first: date, last: date) -> None:
    """Create the monthly partitions from `first`'s month to `last`'s, those that are missing; see `ensure_each`."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ensure_each(table, [date(month // 12, month % 12 + 1, 1) for month in months])


def ensure_each(table: str, months: Iterable[date]) -> None:
    """Create the partitions of these months (their first days), those that are missing.

    Rows of a month without a partition wait in the default one; so call this before writing them. Months before
    1990 or after 2100 stay in the default partition: they are errors of a source, not history.
    """
    with connection.cursor() as cursor:
        known = _known_months(cursor, table)
    for month in sorted({month for month in months if 1990 <= month.year <= 2100}):
        if f"{table}_{month:%Y%m}" not in known:
            _create_month(table, month)


@transaction.atomic
def _create_month(table: str, month: date) -> None:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    with connection.cursor() as cursor:
        # Two workers may meet the same new month: the second waits here until it is made, and then finds it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
        cursor.execute(
            f'CREATE TABLE IF NOT EXISTS "{table}_{month:%Y%m}" PARTITION OF "{table}" '
            f"FOR VALUES FROM ('{month}') TO ('{following}')"
        )


def _known_months(cursor: Any, table: str) -> set[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        [table],
    )
    return {row[0] for row in cursor.fetchall()}
