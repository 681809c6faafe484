"""The watched folder: `inbox/<source>/file` is taken in and moved to `done` or `refused`, with a report beside it.

A folder named `auto` is for files whose source is to be found out. A file is taken once it has not grown for a while;
one that is still being taken in stays where it is, so that a worker that dies loses nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from iaros.lib import clock, leases
from iaros.lib.reports import Progress, silent
from profiles import pipeline
from profiles.sources.catalogue import CONNECTORS

QUIET_SECONDS = 2.0
DONE, REFUSED = "done", "refused"
KEPT_DAYS = 7
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Taken:
    """What became of one file."""

    source: str
    file: str
    state: str
    reports: list[dict[str, Any]] = field(default_factory=list)
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        told: dict[str, Any] = {"source": self.source, "file": self.file, "state": self.state, "runs": self.reports}
        return {**told, "problem": self.problem} if self.problem else told


def folder() -> Path:
    return Path(settings.INBOX_DIR)


def prepare() -> Path:
    """Make the folders: one a source, and `auto`."""
    for name in (*CONNECTORS, pipeline.AUTO, DONE, REFUSED):
        (folder() / name).mkdir(parents=True, exist_ok=True)
    return folder()


def look(progress: Progress = silent) -> list[Taken]:
    """Take in every file that lies there, oldest first; nothing where another process is at it."""
    if not folder().is_dir():
        return []
    with leases.lease("inbox") as free:
        return [_take(source, path, progress) for source, path in _ready()] if free else []


def _ready() -> Iterator[tuple[str, Path]]:
    found = []
    for name in (*CONNECTORS, pipeline.AUTO):
        if (folder() / name).is_dir():
            found += [(name, path) for path in (folder() / name).iterdir() if _is_whole(path)]
    yield from sorted(found, key=lambda each: (each[1].stat().st_mtime, each[1].name))


def _is_whole(path: Path) -> bool:
    """A file, not hidden, not half written. A link could lead anywhere on the machine."""
    if path.is_symlink() or not path.is_file() or path.name.startswith(".") or path.suffix in _UNFINISHED:
        return False
    return time.time() - path.stat().st_mtime >= QUIET_SECONDS


def _take(source: str, path: Path, progress: Progress) -> Taken:
    try:
        reports = [report.as_dict() for report in pipeline.ingest_all(source, path, progress=progress)]
        taken = Taken(source, path.name, DONE, reports)
    except (pipeline.UnknownSource, pipeline.FileRefused, pipeline.IngestCancelled) as error:
        taken = Taken(source, path.name, REFUSED, problem=str(error))
    _move(path, taken)
    return taken


def _move(path: Path, taken: Taken) -> None:
    target = folder() / taken.state / f"{clock.now():%Y-%m-%d}"
    target.mkdir(parents=True, exist_ok=True)
    place = target / path.name
    for nth in range(1, 1000):
        if not place.exists():
            break
        place = target / f"{path.stem}.{nth}{path.suffix}"
    os.replace(path, place)
    place.with_name(place.name + ".report.json").write_bytes(orjson.dumps(taken.as_dict(), option=orjson.OPT_INDENT_2))


def forget_old() -> int:
    """Delete what lay in `done` and `refused` for a week: raw files leave once landed."""
    gone = 0
    for state in (DONE, REFUSED):
        for path in sorted((folder() / state).glob("*/*")) if (folder() / state).is_dir() else ():
            if path.is_file() and time.time() - path.stat().st_mtime > KEPT_DAYS * 86_400:
                path.unlink()
                gone += 1
    return gone
