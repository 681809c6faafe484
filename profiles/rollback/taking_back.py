"""Takes a run back: the database is as it was before it, table by table, and only the run itself says that it was.

Comes in: a run that has ended. Goes out: how many rows of which table were removed or restored. It refuses a run on
which a later one built, and names that one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from iaros.accounts.models import User
from iaros.lib import clock, sql, undo
from iaros.lib.ids import first_number
from privacy import audit, ledger, subjects
from profiles.golden import assemble
from profiles.models import IngestRun, RunState, Source
from profiles.rollback import built_on, tables
from profiles.rollback.built_on import Obstacle
from profiles.sources.catalogue import CONNECTORS


class CannotRollBack(Exception):
    """The run cannot be taken back; `obstacles` say what stands in the way."""

    def __init__(self, reason: str, obstacles: list[Obstacle] | None = None) -> None:
        super().__init__(reason)
        self.obstacles = obstacles or []


@dataclass(frozen=True)
class RollbackReport:
    """What was taken back: rows removed or restored, by table."""

    run_id: UUID
    source: str
    file: str
    rows: dict[str, int]
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "run": str(self.run_id),
            "source": self.source,
            "file": self.file,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
        }


@transaction.atomic
def take_back_with(run_id: UUID, *, by: User | None, later: bool) -> list[RollbackReport]:
    """Take a run back; with `later`, the runs that built on it go first. Raises CannotRollBack."""
    done: list[RollbackReport] = []
    waiting = [run_id]
    while waiting:
        started = perf_counter()
        try:
            report = take_back(waiting[-1], by=by)
        except CannotRollBack as error:
            first = [o.run_id for o in error.obstacles if o.run_id and o.run_id not in waiting]
            if not later or not first or any(o.run_id is None for o in error.obstacles):
                raise
            waiting.append(first[0])
            continue
        done.append(replace(report, seconds=perf_counter() - started))
        waiting.pop()
    return done


@transaction.atomic
def take_back(run_id: UUID, *, by: User | None) -> RollbackReport:
    """Restore what was before the run. Raises CannotRollBack."""
    undo.alone()
    run = IngestRun.objects.select_for_update().filter(id=run_id).first()
    _check(run)
    assert run is not None
    params = stage(run)
    obstacles = built_on.obstacles(run, params)
    if obstacles:
        said = "; ".join(str(obstacle) for obstacle in obstacles[:5])
        raise CannotRollBack(f"{run.file_name}: {said}", obstacles)
    rewritten = _profiles_written_since(params)
    consenting = ledger.customers_of_run(run.id)
    with ledger.rewriting():
        rows = undo.restore(run.id, tables.all_tables(), params)
    ledger.rebuild_states(consenting)
    assemble.rebuild([customer.bytes for customer in rewritten], at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(_STALE_KEYS_SQL, params)
    source = Source.objects.get(id=run.source_id).name
    _forget_landing_key(run, source)
    run.state, run.rolled_back_at = RunState.ROLLED_BACK, clock.now()
    run.save(update_fields=["state", "rolled_back_at"])
    audit.record(action="rolled back a run", actor=by, details={"run": str(run.id), "file": run.file_name, **rows})
    return RollbackReport(run.id, source, run.file_name, rows)


def _check(run: IngestRun | None) -> None:
    if run is None:
        raise CannotRollBack("There is no such run.")
    if run.state == RunState.RUNNING:
        raise CannotRollBack(f"{run.file_name} is still being taken in; cancel it first.")
    if run.state == RunState.ROLLED_BACK:
        raise CannotRollBack(f"{run.file_name} was rolled back already, at {run.rolled_back_at:%Y-%m-%d %H:%M} UTC.")
    if run.started_at < clock.now() - timedelta(days=undo.KEPT_DAYS):
        raise CannotRollBack(f"{run.file_name} is older than {undo.KEPT_DAYS} days; what was before it is not kept.")


_STAGES = ("undo_messages", "undo_records", "undo_customers", "undo_born", "undo_bookings")
_RANGE_SQL = "SELECT (array_agg(id ORDER BY id))[1], (array_agg(id ORDER BY id DESC))[1] FROM undo_messages"


def stage(run: IngestRun) -> dict[str, Any]:
    """Make the `undo_...` tables: messages, records, customers, bookings the run touched; returns the parameters."""
    params: dict[str, Any] = {
        "run": run.id,
        "began": run.started_at,
        "first_id": _first_id(run.started_at),
        "first_number": first_number(run.started_at.timestamp()),
    }
    with connection.cursor() as cursor:
        for name in _STAGES:
            cursor.execute(f'DROP TABLE IF EXISTS "{name}"')
            cursor.execute(sql.text("profiles.rollback", f"{name}.sql"), params)
            cursor.execute(f'ANALYZE "{name}"')
            if name == "undo_messages":
                cursor.execute(_RANGE_SQL)
                params["first_message"], params["last_message"] = cursor.fetchone()
    return params


def _first_id(began: datetime) -> UUID:
    """The least identifier that can be made from then on: ids ascend in time."""
    return UUID(int=int(began.timestamp() * 1000) << 80)


_WRITTEN_SINCE_SQL = """
SELECT p.id FROM profiles_profile p JOIN undo_customers c ON c.bucket = p.bucket AND c.id = p.id
WHERE p.updated_at > %(began)s AND NOT EXISTS (SELECT FROM undo_born b WHERE b.id = p.id)
"""
# What was searched for since then may be the name the run brought; the next refresh writes the keys again.
_STALE_KEYS_SQL = """
DELETE FROM profiles_searchkeys k USING undo_customers c, profiles_profile p
WHERE k.bucket = c.bucket AND k.id = c.id AND p.bucket = c.bucket AND p.id = c.id AND k.made_at > %(began)s
"""


def _profiles_written_since(params: dict[str, Any]) -> list[UUID]:
    """Profiles that somebody wrote after the run (a refresh, a merge by hand): these are assembled anew."""
    return [row["id"] for row in sql.query(_WRITTEN_SINCE_SQL, params)]


def _forget_landing_key(run: IngestRun, source: str) -> None:
    """The key under which the run's lines were sealed goes with them, where it was made for them alone."""
    # A file in which feeds are mixed seals its lines under the keys of the feeds they are of.
    mixed = [connector.name for connector in CONNECTORS.values() if connector.hands_on]
    same = Source.objects.filter(Q(id=run.source_id) | Q(name__in=mixed)).values("id")
    # The day of a key is one of UTC, not of the airline: for an hour or two a day they differ.
    midnight = datetime.combine(run.started_at.astimezone(UTC), time.min, UTC)
    day = (midnight, midnight + timedelta(days=1))
    others = IngestRun.objects.filter(source_id__in=same, started_at__gte=day[0], started_at__lt=day[1])
    if not others.exclude(id=run.id).exclude(state=RunState.ROLLED_BACK).exists():
        subjects.forget_landing_key(source, midnight.date(), made_after=run.started_at)
