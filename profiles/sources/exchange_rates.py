"""Reference rates of exchange, one row a currency and day, as central banks publish them. CSV with a header."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.purposes import Purpose
from profiles.sources.columns import Columns, header_names
from profiles.sources.contract import Batch, Connector, Family, Field, Lines

FIELDS = (
    Field("Date", "date", "2026-10-30", required=True),
    Field("Currency", "ISO 4217", "DKK", required=True),
    Field("Units per base", "rate", "7.4604", required=True),
)
_NAMES = [f.name for f in FIELDS]


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read rates; about nobody. Units of the currency for one unit of the airline's own."""
    columns = Columns(lines, header_names(header or b"", _NAMES, _NAMES, "exchange_rates"))
    rates = columns.decimals("Units per base", 1e-6, 1e6, "a rate above zero")
    currency = [value.upper() if value else value for value in columns.text("Currency", required=True, longest=3)]
    days = columns.days("Date", required=True)
    keys = [f"{code}/{day}" for code, day in zip(currency, days, strict=True)]
    facts = {"rates": {"currency": currency, "day": days, "units_per_base": rates}}
    return Batch(lines, columns.line, keys, facts=facts, rejects=columns.rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Currency and day of each line."""
    columns = Columns(lines, header_names(header or b"", _NAMES, _NAMES, "exchange_rates"), only=_NAMES[:2])
    return columns.line, ["/".join(map(str, key)) for key in zip(*map(columns.text, _NAMES[:2]), strict=True)]


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
    recognises=lambda sample: 0.9 * sample.has("Date", "Currency", "Units per base"),
    specification="ours",
)
