"""What a run changes, from what it kept to be undone: fields it overwrites, people it merges, rows it rejects.

Read inside the run's transaction (a dry run) it says what would happen; read afterwards, what happened, as long as the
images are kept. Values are masked unless the caller may see them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.db import connection
from django.db.models import Count
from psycopg import sql as pg

from iaros.lib import sql
from iaros.lib.personal_data import Sensitivity
from iaros.lib.undo import Kept
from privacy import subjects
from profiles import masking
from profiles.models import IngestRun, LinkRule, QuarantinedRow
from profiles.person_values import of_profile
from profiles.rollback import tables
from profiles.sources.contract import PERSON_FIELDS

EXAMPLES = 10
PEOPLE_AT_ONCE = 2000
_PROFILES_SQL = """
WITH former AS (
    SELECT DISTINCT ON (u.owner) u.owner, u.image
    FROM lib_undorow u
    WHERE u.run_id = %(run)s AND u.table_name = 'profiles_profile' AND u.existed AND u.owner > %(after)s
    ORDER BY u.owner, u.id
    LIMIT %(limit)s
)
SELECT f.owner AS id, i.cipher AS was, i.updated_at AS written_at, p.cipher AS becomes,
       (to_jsonb(i) - 'cipher')::text AS clear_was, (to_jsonb(p) - 'cipher')::text AS clear_becomes
FROM former f
CROSS JOIN LATERAL jsonb_populate_record(NULL::profiles_profile, f.image) i
LEFT JOIN profiles_profile p ON p.bucket = i.bucket AND p.id = i.id
ORDER BY f.owner
"""
_MERGED_SQL = """
SELECT u.owner AS duplicate, c.merged_into AS survivor,
       (SELECT min(r.rule) FROM lib_undorow l
        CROSS JOIN LATERAL jsonb_populate_record(NULL::profiles_link, l.image) r
        WHERE l.run_id = %(run)s AND l.owner = u.owner AND l.table_name = 'profiles_link') AS was_linked_by,
       count(*) OVER () AS all_of_them
FROM lib_undorow u
JOIN profiles_customer c ON c.bucket = get_byte(uuid_send(u.owner), 15) AND c.id = u.owner
WHERE u.run_id = %(run)s AND u.table_name = 'profiles_customer' AND u.existed
  AND u.image ->> 'merged_into' IS NULL AND c.merged_into IS NOT NULL
ORDER BY u.id
LIMIT %(limit)s
"""
_KEEP_IDENTITY = ("profiles_booking", "profiles_exchangerate")
_OVERWRITTEN_SQL = """
WITH changed AS (
    SELECT before.key AS field, coalesce(u.image ->> 'locator', u.image ->> 'id') AS named,
           before.value AS was, after.value AS becomes, row_number() OVER (PARTITION BY before.key ORDER BY u.id) AS nth
    FROM lib_undorow u
    CROSS JOIN LATERAL jsonb_populate_record(NULL::{table}, u.image) i
    JOIN {table} t ON {same}
    CROSS JOIN LATERAL jsonb_each_text(u.image) before
    JOIN LATERAL jsonb_each_text(to_jsonb(t)) after ON after.key = before.key
    WHERE u.run_id = %(run)s AND u.table_name = {name} AND u.existed
      AND before.value IS NOT NULL AND before.value IS DISTINCT FROM after.value
      AND before.key <> ALL(ARRAY['id', 'run_id', 'content_hash'])
)
SELECT {name} AS table_name, field, count(*) AS count,
       jsonb_agg(jsonb_build_object('of', named, 'was', was, 'becomes', becomes) ORDER BY nth)
           FILTER (WHERE nth <= %(examples)s) AS examples
