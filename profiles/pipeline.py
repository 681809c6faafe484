"""From a file to golden profiles, read aloud: open, read, land, resolve, merge, assemble, write what happened."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.utils import IntegrityError, OperationalError

from iaros.accounts.models import User
from iaros.lib import clock, jobs, staging, undo
from iaros.lib.memory import undisturbed
from iaros.lib.models import Job
from iaros.lib.reports import Progress, StageReport, silent, timed
from privacy import ledger, subjects
from profiles import difference, late, replaying
from profiles.events import facts
from profiles.golden import assemble
from profiles.identity import keys, merge, resolve
from profiles.ingest import (
    cleanse,
    code_entries,
    landing,
    mappings,
    overtaken,
    quarantine,
    rates,
    reference,
    repeats,
    runs,
    tombstones,
)
from profiles.quality import scorecard
from profiles.rollback import taking_back
from profiles.rollback.taking_back import CannotRollBack as CannotRollBack
from profiles.rollback.taking_back import RollbackReport
from profiles.shapes import Counts, Feed, Landed
from profiles.sources import codes, reading, unclaimed
from profiles.sources.catalogue import CONNECTORS, recognise, refuse
from profiles.sources.contract import Batch, Connector, Lines, WrongFile
from profiles.sources.opening import unpacked_members

TRIES = 4
AUTO, UNRECOGNISED = "auto", "unrecognised"


class UnknownSource(Exception):
    """No connector has this name."""


class FileRefused(Exception):
    """The file is not what the source sends; nothing of it went in."""


class IngestCancelled(Exception):
    """Somebody asked the run to stop. What it had taken in stays; the same file again takes in the rest."""


@dataclass(frozen=True)
class IngestReport:
    """What became of one file: read = new + updated + unchanged + quarantined.

    `stages`: the seconds that went into reading (cut, parsed), cleansing, landing (compared, sealed, written), and
    people (who is who, golden profiles, facts).
    """

    source: str
    file: str
    run_id: str
    counts: Counts
    seconds: float
    stages: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        names = ("read", "new", "updated", "unchanged", "quarantined")
        return {
            "source": self.source,
            "file": self.file,
            "run": self.run_id,
            **{name: getattr(self.counts, name) for name in names},
            "seconds": round(self.seconds, 3),
            "per_second": round(self.counts.read / self.seconds, 1) if self.seconds else 0.0,
            "stages": {stage: round(seconds, 3) for stage, seconds in self.stages.items()},
        }


def ingest(
    source: str, path: Path, *, progress: Progress = silent, job: Job | None = None, by: User | None = None
) -> IngestReport:
    """Take in one file of `source`. Safe to repeat and to kill: what landed before is unchanged the next time.

    `auto` finds out whose file it is; one that no feed claims waits whole in quarantine, as `unrecognised`. The run is
    a job, `job` or a new one. Raises UnknownSource, FileRefused when the file is not one of this source or must not
    come in, and IngestCancelled.
    """
    [report] = _ingest(source, [path], progress, job, by)
    return report


def ingest_all(
    source: str, path: Path, *, progress: Progress = silent, job: Job | None = None, by: User | None = None
) -> list[IngestReport]:
    """`ingest`, also of a zip archive of several files: a run each, one job. Raises what `ingest` raises."""
    try:
        with unpacked_members(path) as paths:
            return _ingest(source, paths, progress, job, by)
    except WrongFile as error:
        raise FileRefused(str(error)) from None


def _ingest(
    source: str, paths: Sequence[Path], progress: Progress, job: Job | None, by: User | None
) -> list[IngestReport]:
    connectors = [connector_of(source, path) for path in paths]
    names = ", ".join(path.name for path in paths)[:255]
    job = job or jobs.start("ingest", {"source": connectors[0].name, "file": names}, owner=by)
    reports: list[IngestReport] = []
    with jobs.running(job) as told:
        for connector, path in zip(connectors, paths, strict=True):
            feed = runs.begin(connector, path.name, job.id)
            reports.append(_take_in_file(feed, path, _both(told, progress)))
        told_of = [report.as_dict() for report in reports]
        job.result = told_of[0] if len(told_of) == 1 else {"files": told_of}
    if reports:
        last = UUID(reports[-1].run_id)
        scorecard.measure(sources={connector.name for connector in connectors}, nightly=False, run_id=last)
    if len(reports) < len(paths):
        raise IngestCancelled(f"{names}: cancelled; the same file again takes in the rest")
    return reports


def preview(
    source: str,
    paths: Sequence[Path],
    *,
    progress: Progress = silent,
    job: Job | None = None,
    by: User | None = None,
    reveal: bool = False,
) -> list[dict[str, Any]]:
    """Take in the files for real, say what each changes, and take all of it back: one transaction, nothing stays.

    Until it is over, other runs that tell of the same people wait for it. Raises what `ingest` raises.
    """
    connectors = [connector_of(source, path) for path in paths]
    names = ", ".join(path.name for path in paths)
    job = job or jobs.start("ingest", {"source": source, "file": names[:255], "dry_run": True}, owner=by)
    documents: list[dict[str, Any]] = []
    with jobs.running(job, apart=True) as told:
        with transaction.atomic():
            for connector, path in zip(connectors, paths, strict=True):
                feed = runs.begin(connector, path.name)
                report = _take_in_file(feed, path, _both(told, progress), dry_run=True)
                documents.append({**report.as_dict(), **difference.of_run(feed.run_id, reveal=reveal)})
            transaction.set_rollback(True)
        job.result = {"dry_run": True, "files": documents}
    if len(documents) < len(paths):
        raise IngestCancelled(f"{names}: cancelled")
    return documents


def connector_of(source: str, path: Path) -> Connector:
    """The feed by its name, or whose file it is. Raises UnknownSource, FileRefused."""
    connector = _recognised(path) if source == AUTO else CONNECTORS.get(source)
    if connector is None:
        raise UnknownSource(f"{source!r} is not a source; the sources are {', '.join(CONNECTORS)}")
    return mappings.applied(connector)


def _both(one: Progress, other: Progress) -> Progress:
    def tell(*, phase: str, done: int, total: int) -> None:
        one(phase=phase, done=done, total=total)
        other(phase=phase, done=done, total=total)

    return tell


def _take_in_file(feed: Feed, path: Path, progress: Progress, *, dry_run: bool = False) -> IngestReport:
    """The file's chunks, one transaction each; whatever happens, the run says how far it came."""
    name, started, counts = feed.connector.name, time.perf_counter(), Counts()
    try:
        refuse(reading.sample(path))
        with codes.using(code_entries.snapshot()):
            for batch, total in batches(feed, path):
                counts += take_in(feed, batch, dry_run=dry_run)
                runs.advance(feed, counts, time.perf_counter() - started)
                progress(phase=f"{name}: {path.name}", done=counts.read, total=max(total, counts.read))
    except WrongFile as error:
        runs.refuse(feed, counts, time.perf_counter() - started, str(error))
        raise FileRefused(str(error)) from None
    except jobs.JobCancelled:
        runs.cancel(feed, counts, time.perf_counter() - started)
        raise
    except BaseException as error:
        runs.fail(feed, counts, time.perf_counter() - started, repr(error))
        raise
    seconds = time.perf_counter() - started
    runs.finish(feed, counts, seconds)
    return IngestReport(name, path.name, str(feed.run_id), counts, seconds, feed.spent.seconds)


