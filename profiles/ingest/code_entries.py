"""The airline's own codes: read for a run, and taken in as a whole table from a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import date

from django.db import transaction

from iaros.accounts.models import User
from privacy import audit
from profiles.models import CodeEntry
from profiles.sources import codes
from profiles.sources.codes import COLUMNS, Code

_FIELDS = ("code", "meaning", "title", "carrier", "starts_on", "ends_on")
_LONGEST = {"code": 40, "meaning": 40, "title": 100, "carrier": 3}


class CannotLoad(Exception):
    """The file does not become a code table; says the faults by row, and nothing of it went in."""

    def __init__(self, table: str, faults: list[str]) -> None:
        self.faults = faults
        more = f"; and {len(faults) - 10} more" if len(faults) > 10 else ""
        super().__init__(f"{table}: {'; '.join(faults[:10])}{more}")


@dataclass(frozen=True)
class CodesLoaded:
    table: str
    entries: int
    added: int
    changed: int
    removed: int
    unchanged: int


def snapshot() -> codes.Snapshot:
    """The tables as they stand now, the airline's own entries before the defaults."""
    own: dict[str, list[Code]] = {}
    for table, *values in CodeEntry.objects.order_by("id").values_list("table", *_FIELDS):
        own.setdefault(table, []).append(Code(*values))
    return codes.Snapshot(own)


def read(table: str, content: bytes) -> list[Code]:
    """The entries of a CSV file. Columns are those of `codes.COLUMNS`, of which `code` and `meaning` must be there.

    Raises UnknownTable, and CannotLoad with every fault.
    """
    if table not in codes.TABLES:
        raise codes.UnknownTable(f"{table!r} is not a code table; they are {', '.join(codes.TABLES)}")
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CannotLoad(table, [f"not readable as CSV in UTF-8: {error}"[:200]]) from None
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    missing = [name for name in ("code", "meaning") if name not in names]
    if missing:
        raise CannotLoad(table, [f"row 1: missing {', '.join(missing)}; expected {', '.join(COLUMNS)}"])
    faults: list[str] = []
    entries = [
        _checked(table, number, dict(zip(names, row, strict=False)), faults)
        for number, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]
    seen: set[tuple[object, ...]] = set()
    for entry in entries:
        if _key(entry) in seen:
            faults.append(f"{entry.code} stands twice for one carrier and first day")
        seen.add(_key(entry))
    if faults:
        raise CannotLoad(table, faults)
    return entries


def _checked(table: str, row: int, told: Mapping[str, str], faults: list[str]) -> Code:
    values = {name: told.get(name, "").strip() for name in COLUMNS}
    values["code"], values["carrier"] = values["code"].upper(), values["carrier"].upper()
    days: dict[str, date | None] = {}
    for end in ("starts_on", "ends_on"):
        try:
            days[end] = date.fromisoformat(values[end]) if values[end] else None
        except ValueError:
            faults.append(f"row {row}: {end} {values[end][:20]!r}; expected a date as 2026-05-01")
            days[end] = None
    faults += [f"row {row}: {said}" for said in faults_of(table, values["code"], values["meaning"])]
    faults += [f"row {row}: {name} longer than {most}" for name, most in _LONGEST.items() if len(values[name]) > most]
    if days["starts_on"] and days["ends_on"] and days["ends_on"] < days["starts_on"]:
        faults.append(f"row {row}: ends before it starts")
    return Code(values["code"], values["meaning"], values["title"], values["carrier"], **days)


def faults_of(table: str, code: str, meaning: str) -> list[str]:
    """What is wrong with an entry of the table, in words."""
    expected = codes.TABLES[table].meanings
    said = [] if code else ["code is empty"]
    if not meaning or (expected and meaning not in expected):
        said.append(f"meaning {meaning[:20]!r}; expected {', '.join(expected) if expected else 'a word'}")
    return said


def _key(code: Code) -> tuple[object, ...]:
    return code.code, code.carrier, code.starts_on


@transaction.atomic
def replace(*, table: str, entries: list[Code], by: User | None) -> CodesLoaded:
    """Make these the airline's own entries of the table, all of them: what is not among them is taken away."""
    before = {_key(code): code for code in own_entries(table)}
    after = {_key(code): code for code in entries}
    gone, changed = before.keys() - after.keys(), [k for k in after if k in before and before[k] != after[k]]
    CodeEntry.objects.filter(table=table).delete()
    CodeEntry.objects.bulk_create(
        CodeEntry(table=table, changed_by=by, **dict(zip(_FIELDS, astuple(code), strict=True))) for code in entries
    )
    added = len(after.keys() - before.keys())
    report = CodesLoaded(table, len(after), added, len(changed), len(gone), len(after) - added - len(changed))
    counted = {"table": table, "added": added, "changed": len(changed), "removed": len(gone)}
    audit.record(action="loaded a code table", actor=by, details=counted)
    return report


def own_entries(table: str) -> list[Code]:
    """The airline's own entries of one table."""
    rows = CodeEntry.objects.filter(table=table).order_by("code", "carrier", "starts_on", "id")
    return [Code(*values) for values in rows.values_list(*_FIELDS)]
