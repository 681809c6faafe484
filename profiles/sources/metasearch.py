"""Prices that a metasearch site showed: the cheapest journey there and back of each market and pair of days.

A snapshot is dated by the site's robot in UTC, to the minute (202301230240). Carriers go by the names the site shows;
where it says only that there are several, or nobody knows the name, the price stands without a carrier, and the name
beside it. Every price that was shown is kept, dear ones too: whoever compares takes medians.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from profiles.sources import codes
from profiles.sources.columns import Columns
from profiles.sources.contract import Field

SEVERAL = "several"
_PRICE = "price_"  # and the currency: price_eur
FIELDS = (
    Field("snapshot_ts", "moment", "202610300240", required=True),
    Field("origin", "IATA airport", "CPH", required=True),
    Field("dest_airport", "IATA airport", "LIS", required=True, aliases=("destination",)),
    Field("depart", "date", "2026-12-12", required=True),
    Field("return", "date", "2026-12-19"),
    Field("airline", "text", "Air Gull", required=True),
    Field("price", "amount", "189.00", required=True, aliases=("price_eur", "price_usd", "price_gbp", "price_dkk")),
    Field("duration_min", "whole number", "235"),
)
PARTS = ("snapshot_ts", "origin", "dest_airport", "depart", "return", "airline")


def is_of(header: list[str]) -> bool:
    """Whether these columns are those of a snapshot."""
    names = {name.casefold() for name in header}
    return {"snapshot_ts", "origin", "depart", "airline"} <= names and any(n.startswith(_PRICE[:-1]) for n in names)


def currency_of(header: list[str]) -> str | None:
    """The currency that the name of the price's column says."""
    named = [name[len(_PRICE) :].upper() for name in map(str.casefold, header) if name.startswith(_PRICE)]
    return next((code for code in named if len(code) == 3), None)


def fares(columns: Columns, header: list[str]) -> dict[str, Any]:
    """The columns of the fares, as `competitor_fares` gives them."""
    currency = currency_of(header) or "EUR"
    shown = columns.text("airline", required=True, longest=60)
    carriers = {name: codes.lookup("airline_name", name) for name in set(shown)}
    minutes = columns.whole("duration_min", 1, 20_000, required=False)
    return {
        "observed_at": _snapshots(columns),
        "carrier": ["" if carriers[name] in (None, SEVERAL) else carriers[name] for name in shown],
        "origin": _airport(columns, "origin"),
        "destination": _airport(columns, "dest_airport"),
        "departure_date": columns.days("depart", required=True),
        "cabin": [""] * len(columns),
        "brand": [""] * len(columns),
        "price_minor": columns.amount_minor("price", most=1e6, currency=currency),
        "currency": [currency] * len(columns),
        "source": ["metasearch"] * len(columns),
        "return_date": columns.days("return"),
        "minutes": [value if value > 0 else None for value in minutes.tolist()],
        "airline": [name or "" for name in shown],
    }


def keys(columns: Columns) -> list[str]:
    """Everything of each line but price and duration."""
    return ["|".join(map(str, key)) for key in zip(*map(columns.text, PARTS), strict=True)]


def _airport(columns: Columns, name: str) -> list[str | None]:
    values = columns.text(name, required=True)
    wrong = {v for v in set(values) if v and not (len(v) == 3 and v.isascii() and v.isalnum())}
    for at, value in enumerate(values) if wrong else ():
        if value in wrong:
            columns.reject(at, name, repr(value)[:22], "a code of 3 letters")
    return [value.upper() if value else value for value in values]


def _snapshots(columns: Columns) -> NDArray[np.datetime64]:
    """Moments as twelve digits, or as the other feeds write them."""
    texts = columns.text("snapshot_ts", required=True)
    if not all(text is None or (len(text) == 12 and text.isdecimal()) for text in texts):
        return columns.moments("snapshot_ts")
    digits = pa.array([text or "000000000000" for text in texts])
    stamps = pc.strptime(digits, "%Y%m%d%H%M", "us", error_is_null=True)
    moments = stamps.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    for at in np.flatnonzero(np.isnat(moments)).tolist():
        if texts[at]:
            columns.reject(at, "snapshot_ts", repr(texts[at]), "a moment as 202610300240")
    return moments
