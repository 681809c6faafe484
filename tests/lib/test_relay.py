"""A table written anew keeps its rows: what leaves is what the migration names, and columns lie without padding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState

from iaros.lib import partitions
from iaros.lib.partitions import CreatePartitionedModel, RelayTable

APP = "relaid"


def _fields() -> list[tuple[str, models.Field]]:
    return [
        ("pk", models.CompositePrimaryKey("occurred_at", "id", editable=False, primary_key=True, serialize=False)),
        ("number", models.SmallIntegerField()),
        ("occurred_at", models.DateTimeField()),
        ("word", models.CharField(max_length=9, null=True)),
        ("count", models.IntegerField()),
        ("id", models.UUIDField()),
        ("spare", models.UUIDField(null=True)),
    ]


@pytest.fixture
def told(db):
    """A table of three happenings in two months, told the old way; gives the state the migrations stand at."""
    state = _run(ProjectState(), CreatePartitionedModel("Told", _fields(), partition_by="month"))
    partitions.ensure_each("relaid_told", [datetime(2026, month, 1, tzinfo=UTC).date() for month in (1, 2)])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO relaid_told (number, occurred_at, word, count, id)
            SELECT n, TIMESTAMPTZ '2026-01-20 12:00+00' + n * INTERVAL '10 days', nullif('w' || n, 'w1'), 7 - n / 3,
                   gen_random_uuid()
            FROM generate_series(0, 3) AS n WHERE n <> 2
            """
        )
    return state


def _run(state: ProjectState, operation: migrations.operations.base.Operation) -> ProjectState:
    after = state.clone()
    operation.state_forwards(APP, after)
    with connection.schema_editor() as editor:
        operation.database_forwards(APP, editor, state, after)
    return after


def _rows(columns: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM relaid_told ORDER BY number")
        return cursor.fetchall()


def _names(statement: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [name for (name,) in cursor.fetchall()]


def _columns() -> list[str]:
    return _names("SELECT column_name FROM information_schema.columns WHERE table_name = 'relaid_told' ORDER BY"
                  " ordinal_position")  # fmt: skip


def _indexes() -> list[str]:
    return _names("SELECT indexdef FROM pg_indexes WHERE tablename = 'relaid_told'")


def test_relaid__every_row_is_kept_and_lies_without_padding(told):
    before = _rows("number, occurred_at, word, count, id")

    _run(told, RelayTable("Told", partition_by="month", changes=[migrations.RemoveField("told", "spare")]))

    assert _rows("number, occurred_at, word, count, id") == before
    assert _columns() == ["id", "occurred_at", "count", "number", "word"]
    assert _rows("tableoid::regclass::text") == [
        ("relaid_told_202601",),
        ("relaid_told_202601",),
        ("relaid_told_202602",),
    ]


def test_relaid__what_a_row_gets__is_said_in_sql(told):
    _run(told, RelayTable("Told", partition_by="month", values={"word": "upper(o.word)"}))

    assert _rows("word") == [("W0",), (None,), ("W3",)]


def test_relaid__a_key_in_the_order_it_is_filled__or_none_at_all(told):
    turned = _run(told, RelayTable("Told", partition_by="month", key=["id", "occurred_at"]))
    in_order = _indexes()

    _run(turned, RelayTable("Told", partition_by="month", key=()))

    assert [index.partition(" USING ")[2] for index in in_order] == ["btree (id, occurred_at)"]
    assert _indexes() == []


def test_relaid__of_rows_that_are_equal_one_is_kept(told):
    _run(told, RelayTable("Told", partition_by="month", key=(), sort=["count", "number"], once=["count"]))

    assert _rows("number") == [(0,), (3,)]


def test_relaid__a_table_that_need_not_be_divided__is_one(told):
    _run(told, RelayTable("Told", partition_by=None))

    assert set(_rows("tableoid::regclass::text")) == {("relaid_told",)}
