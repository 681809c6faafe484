"""Fetches files by the clock, over HTTPS, each from where the last pull ended.

Comes in: a `Pull`. Goes out: the reports of what was taken in. The cursor moves only after the file has landed, so that
a pull that dies is simply made again.
"""

from __future__ import annotations

import os
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit

import orjson
from django.conf import settings

from iaros.lib import clock, leases
from profiles import pipeline
from profiles.models import CursorKind, Pull

MOST_BYTES = 2 << 30
MOST_PAGES = 1000
SECONDS = 60
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class CannotPull(Exception):
    """The address cannot be fetched, or is none that may be."""


@dataclass(frozen=True)
class Fetched:
    path: Path
    etag: str


class _NoWayDown(urllib.request.HTTPRedirectHandler):
    """Follows to HTTPS only: a header with a secret must not leave it."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        _check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def due() -> list[Pull]:
    return list(Pull.objects.filter(enabled=True, due_at__lte=clock.now()).order_by("due_at", "id"))


def pull(row: Pull) -> list[dict[str, Any]]:
    """Fetch and take in what is new; raises CannotPull and what `pipeline.ingest` raises, and says so on the row."""
    with leases.lease(f"pull:{row.pk}") as free:
        if not free:
            return []
        began = clock.now()
        try:
            reports = _pages(row) if row.cursor_kind == CursorKind.NEXT else _one(row, began.isoformat())
        except Exception as error:
            _put_off(row, problem=str(error)[:2000])
            raise
        row.pulled_at, row.problem = began, ""
        _put_off(row)
        return reports


def _put_off(row: Pull, problem: str = "") -> None:
    row.due_at, row.problem = clock.now() + timedelta(minutes=row.every_minutes), problem
    row.save(update_fields=["due_at", "pulled_at", "problem", "cursor"])


def _one(row: Pull, now: str) -> list[dict[str, Any]]:
    with _folder() as folder:
        fetched = _fetch(row, Path(folder))
        if fetched is None:
            return []
        reports = [report.as_dict() for report in pipeline.ingest_all(row.source, fetched.path)]
        row.cursor = fetched.etag if row.cursor_kind == CursorKind.ETAG else now
        return reports


def _pages(row: Pull) -> list[dict[str, Any]]:
    """One page after the other, the cursor after each: what has landed is not fetched again."""
    reports: list[dict[str, Any]] = []
    for _ in range(MOST_PAGES):
        with _folder() as folder:
            fetched = _fetch(row, Path(folder))
            if fetched is None:
                return reports
            reports += [report.as_dict() for report in pipeline.ingest_all(row.source, fetched.path)]
            following = _next(fetched.path, row.next_member)
        if not following or following == row.cursor:
            return reports
        row.cursor = following
        row.save(update_fields=["cursor"])
    raise CannotPull(f"more than {MOST_PAGES} pages in one pull")


def _next(path: Path, member: str) -> str:
    try:
        page = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        raise CannotPull("the page is not JSON, so it names no next one") from None
    for step in member.split("."):
        page = page.get(step) if isinstance(page, dict) else None
    return str(page) if page else ""


def _folder() -> tempfile.TemporaryDirectory[str]:
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="pull-", dir=settings.VAR_DIR)


def _fetch(row: Pull, folder: Path) -> Fetched | None:
    """The file, or None where nothing changed."""
    url = row.url.replace("{cursor}", quote(row.cursor, safe=""))
    _check(url)
    request = urllib.request.Request(url, headers={"User-Agent": "iaros", "Accept-Encoding": "gzip"})
    if row.header_name and row.secret_name:
        request.add_header(row.header_name, os.environ.get(row.secret_name, ""))
    if row.cursor_kind == CursorKind.ETAG and row.cursor:
        request.add_header("If-None-Match", row.cursor)
    try:
        with urllib.request.build_opener(_NoWayDown).open(request, timeout=SECONDS) as answer:
            path = folder / (Path(urlsplit(url).path).name or row.source)
            _save(answer, path)
            return Fetched(path, answer.headers.get("ETag", ""))
    except urllib.error.HTTPError as error:
        if error.code == 304:
            return None
        raise CannotPull(f"{_named(url)} answered {error.code}") from None
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        raise CannotPull(f"{_named(url)} cannot be reached: {error}") from None


def _save(answer: Any, path: Path) -> None:
    taken = 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        while block := answer.read(1 << 20):
            taken += len(block)
            if taken > MOST_BYTES:
                raise CannotPull(f"more than {MOST_BYTES:,} bytes")
            file.write(block)


def _check(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return
    raise CannotPull(f"{_named(url)}: only https is fetched")


def _named(url: str) -> str:
    """The address without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
