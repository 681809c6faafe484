"""Mends rows that wait in quarantine: opened, edited by hand or by a rule, discarded with a reason.

Comes in: waiting rows. Goes out: the same rows as they would go in. It refuses an edit that the connector still cannot
read, so that nothing is saved that would only wait again. Taking mended rows in is `profiles.pipeline.replay`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone

from iaros.accounts.models import User
from privacy import audit, encryption, subjects
from profiles.ingest import mappings
from profiles.models import IngestRun, QuarantinedRow, Source
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import Connector, Lines, Reject, WrongFile
from profiles.sources.units import fault_of

_SEPARATORS = ",;\t|"


class CannotMend(Exception):
    """The row cannot be saved so; `faults` say what is still wrong with it."""

    def __init__(self, reason: str, faults: Sequence[Reject] = ()) -> None:
        super().__init__(reason)
        self.faults = list(faults)


@dataclass(frozen=True)
class Mended:
    """What a rule did: rows it changed and made readable, rows it left as they still could not be read, and others."""

    mended: int
    still_faulty: int
    untouched: int

    def as_dict(self) -> dict[str, int]:
        return {"mended": self.mended, "still_faulty": self.still_faulty, "untouched": self.untouched}


@dataclass(frozen=True)
class Waiting:
    """A waiting row, opened: its raw text, and the feed and header by which it is read."""

    row: QuarantinedRow
    raw: bytes
    connector: Connector
    header: bytes | None


def open_rows(rows: Iterable[QuarantinedRow]) -> list[Waiting]:
    """The rows with their raw text; those whose key was destroyed, or whose feed is gone, are left out."""
    wanted = list(rows)
    names = dict(Source.objects.values_list("id", "name"))
    keys = subjects.landing_sealers({row.key_id for row in wanted})
    headers = dict(IngestRun.objects.filter(id__in={r.run_id for r in wanted}).values_list("id", "header"))
    found = []
    for row in wanted:
        connector, sealer = CONNECTORS.get(names.get(row.source_id, "")), keys.get(row.key_id)
        if connector and sealer:
            raw = sealer.open(row.cipher, b"quarantine:" + bytes(row.fingerprint))
            header = headers.get(row.run_id, "").encode() or None
            found.append(Waiting(row, raw, mappings.applied(connector), header))
    return found


def with_content(rows: Iterable[QuarantinedRow]) -> list[QuarantinedRow]:
    """The same rows with their sealed text, in one query."""
    return list(QuarantinedRow.objects.filter(id__in=[row.id for row in rows]).order_by("row", "id"))


def faults_of(waiting: Waiting, raw: bytes) -> list[Reject]:
    """What the feed's connector would say of the row with this text; nothing means that it would go in."""
    fault = fault_of(raw, len(raw))
    if fault or not raw.strip():
        return [fault or Reject(0, "line", "empty", "a row")]
    lines = Lines([raw], np.array([waiting.row.row], dtype=np.int64))
    try:
        return list(waiting.connector.read(waiting.header, lines).rejects)
    except WrongFile as error:
        return [Reject(0, "header", str(error)[:200], "the header of the file it came in")]


@transaction.atomic
def edit(row_id: UUID, *, text: str, by: User | None) -> QuarantinedRow:
    """Give a waiting row another text. Raises CannotMend while the connector cannot read it."""
    row = QuarantinedRow.objects.select_for_update().filter(id=row_id).first()
    opened = open_rows([row]) if row else []
    if not opened:
        raise CannotMend("This row waits no more.")
    [waiting] = opened
    raw = text.encode()
    faults = faults_of(waiting, raw)
    if faults:
        said = "; ".join(f"{fault.field}: {fault.reason}; expected {fault.expected}" for fault in faults[:3])
        raise CannotMend(f"It still cannot be read: {said}", faults)
    _save(waiting, raw, by)
    audit.record(
        action="mended a quarantined row", actor=by, details={"row": str(row_id), "of": waiting.connector.name}
    )
    return waiting.row


@transaction.atomic
def edit_all(rows: Iterable[QuarantinedRow], *, field: str, was: str, becomes: str, by: User | None) -> Mended:
    """Replace a value in a field of all these rows, where it stands there; rows that stay unreadable keep their text.

    `field` is a column, a path of JSON members (`segments[].origin`), or empty for a piece of the raw text.
    """
    mended = faulty = untouched = 0
    waiting = open_rows(rows)
    for each in waiting:
        raw = replaced(each.raw, each.header, field=field, was=was, becomes=becomes)
        if raw is None or raw == each.raw:
            untouched += 1
        elif faults_of(each, raw):
            faulty += 1
        else:
            _save(each, raw, by)
            mended += 1
    if mended:
        rule = {"field": field, "rows": mended, "of": waiting[0].connector.name}
        audit.record(action="mended quarantined rows by a rule", actor=by, details=rule)
    return Mended(mended, faulty, untouched)


