"""Which waiting rows are taken in again, and how they become chunks a connector can read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from django.db.models import Q

from iaros.lib import jobs
from iaros.lib.queues import Queue
from profiles.ingest import mappings, mending
from profiles.models import IngestRun, QuarantinedRow, Source
from profiles.sources.contract import OVERTAKEN, Connector, Lines
from profiles.sources.reading import Chunk

ROWS_AT_ONCE = 2000
TASK = "profiles.replay"


@dataclass
class Group:
    """Waiting rows of one feed that are read by the same header."""

    connector: Connector
    header: bytes | None
    rows: list[UUID] = field(default_factory=list)


def waiting(*, rows: Sequence[UUID] = (), source: str = "", code_table: str = "") -> list[QuarantinedRow]:
    """The rows that are meant, without their content.

    What a later row of its file superseded goes in only where it is named itself: it would undo what stands.
    """
    if rows:
        meant = Q(id__in=list(rows))
    else:
        meant = ~Q(reason__in=OVERTAKEN)
        if source:
            meant &= Q(source_id__in=list(Source.objects.filter(name=source).values_list("id", flat=True)))
        if code_table:
            meant &= Q(code_table=code_table)
    return list(
        QuarantinedRow.objects.filter(meant).defer("cipher").order_by("source_id", "last_seen_run_id", "row", "id")
    )


def groups(*, rows: Sequence[UUID] = (), source: str = "", code_table: str = "") -> list[Group]:
    """The rows by feed and header; a change of everything without a name is nobody's wish."""
    if not (rows or source or code_table):
        return []
    meant = waiting(rows=rows, source=source, code_table=code_table)
    names = dict(Source.objects.values_list("id", "name"))
    headers = dict(IngestRun.objects.filter(id__in={r.run_id for r in meant}).values_list("id", "header"))
    found: dict[tuple[str, str], Group] = {}
    for row in meant:
        name, header = names.get(row.source_id, ""), headers.get(row.run_id, "")
        connector = mending.CONNECTORS.get(name)
        if connector:
            group = found.setdefault((name, header), Group(mappings.applied(connector), header.encode() or None))
            group.rows.append(row.id)
    return list(found.values())


def chunks(group: Group) -> Iterator[tuple[Chunk, list[UUID]]]:
    """The group's rows as the connector reads them, and which they are."""
    for start in range(0, len(group.rows), ROWS_AT_ONCE):
        meant = QuarantinedRow.objects.filter(id__in=group.rows[start : start + ROWS_AT_ONCE]).order_by("row", "id")
        opened = mending.open_rows(meant)
        if opened:
            raw = [each.raw for each in opened]
            lines = Lines(raw, np.array([each.row.row for each in opened], dtype=np.int64))
            yield Chunk(lines, header=group.header), [each.row.id for each in opened]


def release(taken: Sequence[UUID], run_id: UUID) -> int:
    """Forget the rows that went in, also where they said nothing new; those that did not were seen by the run."""
    gone = QuarantinedRow.objects.filter(id__in=list(taken)).exclude(last_seen_run_id=run_id)
    return int(gone._raw_delete("default") or 0)


def ring(code_table: str, source: str) -> None:
    """Take in again what waited for this code table or this source's mapping; nothing where nothing waits."""
    if waiting(source=source, code_table=code_table):
        params = {"rows": [], "source": source, "code_table": code_table}
        jobs.start("replay", params, task=TASK, queue=Queue.BATCH)
