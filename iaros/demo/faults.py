"""Spoils a feed's file on purpose, row by row, and says beside it what was done to which row.

Three kinds: *schema* (torn, short, of bytes that are no text), *domain* (a value that cannot be), *reference* (a number
or place in the booking that nobody has). A row keeps its place, so the truth is the row's number in the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

SCHEMA, DOMAIN, REFERENCE = "schema", "domain", "reference"


@dataclass(frozen=True)
class Fault:
    """What was done to a row. `number` is the loyalty number of nobody that now stands in it, if one does."""

    source: str
    kind: str
    how: str
    row: int
    number: str = ""


# By source: the field, and what it is changed to. In objects a path leads there.
_DOMAIN: dict[str, tuple[tuple[str, Any], ...]] = {
    "loyalty_members": (("Birth Date", "1984-13-40"), ("Enrollment Month", "13"), ("Country", "Atlantis")),
    "loyalty_activity": (("Month", "13"), ("Total Flights", "-2"), ("Points Accumulated", "many")),
    "competitor_fares": (("Departure Date", "2026-02-30"), ("Price", "-5.00"), ("Cabin", "Z")),
    "exchange_rates": (("Date", "yesterday"), ("Units per base", "0")),
    "pnr": (("segments.0.origin", "QQQ"), ("total_minor", -1), ("status", "maybe"), ("created_at", "soon")),
    "consents": (("state", "perhaps"), ("at", "soon"), ("purpose", "profit")),
    "web_events": (("at", "then"),),
}
# A passenger or a flight that the booking does not have; a loyalty number of nobody is `None` here, and drawn.
_REFERENCE: dict[str, tuple[tuple[str, Any], ...]] = {
    "loyalty_activity": (("Loyalty Number", None),),
    "pnr": (("ancillaries.0.passenger", 97), ("tickets.0.passenger", 98)),
}
_NOBODYS = 990_000_000
SOURCES = tuple(_DOMAIN)


def inject(source: str, path: Path, out: Path, *, share: float, seed: int) -> list[Fault]:
    """Write the file to `out` with this share of its rows spoilt, in turn by kind; returns the truth.

    The truth stands beside it as `<name>.faults.json`. A row that a fault does not fit is left alone.
    """
    lines = path.read_bytes().split(b"\n")
    is_table = lines[0][:1] != b"{"
    header = next(csv.reader([lines[0].decode()])) if is_table else []
    first = 1 if is_table else 0
    rng = np.random.default_rng([seed, len(lines)])
    rows = [at for at in range(first, len(lines)) if lines[at].strip()]
    chosen = sorted(rng.choice(rows, size=max(1, int(len(rows) * share)), replace=False).tolist())
    spoil = _in_row if is_table else _in_object
    faults: list[Fault] = []
    ways = _ways(source, header)
    seen: set[bytes] = set()  # the same bad text waits once, however often it is sent
    for nth, at in enumerate(chosen):
        kind, how, change = ways[nth % len(ways)]
        number = str(_NOBODYS + seed * 100_000 + nth) if change == (how, None) else ""
        spoilt = _torn(lines[at], how) if kind == SCHEMA else spoil(lines[at], header, change, number)
        if spoilt is not None and spoilt != lines[at] and spoilt not in seen:
            seen.add(spoilt)
            lines[at] = spoilt
            faults.append(Fault(source, kind, how, at + 1, number))
    out.write_bytes(b"\n".join(lines))
    out.with_name(out.name + ".faults.json").write_bytes(orjson.dumps([asdict(fault) for fault in faults]))
    return faults


def _ways(source: str, header: Sequence[str]) -> list[tuple[str, str, tuple[str, Any]]]:
    torn = ("cut in half", "a NUL byte", "bytes that are no text")
    schema = [(SCHEMA, how, (how, "")) for how in torn]
    kinds = ((DOMAIN, _DOMAIN), (REFERENCE, _REFERENCE))
    changes = [(kind, change) for kind, table in kinds for change in table.get(source, ())]
    domain = [(kind, change[0], change) for kind, change in changes if not header or change[0] in header]
    return [*schema, *domain]


def _torn(line: bytes, how: str) -> bytes:
    middle = len(line) // 2
    match how:
        case "cut in half":
            return line[: max(1, middle)]
        case "a NUL byte":
            return line[:middle] + b"\0" + line[middle:]
    return line[:middle] + b"\xff\xfe" + line[middle:]


def _in_row(line: bytes, header: Sequence[str], change: tuple[str, Any], number: str) -> bytes | None:
    cells = next(csv.reader([line.decode("utf-8", "replace")]), [])
    if len(cells) != len(header):
        return None
    cells[header.index(change[0])] = number or str(change[1])
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue().encode()


def _in_object(line: bytes, header: Sequence[str], change: tuple[str, Any], number: str) -> bytes | None:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    *steps, last = change[0].split(".")
    held: Any = document
    for step in steps:
        held = _within(held, step)
    if not isinstance(held, dict) or last not in held:
        return None
    held[last] = number or change[1]
    return orjson.dumps(document)


def _within(held: Any, step: str) -> Any:
    if isinstance(held, list):
        return held[int(step)] if len(held) > int(step) else None
    return held.get(step) if isinstance(held, dict) else None
