"""Fares seen in the market, ours and others', one row a fare. CSV with a header; about nobody.

Snapshots of a metasearch site come by their own columns (`metasearch.py`).
"""

from __future__ import annotations

import csv

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources import metasearch
from profiles.sources.columns import Columns, split_header, table
from profiles.sources.contract import Batch, Connector, Family, Field, Lines, Sample

FIELDS = (
    Field("Observed At", "moment", "2026-10-30T06:00:00Z", required=True),
    Field("Carrier", "IATA airline", "NV", required=True),
    Field("Origin", "IATA airport", "CPH", required=True),
    Field("Destination", "IATA airport", "LIS", required=True),
    Field("Departure Date", "date", "2026-12-12", required=True),
    Field("Cabin", "F C W Y", "Y", required=True),
    Field("Fare Brand", "text", "LIGHT"),
    Field("Price", "amount", "189.00", required=True),
    Field("Currency", "ISO 4217", "EUR", required=True),
    Field("Source", "text", "metasearch"),
)
_CABINS = {c.casefold(): c for c in "FCWY"}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read fares; no mention, no person. The native key is everything but the price."""
    found = _metasearch(header)
    if found:
        columns = table(header, lines, metasearch.FIELDS, "competitor_fares")
        # The keys before the faults are named, since reading names them.
        keys, facts = metasearch.keys(columns), metasearch.fares(columns, found)
        facts["price_minor"] = _above_zero(columns, "price", facts["price_minor"])
        return Batch(lines, columns.line, keys, facts={"fares": facts}, rejects=columns.rejects)
    columns = table(header or b"", lines, FIELDS, "competitor_fares")
    currency = _code(columns, "Currency", 3, 3)
    facts = {
        "observed_at": columns.moments("Observed At"),
        "carrier": _code(columns, "Carrier", 2, 3),
        "origin": _code(columns, "Origin", 3, 3),
        "destination": _code(columns, "Destination", 3, 3),
        "departure_date": columns.days("Departure Date", required=True),
        "cabin": columns.choice("Cabin", _CABINS, "F, C, W or Y"),
        "brand": [value or "" for value in columns.text("Fare Brand", longest=20)],
        "price_minor": _above_zero(columns, "Price", columns.amount_minor("Price", currency=currency)),
        "currency": currency,
        "source": [value or "" for value in columns.text("Source", longest=40)],
    }
    parts = ("carrier", "origin", "destination", "departure_date", "cabin", "brand", "source")
    stamps = np.datetime_as_string(facts["observed_at"], unit="s").tolist()
    keys = ["|".join(map(str, key)) for key in zip(*(facts[p] for p in parts), stamps, strict=True)]
    return Batch(lines, columns.line, keys, facts={"fares": facts}, rejects=columns.rejects)


def _metasearch(header: bytes | None) -> list[str]:
    """The names of the columns, where they are those of a metasearch snapshot."""
    try:
        found = split_header(header or b"")[0]
    except (UnicodeDecodeError, csv.Error):
        return []
    return found if metasearch.is_of(found) else []


def _code(columns: Columns, name: str, shortest: int, longest: int) -> list[str | None]:
    values = columns.text(name, required=True)
    for at, value in enumerate(values):
        if value and not (shortest <= len(value) <= longest and value.isalnum() and value.isascii()):
            columns.reject(at, name, repr(value[:20]), f"a code of {longest} letters")
    return [value.upper() if value else value for value in values]


def _above_zero(columns: Columns, name: str, amounts: NDArray[np.int64]) -> NDArray[np.int64]:
    for at in np.flatnonzero(amounts == 0).tolist():
        columns.reject(at, name, "0", "an amount above zero")
    return amounts


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Everything but the price of each line."""
    if _metasearch(header):
        columns = table(header, lines, metasearch.FIELDS, "competitor_fares", only=metasearch.PARTS)
        return columns.line, metasearch.keys(columns)
    parts = [field.name for field in FIELDS if field.name not in ("Price", "Currency")]
    columns = table(header or b"", lines, FIELDS, "competitor_fares", only=parts)
    return columns.line, ["|".join(map(str, key)) for key in zip(*map(columns.text, parts), strict=True)]


def recognises(sample: Sample) -> float:
    return 0.9 * (
        sample.has("Observed At", "Carrier", "Origin", "Price")
        or (sample.has("snapshot_ts", "origin", "dest_airport", "depart") and metasearch.is_of(list(sample.columns)))
    )


CONNECTOR = Connector(
    name="competitor_fares",
    title="Competitor fares",
    family=Family.EXTERNAL,
    format="CSV",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    has_header=True,
    quoted=True,
    about_people=False,
    freshness_hours=24 * 8,
    recognises=recognises,
    specification="ours; snapshots of a metasearch site by their own columns",
)