def _recognised(path: Path) -> Connector:
    try:
        return recognise(reading.sample(path)) or unclaimed.CONNECTOR
    except WrongFile as error:
        raise FileRefused(str(error)) from None


def take_in(feed: Feed, chunk: reading.Chunk, *, dry_run: bool = False) -> Counts:
    """One chunk of lines, in one transaction; tried again when another worker claimed the same person meanwhile.

    Of a file in which records of several feeds are mixed each feed takes in its own, one after the other.
    """
    if feed.connector.hands_on:
        return sum((take_in(*part, dry_run=dry_run) for part in _handed_on(feed, chunk)), Counts())
    batch = read(feed, chunk)
    if not dry_run:
        # A new month locks the table of events; a dry run would keep it locked, and leaves its events in no month.
        facts.ensure_partitions(batch.facts.get("events"))
        if feed.connector.about_people and chunk.lines.raw:
            # The day's key is made before the batch: in it, every other worker of the feed would wait for its end.
            subjects.landing_sealer(feed.connector.name, feed.received_at.date())
    for left in reversed(range(TRIES)):
        try:
            with undisturbed(), transaction.atomic(), undo.kept_for(feed.run_id):
                return _take_in(feed, chunk, batch)
        except (IntegrityError, OperationalError):
            if not left:
                raise
    return Counts()


