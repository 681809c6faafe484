"""Acts that change how rows are read: a code table, a mapping of columns. Rows that wait for it may then go in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.db import transaction

from iaros.accounts.models import User
from iaros.lib import clock
from profiles.ingest import code_entries
from profiles.ingest.code_entries import CodesLoaded
from profiles.models import CodeEntry
from profiles.sources import codes

# Called once a change is committed, with the code table or the source that it concerns, the other being empty.
Replay = Callable[[str, str], None]
REPLAYS: list[Replay] = []


@transaction.atomic
def load_codes(*, table: str, content: bytes, by: User | None) -> CodesLoaded:
    """Make the CSV the airline's own entries of the table. Raises UnknownTable and CannotLoad, and changes nothing."""
    report = code_entries.replace(table=table, entries=code_entries.read(table, content), by=by)
    if report.added or report.changed or report.removed:
        _changed(table=table)
    return report


@transaction.atomic
def save_code(*, entry: CodeEntry, by: User | None) -> CodeEntry:
    """Add or change one entry of the airline's own. Raises CannotLoad where its table does not take it."""
    entry.code, entry.carrier = entry.code.strip().upper(), entry.carrier.strip().upper()
    faults = code_entries.faults_of(entry.table, entry.code, entry.meaning)
    if faults:
        raise code_entries.CannotLoad(entry.table, faults)
    entry.changed_at, entry.changed_by = clock.now(), by
    entry.save()
    _changed(table=entry.table)
    return entry


@transaction.atomic
def drop_code(*, entry: CodeEntry) -> None:
    """Take one entry of the airline's own away: the default holds again, where there is one."""
    entry.delete()
    _changed(table=entry.table)


def _changed(*, table: str = "", source: str = "") -> None:
    for replay in REPLAYS:
        transaction.on_commit(partial(replay, table, source))


def known_tables() -> dict[str, str]:
    """Name -> title of every code table."""
    return {table.name: table.title for table in codes.TABLES.values()}
