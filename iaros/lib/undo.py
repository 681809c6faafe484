"""Keeps what an act changes, so that the act can be taken back: the database is then as it was, row by row.

While a run is named in the transaction (`kept_for`), triggers write the former image of every row that is updated or
deleted in a table that is `Kept`. New rows are not written down: COPY would pay for it; each table says instead how
its rows of a run are found (`born`). Where it cannot, `lib_note_new` in the inserting statement says that a row is new.
Images are as readable as the rows were: what was sealed stays sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from iaros.lib.ids import bucket_of
from iaros.lib.models import UndoRow

KEPT_DAYS = 30
_LOCK = "iaros.undo"


@dataclass(frozen=True)
class Kept:
    """A table whose rows can be brought back.

    `key` is its primary key; `same` the part of it by which a row is known even where it moved to another partition.
    `owner` is the column with the id of whom the row is about, by which an image is found when that person is erased.
    `born` is a condition over a row `t`, live or former: the run made it. `found` are conditions by which live rows of
    the run are found by an index, one search each.
    """

    table: str
    key: tuple[str, ...]
    owner: str
    born: str
    found: tuple[str, ...] = ("true",)
    same: tuple[str, ...] = ()

    @property
    def moves(self) -> bool:
        return bool(self.same)


@contextmanager
def kept_for(run_id: UUID) -> Iterator[None]:
    """In the running transaction, keep the former image of whatever the block changes, as changed by this run.

    Nothing is rolled back meanwhile: `alone` waits for the end of the transaction, and holds up the next.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 7)), set_config('iaros.run', %s, true)",
            [_LOCK, str(run_id)],
        )
        yield
        # After an error the transaction ends, and the setting with it.
        cursor.execute("SELECT set_config('iaros.run', '', true)")


def alone() -> None:
    """Wait until no run is changing anything, and let none begin before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", [_LOCK])


def watch(tables: Iterable[Kept]) -> int:
    """Give the tables the triggers they lack; returns how many were made. Called after every migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regproc('lib_keep_undo') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return 0  # The floor is migrated back to before there was an undo.
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT EXISTS "
            "(SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND g.tgname = 'keep_undo_of_update')"
        )
        lacking = {name for (name,) in cursor.fetchall()}
        wanted = [kept for kept in tables if kept.table in lacking]
        for kept in wanted:
            for statement in _triggers(kept):
                cursor.execute(statement)
    return len(wanted)


def _triggers(kept: Kept) -> tuple[sql.Composed, sql.Composed]:
    names = {"table": sql.Identifier(kept.table), "owner": sql.Literal(kept.owner)}
    on_update = (
        "CREATE TRIGGER keep_undo_of_update AFTER UPDATE ON {table} "
        "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT "
        "EXECUTE FUNCTION lib_keep_undo_of_moves({owner})"
        if kept.moves
        else "CREATE TRIGGER keep_undo_of_update AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION lib_keep_undo({owner})"
    )
    on_delete = (
        "CREATE TRIGGER keep_undo_of_delete AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION lib_keep_undo({owner})"
    )
    return sql.SQL(on_update).format(**names), sql.SQL(on_delete).format(**names)


_REMOVE_SQL = """
DELETE FROM {table} t
USING lib_undorow u, LATERAL jsonb_populate_record(NULL::{table}, u.image) i
WHERE u.run_id = %(run)s AND u.table_name = {name} AND {same_row}
"""
_REMOVE_BORN_SQL = "DELETE FROM {table} t WHERE {found} AND ({born})"
_BRING_BACK_SQL = """
INSERT INTO {table}
SELECT t.*
FROM (
    SELECT DISTINCT ON ({identity}) u.existed, u.image
    FROM lib_undorow u
    WHERE u.run_id = %(run)s AND u.table_name = {name}
    ORDER BY {identity}, u.id
) first, LATERAL jsonb_populate_record(NULL::{table}, first.image) t
WHERE first.existed AND NOT coalesce({born}, false)
"""


def restore(run_id: UUID, tables: Sequence[Kept], params: Mapping[str, Any]) -> dict[str, int]:
    """Make the tables what they were before the run, in the running transaction, and forget its images.

    The earliest image of a row is what it was. `params` are named by the `born` conditions. Returns how many rows of
    each table were removed or brought back. Refuses nothing: the caller has made sure that nobody built on the run.
    """
    given = {**params, "run": run_id}
    touched: dict[str, int] = {}
    with connection.cursor() as cursor:
        for kept in tables:
            parts = _parts(kept)
            cursor.execute(sql.SQL(_REMOVE_SQL).format(**parts), given)
            removed = cursor.rowcount
            for found in kept.found:
                where = sql.SQL(found)  # type: ignore[arg-type]
                cursor.execute(sql.SQL(_REMOVE_BORN_SQL).format(**parts, found=where), given)
                removed += cursor.rowcount
            cursor.execute(sql.SQL(_BRING_BACK_SQL).format(**parts), given)
            touched[kept.table] = max(removed, cursor.rowcount)
    UndoRow.objects.filter(run_id=run_id)._raw_delete("default")
    return {table: rows for table, rows in touched.items() if rows}


