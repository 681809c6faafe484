"""Acts that change how rows are read: a code table, a mapping of columns. Rows that wait for it may then go in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from django.db import transaction

from iaros.accounts.models import User
from iaros.lib import clock
from profiles.ingest import code_entries, mappings
from profiles.ingest.code_entries import CodesLoaded
from profiles.models import CodeEntry, ColumnMapping
from profiles.sources import codes, reading
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Lines
from profiles.sources.preview import Preview, names_in, preview

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


@transaction.atomic
def save_mapping(*, source: str, columns: Mapping[str, str], by: User | None) -> ColumnMapping:
    """Read the feed by these names of the airline's own (theirs -> ours) from the next run on. Raises CannotMap."""
    before = mappings.current(source)
    stored = mappings.save(source=source, columns=columns, by=by)
    if before is None or before.version != stored.version:
        _changed(source=source)
    return stored


def preview_mapping(*, source: str, columns: Mapping[str, str], path: Path, most: int = 20) -> Preview:
    """What the mapping makes of the first rows of a file. Nothing is stored.

    Raises CannotMap, and WrongFile where the file cannot be opened.
    """
    connector = CONNECTORS.get(source)
    told = mappings.checked(connector, columns)
    assert connector is not None
    header = reading.header_of(path, connector)
    chunk = next(reading.chunks(path, connector, header), None)
    lines = Lines(chunk.lines.raw[:most], chunk.lines.rows[:most]) if chunk else reading.no_lines()
    with codes.using(code_entries.snapshot()):
        return preview(connector, told, header, lines, names_in(header, lines))


def _changed(*, table: str = "", source: str = "") -> None:
    for replay in REPLAYS:
        transaction.on_commit(partial(replay, table, source))


def known_tables() -> dict[str, str]:
    """Name -> title of every code table."""
    return {table.name: table.title for table in codes.TABLES.values()}
