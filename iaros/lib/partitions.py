"""Partitioned tables: by bucket (16 ranges of 16 buckets), by look-up hash (16), by month for what happens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection, migrations, transaction
from django.db.migrations.operations.base import Operation

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
        _create_partitioned(schema_editor, model, self.partition_by)
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))


class RelayTable(Operation):
    """Carry out `changes` on a model by writing its table anew, every row kept; `partition_by` None divides it no more.

    The columns are laid by what they must be aligned to, so that no row holds padding. `values` says, by column, what
    a row gets that is not simply carried over (SQL over the old row `o`). `sort` is the order of the rows; of rows that
    are equal in `once` one is kept.

    `key` is the order of the primary key's columns in its index, where it is not that of the model: ids ascend in time,
    so a key that begins with the id is filled from one end, and one that begins with the bucket in 256 places. With an
    empty `key` the primary key is a declaration to the ORM and not an index of the database.

    The table is locked until the migration commits, and its rows are written twice: plan for the disk.
    """

    reversible = False

    def __init__(
        self,
        name: str,
        *,
        partition_by: str | None,
        changes: Sequence[Operation] = (),
        values: Mapping[str, str] | None = None,
        sort: Sequence[str] = (),
        once: Sequence[str] = (),
        key: Sequence[str] | None = None,
    ) -> None:
        self.name, self.partition_by, self.key = name, partition_by, key
        self.changes, self.values, self.sort = list(changes), dict(values or {}), list(sort)
        self.once = list(once)

    def state_forwards(self, app_label: str, state: Any) -> None:
        for change in self.changes:
            change.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        table, kept = model._meta.db_table, f"{model._meta.db_table}_relaid"
        model._meta.local_fields.sort(key=lambda field: _alignment(field, schema_editor.connection))
        columns = [field.column for field in model._meta.local_concrete_fields if field.column]
        chosen = ", ".join(f'{self.values.get(name, f"o.{name}")} AS "{name}"' for name in columns)
        with schema_editor.connection.cursor() as cursor:
            months = sorted(_known_months(cursor, table)) if self.partition_by == "month" else []
        schema_editor.execute(f'CREATE TABLE "{kept}" AS SELECT {chosen} FROM "{table}" o')
        schema_editor.execute(f'DROP TABLE "{table}"')
        _create_partitioned(schema_editor, model, self.partition_by)
        for name in months:
            if re.fullmatch(r"[0-9]{6}", name[-6:]):
                schema_editor.execute(_month_sql(table, date(int(name[-6:-2]), int(name[-2:]), 1)))
        if self.key is not None:
            schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_pkey"')
        if self.key:
            schema_editor.execute(f'ALTER TABLE "{table}" ADD PRIMARY KEY ({", ".join(self.key)})')
        names, order = ", ".join(f'"{name}"' for name in columns), ", ".join(self.sort) or "1"
        once = f"DISTINCT ON ({', '.join(self.once)}) " if self.once else ""
        schema_editor.execute(f'INSERT INTO "{table}" ({names}) SELECT {once}{names} FROM "{kept}" ORDER BY {order}')
        schema_editor.execute(f'DROP TABLE "{kept}"')
        schema_editor.deferred_sql.extend(schema_editor._model_indexes_sql(model))

    def describe(self) -> str:
        return f"Write the table of {self.name} anew"


# What a column is aligned to, by its type; what is not named takes any place, and stands last if its length varies.
_ALIGNED = {"bigint": 1, "timestamp with time zone": 1, "double precision": 1, "integer": 2, "date": 2, "real": 2}
_ALIGNED |= {"uuid": 0, "smallint": 3, "boolean": 4}


def _alignment(field: Any, connection: Any) -> int:
    return _ALIGNED.get(field.db_type(connection) or "", 5)


def _create_partitioned(schema_editor: Any, model: Any, partition_by: str | None) -> None:
    create, params = schema_editor.table_sql(model)
    if partition_by is None:
        schema_editor.execute(create, params or None)
        return
    clause = {
        "bucket": "RANGE (bucket)",
        "lookup": "HASH (lookup)",
        "month": "RANGE (occurred_at)",
    }[partition_by]
    schema_editor.execute(f"{create} PARTITION BY {clause}", params or None)
    for part in parts_of(model._meta.db_table, partition_by):
        schema_editor.execute(part)


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


def part_of(table: str, bucket: int) -> str:
    """The partition of a table by bucket that holds this one.

    Whoever asks about one person thousands of times a second names it: the planner takes milliseconds to find it.
    """
    return f"{table}_{bucket // WIDTH:02d}"


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
    with connection.cursor() as cursor:
        # Two workers may meet the same new month: the second waits here until it is made, and then finds it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [table])
        cursor.execute(_month_sql(table, month))


def _month_sql(table: str, month: date) -> str:
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return (
        f'CREATE TABLE IF NOT EXISTS "{table}_{month:%Y%m}" PARTITION OF "{table}" '
        f"FOR VALUES FROM ('{month}') TO ('{following}')"
    )


def _known_months(cursor: Any, table: str) -> set[str]:
    cursor.execute(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = %s::regclass",
        [table],
    )
    return {row[0] for row in cursor.fetchall()}
