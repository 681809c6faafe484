"""What stands in the way of taking a run back: later runs that built on it, and what people decided since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from iaros.lib import sql
from privacy import ledger
from profiles.events.retold import TOLD_BY_SEVERAL
from profiles.models import IdentifierKind, IngestRun, LinkRule, Source

MOST_NAMED = 50
# Links of this run's mentions that ended since, or links of the people it made that began, by no run.
_DECIDED_SINCE_SQL = """
SELECT count(DISTINCT l.customer_id)
FROM undo_records r
JOIN profiles_link l ON l.record_id = r.record_id
WHERE r.landed AND l.ended_at > %(began)s AND NOT EXISTS (
    SELECT FROM lib_undorow u
    WHERE u.owner = l.customer_id AND u.table_name = 'profiles_link'
      AND (u.image ->> 'record_id')::uuid = l.record_id
)
"""


@dataclass(frozen=True)
class Obstacle:
    """Why a run cannot be taken back yet; `run_id` is the later run that is to be rolled back first, if it is one."""

    why: str
    run_id: UUID | None = None
    source: str = ""
    file: str = ""

    def __str__(self) -> str:
        if self.run_id is None:
            return self.why
        return f"the later run {self.run_id} ({self.source}, {self.file}) {self.why}; roll it back first"


def obstacles(run: IngestRun, params: dict[str, Any]) -> list[Obstacle]:
    """All that stands in the way, newest run first; the `undo_...` tables of the run are staged."""
    found = [*_later(params), *_decided(params)]
    said, restricted = ledger.spoke_themselves()
    if said:
        found.append(Obstacle(f"{said} of the people it made said something about their consent themselves since"))
    if restricted:
        found.append(Obstacle(f"the data of {restricted} of the people it made is restricted"))
    return found


def _later(params: dict[str, Any]) -> list[Obstacle]:
    rules = [int(LinkRule.TRAVELLER), int(LinkRule.WAITED)]
    asked = {
        **params,
        "told": sorted(TOLD_BY_SEVERAL),
        "traveller": int(IdentifierKind.TRAVELLER),
        "by_name": rules,
    }
    why: dict[UUID, str] = {}
    for row in sql.fetch("profiles.rollback", "later_runs.sql", **asked):
        why.setdefault(row["run_id"], row["why"])
    names = dict(Source.objects.values_list("id", "name"))
    runs = IngestRun.objects.filter(id__in=why).order_by("-started_at", "-id")[:MOST_NAMED]
    return [Obstacle(why[run.id], run.id, names.get(run.source_id, ""), run.file_name) for run in runs]


def _decided(params: dict[str, Any]) -> list[Obstacle]:
    [row] = sql.query(_DECIDED_SINCE_SQL, params)
    if not row["count"]:
        return []
    return [Obstacle(f"{row['count']} of its people were merged or split by somebody since; undo that first")]