def read(feed: Feed, chunk: reading.Chunk) -> Batch:
    """The chunk's lines as typed columns."""
    with feed.spent.on("read"), undisturbed():
        return feed.connector.read(chunk.header, chunk.lines)


def _handed_on(feed: Feed, chunk: reading.Chunk) -> Iterator[tuple[Feed, reading.Chunk]]:
    """The records of a mixed file by the feed each is of; what is of none, or cannot be read, stays with the file's."""
    assert feed.connector.hands_on is not None
    whose = [feed.connector.hands_on(raw) for raw in chunk.lines.raw]
    for name in dict.fromkeys(["", *whose]):
        at = [i for i, of in enumerate(whose) if of == name]
        lines = Lines([chunk.lines.raw[i] for i in at], chunk.lines.rows[at])
        unreadable = chunk.unreadable if not name else []
        connector = CONNECTORS[name] if name else replace(feed.connector, hands_on=None)
        source_id = runs.source_id(connector) if name else feed.source_id
        yield replace(feed, connector=connector, source_id=source_id), reading.Chunk(lines, unreadable)


def _take_in(feed: Feed, chunk: reading.Chunk, batch: Batch) -> Counts:
    counts, landed = land(feed, chunk, batch)
    if landed:
        with feed.spent.on("people"):
            people = resolve.resolve(landed)
            survivors = merge.fold(people.merges, at=feed.received_at)
            assemble.assemble(landed, people)
            assemble.rebuild([*survivors, *people.left.values()], at=feed.received_at)
            assemble.rebuild(facts.write(landed, people), at=feed.received_at)
            ledger.record(facts.consent_frame(landed, people))
    return counts


def land(feed: Feed, chunk: reading.Chunk, batch: Batch) -> tuple[Counts, Landed | None]:
    """Cleanse what was read and write it down in the running transaction, bad rows to quarantine.

    Returns the counts, and the mentions of people that go on, None where there are none.
    """
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
    quarantine.set_aside(feed, chunk.unreadable)
    unreadable = Counts(quarantined=len(chunk.unreadable))
    if feed.connector.about_people:
        landed = _land_people(feed, batch)
        return unreadable + landed.counts, landed if len(landed) else None
    land_rows = rates.land_rates if "rates" in batch.facts else reference.land_reference
    with feed.spent.on("land"):
        counts, superseded = land_rows(feed, batch)
        quarantine.from_lines(feed, batch.lines, [*batch.rejects, *superseded])
    return unreadable + counts, None


def _land_people(feed: Feed, batch: Batch) -> Landed:
    with feed.spent.on("cleanse"):
        person = cleanse.standardise(batch)
        looked_up = keys.look_up(batch.keys, person, cleanse.STANDARD)
    with feed.spent.on("land"):
        # A person who was erased is turned away before anything of the line is written.
        batch, unwritten = tombstones.turn_away(batch, looked_up, feed.connector)
        batch = replace(batch, rejects=[*batch.rejects, *overtaken.rejects(feed, batch)])
        landed = landing.land(feed, batch, person, looked_up)
        faulty = [reject for reject in batch.rejects if reject.line not in unwritten]
        quarantine.from_lines(feed, batch.kept_lines(), [*faulty, *landed.quarantine])
        if len(landed):
            quarantine.release(feed, [batch.lines.raw[line] for line in set(batch.line[landed.mention].tolist())])
    return landed