def _parts(kept: Kept) -> dict[str, sql.Composable]:
    row = [sql.SQL("t.{0} = i.{0}").format(sql.Identifier(column)) for column in kept.key]
    identity = [sql.SQL("u.image ->> {}").format(sql.Literal(column)) for column in kept.same or kept.key]
    return {
        "table": sql.Identifier(kept.table),
        "name": sql.Literal(kept.table),
        "same_row": sql.SQL(" AND ").join(row),
        "identity": sql.SQL(", ").join(identity),
        "born": sql.SQL(kept.born),  # type: ignore[arg-type]
    }


_KEEP_SQL = """
INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
SELECT %(act)s, {name}, t.{column}, true, to_jsonb(t), now() FROM {table} t WHERE {theirs}
"""
_DROP_SQL = "DELETE FROM {table} t WHERE {theirs}"
_THEIRS_SQL = "t.{column} = ANY(%(owners)s::uuid[])"
_IN_BUCKETS_SQL = "t.bucket = ANY(%(buckets)s::smallint[]) AND "
_PUT_BACK_SQL = """
INSERT INTO {table} SELECT t.*
FROM lib_undorow u, LATERAL jsonb_populate_record(NULL::{table}, u.image) t
WHERE u.run_id = %(act)s AND u.table_name = {name} AND u.existed AND u.owner = ANY(%(owners)s::uuid[])
"""


@dataclass(frozen=True)
class Owned:
    """A table with rows about customers: the column with their id; `by_bucket` where it is divided by them."""

    table: str
    column: str
    by_bucket: bool = True


def keep_rows(act_id: UUID, tables: Iterable[Owned], owners: Sequence[UUID]) -> int:
    """Keep what stands about these customers in the tables, before an act that changes it; returns how many rows.

    For few customers, and for tables without triggers: what is derived, and replaced in blocks.
    """
    return sum(_on_rows(_KEEP_SQL, act_id, each, owners) for each in tables)


def put_back_rows(act_id: UUID, tables: Iterable[Owned], owners: Sequence[UUID]) -> int:
    """Put these customers' rows back as `keep_rows` found them, in place of what stands; returns how many."""
    put = 0
    for each in tables:
        _on_rows(_DROP_SQL, act_id, each, owners)
        put += _on_rows(_PUT_BACK_SQL, act_id, each, owners)
    return put


def has_rows(act_id: UUID) -> bool:
    """Whether anything is kept for the act; after thirty days it is forgotten."""
    return UndoRow.objects.filter(run_id=act_id).exists()


def _on_rows(statement: str, act_id: UUID, owned: Owned, owners: Sequence[UUID]) -> int:
    theirs = _IN_BUCKETS_SQL + _THEIRS_SQL if owned.by_bucket else _THEIRS_SQL
    composed = sql.SQL(statement).format(  # type: ignore[arg-type]
        table=sql.Identifier(owned.table),
        name=sql.Literal(owned.table),
        column=sql.Identifier(owned.column),
        theirs=sql.SQL(theirs).format(column=sql.Identifier(owned.column)),  # type: ignore[arg-type]
    )
    with connection.cursor() as cursor:
        params: dict[str, Any] = {"act": act_id, "owners": list(owners), "buckets": [bucket_of(o) for o in owners]}
        cursor.execute(composed, params)
        return int(cursor.rowcount)


def forget_older_than(moment: datetime) -> int:
    """Delete images kept before `moment`: what they undo can be undone no more."""
    return int(UndoRow.objects.filter(kept_at__lt=moment)._raw_delete("default"))


def forget_owners(owners: Iterable[UUID]) -> int:
    """Delete the images of what was held about these people or records."""
    named = list(owners)
    return int(UndoRow.objects.filter(owner__in=named)._raw_delete("default")) if named else 0


def untie(tables: Iterable[str], owners: Iterable[UUID]) -> None:
    """Keep the images of these tables without the person: what the law keeps may be restored, but to nobody."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTIE_SQL, [list(tables), list(owners)])


_UNTIE_SQL = """
UPDATE lib_undorow SET image = image || '{"customer_id": null}', owner = NULL
WHERE table_name = ANY(%s) AND owner = ANY(%s)
"""