def _save(waiting: Waiting, raw: bytes, by: User | None) -> None:
    """Seal the text anew; the same text that waits already is one row."""
    row = waiting.row
    [fingerprint] = encryption.lookup_keys("quarantine", [raw.decode("latin-1")])
    sealer = subjects.landing_sealers([row.key_id])[row.key_id]
    row.fingerprint, row.cipher = fingerprint, sealer.seal(raw, b"quarantine:" + fingerprint)
    row.mended_at, row.mended_by = timezone.now(), by.get_username() if by else ""
    try:
        with transaction.atomic():
            row.save(update_fields=["fingerprint", "cipher", "mended_at", "mended_by"])
    except IntegrityError:
        row.delete()


def replaced(raw: bytes, header: bytes | None, *, field: str, was: str, becomes: str) -> bytes | None:
    """The raw text with the value replaced, or None where it does not stand in that field."""
    text = raw.decode("utf-8", "replace")
    if not field:
        return text.replace(was, becomes).encode() if was and was in text else None
    if text.lstrip()[:1] == "{":
        return _replaced_in_object(raw, field, was, becomes)
    if header is not None:
        return _replaced_in_row(text, header.decode("utf-8", "replace"), field, was, becomes)
    return text.replace(was, becomes).encode() if was and was in text else None


def _replaced_in_row(text: str, header: str, field: str, was: str, becomes: str) -> bytes | None:
    separator = max(_SEPARATORS, key=header.count)
    names = [name.strip().casefold() for name in next(csv.reader([header], delimiter=separator), [])]
    cells = next(csv.reader([text], delimiter=separator), [])
    at = names.index(field.strip().casefold()) if field.strip().casefold() in names else -1
    if not 0 <= at < len(cells) or cells[at].strip() != was.strip():
        return None
    cells[at] = becomes
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="").writerow(cells)
    return out.getvalue().encode()


def _replaced_in_object(raw: bytes, path: str, was: str, becomes: str) -> bytes | None:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    steps = [step for step in path.replace("[", ".[").split(".") if step]
    return orjson.dumps(document) if _set(document, steps, was, becomes) else None


def _set(held: Any, steps: Sequence[str], was: str, becomes: str) -> bool:
    """Replace the value at the path wherever it is `was`; true if it was somewhere."""
    step, rest = steps[0], steps[1:]
    if step.startswith("["):
        places: Iterable[Any] = range(len(held)) if isinstance(held, list) else ()
        if step[1:-1].isdecimal():
            places = [at for at in places if at == int(step[1:-1])]
    else:
        places = [step] if isinstance(held, dict) and step in held else []
    done = False
    for place in places:
        if rest:
            done |= _set(held[place], rest, was, becomes)
        elif not isinstance(held[place], dict | list) and _as_text(held[place]) == was:
            held[place] = _typed(becomes, held[place])
            done = True
    return done


def _as_text(value: Any) -> str:
    return "" if value is None else str(value)


def _typed(text: str, like: Any) -> Any:
    """A number stays one where it can."""
    if isinstance(like, int | float) and not isinstance(like, bool):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text or None


@transaction.atomic
def discard(row_ids: Iterable[UUID], *, reason: str, by: User | None) -> int:
    """Let waiting rows go for good; what they were, and why they went, stays in the audit trail."""
    if not reason.strip():
        raise CannotMend("Say why the rows are discarded; nothing is dropped in silence.")
    rows = list(QuarantinedRow.objects.select_for_update().filter(id__in=list(row_ids)).order_by("row", "id"))
    names = dict(Source.objects.values_list("id", "name"))
    for source_id in {row.source_id for row in rows}:
        mine = [row for row in rows if row.source_id == source_id]
        # Not why they waited: a reason may quote the value.
        told = [{"run": str(row.last_seen_run_id), "row": row.row, "field": row.field} for row in mine[:200]]
        details = {"of": names.get(source_id, ""), "count": len(mine), "rows": told}
        audit.record(action="discarded quarantined rows", actor=by, reason=reason[:1000], details=details)
    return QuarantinedRow.objects.filter(id__in=[row.id for row in rows]).delete()[0]