def batches(feed: Feed, path: Path) -> Iterator[tuple[reading.Chunk, int]]:
    """The file's chunks with its header, and how many rows it has as far as is known."""
    connector = feed.connector
    header = reading.header_of(path, connector)
    runs.note_header(feed, header)
    with feed.spent.on("read"), undisturbed():
        found = repeats.scan(connector, path, header)
    again = iter([found.only]) if found.only else reading.chunks(path, connector, header)
    chunks = feed.spent.each("read", again)
    if header is not None and not found.rows:
        connector.scan(header, reading.no_lines())  # An empty file still has to have the right header.
    for chunk in repeats.gathered(chunks, found):
        yield chunk, found.rows


def replay(
    *,
    rows: Sequence[UUID] = (),
    source: str = "",
    code_table: str = "",
    by: User | None = None,
    job: Job | None = None,
    progress: Progress = silent,
) -> list[IngestReport]:
    """Take waiting rows in again: those named, all of a source, or those that lacked an entry of a code table.

    A run a source and header; rows that still cannot go in wait on, with what is wrong now. Safe to repeat and to kill.
    """
    params = {"rows": [str(row) for row in rows], "source": source, "code_table": code_table}
    job = job or jobs.start("replay", params, owner=by)
    reports: list[IngestReport] = []
    with jobs.running(job) as told, codes.using(code_entries.snapshot()):
        for group in replaying.groups(rows=rows, source=source, code_table=code_table):
            reports.append(_replay_group(group, job, _both(told, progress)))
        job.result = {"runs": [report.as_dict() for report in reports]}
    return reports


def _replay_group(group: replaying.Group, job: Job, progress: Progress) -> IngestReport:
    feed = runs.begin(group.connector, f"mended rows of {group.connector.title}", job.id)
    runs.note_header(feed, group.header)
    started, counts = time.perf_counter(), Counts()
    try:
        for chunk, taken in replaying.chunks(group):
            counts += take_in(feed, chunk)
            with transaction.atomic(), undo.kept_for(feed.run_id):
                replaying.release(taken, feed.run_id)
            runs.advance(feed, counts, time.perf_counter() - started)
            progress(phase=f"mended rows: {group.connector.name}", done=counts.read, total=len(group.rows))
    except BaseException as error:
        runs.fail(feed, counts, time.perf_counter() - started, repr(error))
        raise
    seconds = time.perf_counter() - started
    runs.finish(feed, counts, seconds)
    return IngestReport(group.connector.name, "mended rows", str(feed.run_id), counts, seconds)


def roll_back(run_id: UUID, *, by: User | None = None, later: bool = False) -> list[RollbackReport]:
    """Take a run back: the database is as it was before it. With `later`, the runs that built on it go first.

    Features, segments and scores follow at the next refresh. Raises CannotRollBack, and then nothing was changed.
    """
    return taking_back.take_back_with(run_id, by=by, later=later)


def refresh(*, as_of: datetime, progress: Progress = silent) -> list[StageReport]:
    """What follows the files: waiting mentions linked, customers compared, profiles enriched; a report a stage."""
    # These bring libraries that taking in a file never needs.
    from profiles import together
    from profiles.enrichment import derived, disruptions

    reports: list[StageReport] = []
    with timed("identity", reports) as stage:
        stage.profiles = late.link_waiting()
        stage.note = "waiting mentions linked"
    with timed("reliability", reports) as stage:
        stage.profiles = assemble.learn_reliability(at=clock.now())
        stage.note = "customers whom several sources mention"
    with timed("golden", reports) as stage:
        stage.profiles = assemble.rebuild_outdated(progress)
        stage.note = "profiles older than their records"
    with timed("matching", reports) as stage:
        stage.profiles = together.match_changed(progress).looked_at
        stage.note = "new and changed customers compared; keys by which they are found"
    with timed("disruptions", reports) as stage:
        stage.profiles = disruptions.refresh()
        stage.note = "passengers of disrupted flights"
    with timed("derived", reports) as stage, codes.using(code_entries.snapshot()):
        stage.profiles = derived.refresh(as_of, progress)
        stage.note = "home airport, trip purpose, habits, lifecycle, tier clock"
    return reports