FROM changed GROUP BY field
"""


@dataclass
class Changes:
    """Of one field: how many values are overwritten, and the first of them."""

    count: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, of: str, was: Any, becomes: Any, count: int = 1) -> None:
        self.count += count
        if len(self.examples) < EXAMPLES:
            self.examples.append({"of": of, "was": was, "becomes": becomes})


def of_run(run_id: UUID, *, reveal: bool = False) -> dict[str, Any]:
    """`overwrites` by field, `merges` and `rejects`, each with its count and ten examples."""
    return {"overwrites": _overwrites(run_id, reveal), "merges": _merges(run_id), "rejects": _rejects(run_id)}


def _overwrites(run_id: UUID, reveal: bool) -> list[dict[str, Any]]:
    fields: dict[str, Changes] = defaultdict(Changes)
    began = IngestRun.objects.values_list("started_at", flat=True).get(id=run_id)
    for customer, was, becomes in _profiles(run_id, began):
        for name, before, after in zip(PERSON_FIELDS, was, becomes, strict=False):
            if before and before != after:
                shown = (before, after) if reveal else (masking.masked(name, before), masking.masked(name, after))
                fields[name].add(str(customer), *shown)
    rows = sql.fetch("profiles", "overwritten_facts.sql", run=run_id, examples=EXAMPLES)
    for row in (*rows, *(row for kept in _steady() for row in _overwritten(run_id, kept))):
        changes = fields[f"{row['table_name'].partition('_')[2]}.{row['field']}"]
        hidden = not reveal and _is_delicate(row["table_name"], row["field"])
        for each in row["examples"]:
            shown = (masking.HIDDEN * 5,) * 2 if hidden else (each["was"], each["becomes"])
            changes.add(each["of"], *shown, count=0)
        changes.count += row["count"]
    found = ({"field": name, "count": c.count, "examples": c.examples} for name, c in fields.items())
    return sorted(found, key=lambda each: (-each["count"], each["field"]))


def _profiles(run_id: UUID, began: Any) -> Iterator[tuple[UUID, list[str | None], list[str | None]]]:
    """Golden values before and after, of those whose profile stood before and stands after."""
    after = UUID(int=0)
    while True:
        rows = sql.query(_PROFILES_SQL, {"run": run_id, "after": after, "limit": PEOPLE_AT_ONCE})
        if not rows:
            return
        after = rows[-1]["id"]
        rows = [row for row in rows if row["becomes"] is not None and row["written_at"] != began]
        sealers = subjects.sealers([row["id"] for row in rows])
        for row in rows:
            if sealer := sealers.get(row["id"]):
                place = b"profile:" + row["id"].bytes
                was, becomes = (
                    of_profile(sealer.open(row[which], place), orjson.loads(row[f"clear_{which}"]))
                    for which in ("was", "becomes")
                )
                yield row["id"], was, becomes


def _steady() -> list[Kept]:
    """Tables whose rows keep their identity when they change."""
    return [kept for kept in tables.all_tables() if kept.table in _KEEP_IDENTITY or kept in tables.reference()]


def _overwritten(run_id: UUID, kept: Kept) -> list[dict[str, Any]]:
    same = [pg.SQL("t.{0} = i.{0}").format(pg.Identifier(column)) for column in kept.key]
    statement = pg.SQL(_OVERWRITTEN_SQL).format(
        table=pg.Identifier(kept.table), name=pg.Literal(kept.table), same=pg.SQL(" AND ").join(same)
    )
    return sql.query(statement, {"run": run_id, "examples": EXAMPLES})


def _is_delicate(table: str, column: str) -> bool:
    """Whether the model says that this field is more than an ordinary fact."""
    [model] = [m for m in apps.get_models() if m._meta.db_table == table and m._meta.managed]
    declared = (getattr(model, "personal_data", None) or {}).get(column)
    return bool(declared and declared.sensitivity != Sensitivity.NORMAL) or column == "cipher"


def _merges(run_id: UUID) -> dict[str, Any]:
    rows = sql.query(_MERGED_SQL, {"run": run_id, "limit": EXAMPLES})
    return {
        "count": rows[0]["all_of_them"] if rows else 0,
        "examples": [
            {
                "survivor": str(row["survivor"]),
                "duplicate": str(row["duplicate"]),
                "known_by": LinkRule(row["was_linked_by"]).label if row["was_linked_by"] else "",
            }
            for row in rows
        ],
    }


def _rejects(run_id: UUID) -> list[dict[str, Any]]:
    mine = QuarantinedRow.objects.filter(last_seen_run_id=run_id)
    kinds = mine.values_list("field", "reason").annotate(n=Count("id")).order_by("-n", "field", "reason")
    return [
        {
            "field": name,
            "reason": reason,
            "count": count,
            "examples": list(
                mine.filter(field=name, reason=reason).order_by("row").values("row", "expected")[:EXAMPLES]
            ),
        }
        for name, reason, count in kinds[:100]
    ]


def is_kept(run_id: UUID) -> bool:
    """Whether anything of what the run changed is kept still."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM lib_undorow WHERE run_id = %s)", [run_id])
        return bool(cursor.fetchone()[0])
