"""Reference rates of exchange, one row a currency and day. CSV with a header; about nobody.

As the European Central Bank publishes them, too: one row a day and one column a currency, N/A where there was no rate.
Its rates are units for one euro; where the airline's currency is another they are turned into units of that one.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.columns import read_day, split_header, table
from profiles.sources.contract import SUPERSEDED, Batch, Connector, Family, Field, Lines, Reject, Sample

FIELDS = (
    Field("Date", "date", "2026-10-30", required=True),
    Field("Currency", "ISO 4217", "DKK", required=True),
    Field("Units per base", "rate", "7.4604", required=True),
)
_EURO = "EUR"
_CODE = re.compile(r"[A-Z]{3}")
_LEAST, _MOST = 1e-6, 1e6


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read rates; about nobody. Units of the currency for one unit of the airline's own."""
    wide = _wide(header)
    if wide:
        return _read_wide(wide, lines)
    columns = table(header or b"", lines, FIELDS, "exchange_rates")
    rates = columns.decimals("Units per base", _LEAST, _MOST, "a rate above zero")
    currency = [value.upper() if value else value for value in columns.text("Currency", required=True, longest=3)]
    days = columns.days("Date", required=True)
    keys = [f"{code}/{day}" for code, day in zip(currency, days, strict=True)]
    facts = {"rates": {"currency": currency, "day": days, "units_per_base": rates}}
    return Batch(lines, columns.line, keys, facts=facts, rejects=columns.rejects)


def _wide(header: bytes | None) -> list[str]:
    """The names of the columns where each but the first is a currency."""
    try:
        names = split_header(header or b"")[0]
    except UnicodeDecodeError:
        return []
    while names and not names[-1]:
        names.pop()  # The bank ends its lines with a comma.
    told = len(names) > 1 and names[0].casefold() == "date" and all(_CODE.fullmatch(name) for name in names[1:])
    return names if told else []


def _read_wide(names: list[str], lines: Lines) -> Batch:
    """A mention a day and currency; a day with a value that is no rate is set aside whole."""
    told: dict[str, dict[str, float]] = {}
    at_line: dict[str, int] = {}
    rejects: list[Reject] = []
    for at, raw in enumerate(lines.raw):
        cells = [cell.strip() for cell in raw.decode().rstrip("\r").split(",")]
        while len(cells) > len(names) and not cells[-1]:
            cells.pop()
        day = _day(cells[0])
        if len(cells) != len(names):
            rejects.append(Reject(at, "line", f"{len(cells)} fields", f"{len(names)} fields"))
        elif day is None:
            rejects.append(Reject(at, "Date", repr(cells[0][:40]), "a date as 2026-10-30"))
        else:
            pairs = [(code, cell) for code, cell in zip(names[1:], cells[1:], strict=True) if cell not in ("", "N/A")]
            rates = {code: rate_of(cell) for code, cell in pairs}
            wrong = next((code for code, rate in rates.items() if rate is None), None)
            if wrong:
                rejects.append(Reject(at, wrong, repr(dict(pairs)[wrong][:40]), "a rate above zero"))
                continue
            if day in told:
                rejects.append(Reject(at_line[day], "native key", SUPERSEDED, "one row a day; the last stands"))
            told[day], at_line[day] = {code: rate for code, rate in rates.items() if rate}, at
    return of_euro(lines, told, at_line, rejects)


def of_euro(lines: Lines, told: dict[str, dict[str, float]], at_line: dict[str, int], rejects: list[Reject]) -> Batch:
    """Rates that the bank gives for one euro, by day, as a batch of units for one of the airline's currency."""
    base = settings.BASE_CURRENCY
    line: list[int] = []
    rows: list[tuple[str, str, float]] = []
    for day, rates in told.items():
        ours = 1.0 if base == _EURO else rates.get(base)
        if ours is None:
            rejects.append(Reject(at_line[day], base, "missing", "a rate of the airline's own currency"))
            continue
        known = {**rates, _EURO: 1.0}
        rows += [(code, day, rate / ours) for code, rate in known.items() if code != base]
        line += [at_line[day]] * (len(known) - 1)
    currency, days, units = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    facts = {"rates": {"currency": currency, "day": days, "units_per_base": np.array(units, dtype=np.float64)}}
    keys = [f"{code}/{day}" for code, day, _ in rows]
    return Batch(lines, np.array(line, dtype=np.int64), keys, facts=facts, rejects=rejects)


def _day(text: str) -> str | None:
    """An ISO date, or one as the bank's daily file writes it (30 October 2026)."""
    try:
        return read_day(text) or datetime.strptime(text, "%d %B %Y").date().isoformat()
    except ValueError:
        return None


def rate_of(text: str) -> float | None:
    """A rate that can be, or None."""
    try:
        rate = float(text)
    except ValueError:
        return None
    return rate if math.isfinite(rate) and _LEAST <= rate <= _MOST else None


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Currency and day of each line; where a line has all currencies, its day."""
    if _wide(header):
        return np.arange(len(lines.raw)), [raw.decode().split(",")[0].strip() for raw in lines.raw]
    parts = ("Date", "Currency")
    columns = table(header or b"", lines, FIELDS, "exchange_rates", only=parts)
    return columns.line, ["/".join(map(str, key)) for key in zip(*map(columns.text, parts), strict=True)]


def recognises(sample: Sample) -> float:
    first = sample.head.split(b"\n", 1)[0].rstrip(b"\r")
    return 0.9 * (sample.has("Date", "Currency", "Units per base") or len(_wide(first)) > 5)


CONNECTOR = Connector(
    name="exchange_rates",
    title="Exchange rates",
    family=Family.EXTERNAL,
    format="CSV",
    version="1",
    purpose=Purpose.LEGAL_OBLIGATION,
    fields=FIELDS,
    read=read,
    scan=scan,
    has_header=True,
    quoted=True,
    about_people=False,
    recognises=recognises,
    specification="ours; European Central Bank, eurofxref and eurofxref-hist",
)
