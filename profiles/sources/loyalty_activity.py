"""What happened on members' accounts, one row a member and month. CSV with a header."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import table
from profiles.sources.contract import Batch, Connector, Family, Field, Keys, Lines

FIELDS = (
    Field("Loyalty Number", "text", "480934", Sensitivity.PSEUDONYM, required=True),
    Field("Year", "year", "2026", required=True),
    Field("Month", "month", "10", required=True),
    Field("Flights Booked", "count", "2"),
    Field("Flights with Companions", "count", "1"),
    Field("Total Flights", "count", "3", required=True),
    Field("Distance", "km", "2311"),
    Field("Points Accumulated", "points", "231", required=True),
    Field("Points Redeemed", "points", "0"),
    Field("Dollar Cost Points Redeemed", "amount", "0"),
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read member-months; each is one mention of a member and its typed fact, with an event a movement of points."""
    required = [f.name for f in FIELDS if f.required]
    columns = table(header or b"", lines, FIELDS, "loyalty_activity")
    numbers = columns.text("Loyalty Number", required=True, longest=20)
    years = columns.whole("Year", 1950, 2100)
    months = columns.whole("Month", 1, 12)
    counts = {
        # Programmes that award by fare credit fractions of points; accounts hold whole ones.
        name: np.maximum(columns.whole(title, 0, most, required=title in required, rounded="Points" in title), 0)
        for name, title, most in (
            ("flights_booked", "Flights Booked", 1000),
            ("flights_with_companions", "Flights with Companions", 1000),
            ("flights_flown", "Total Flights", 1000),
            ("distance_km", "Distance", 2_000_000),
            ("points_earned", "Points Accumulated", 100_000_000),
            ("points_redeemed", "Points Redeemed", 100_000_000),
        )
    }
    redeemed_value = np.maximum(columns.amount_minor("Dollar Cost Points Redeemed", required=False, most=2e7), 0)
    good = (years > 0) & (months > 0)
    since_1970 = np.where(good, (years - 1970) * 12 + months - 1, 0)
    month = since_1970.astype("datetime64[M]")
    mention = np.arange(len(columns))
    keys = zip(numbers, years.tolist(), months.tolist(), strict=True)
    return Batch(
        lines,
        columns.line,
        [f"{number}/{year:04d}-{at:02d}" for number, year, at in keys],
        keys=[Keys(IdentifierKind.LOYALTY_NUMBER, numbers, np.ones(len(columns), dtype=bool))],
        facts={
            "loyalty_activity": {
                "mention": mention,
                "month": month.astype("datetime64[D]"),
                **counts,
                "redeemed_value_minor": redeemed_value,
            },
            "events": _movements(month, counts),
        },
        rejects=columns.rejects,
    )


def _movements(month: np.ndarray, counts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Points earned and redeemed as events; a statement is dated by the last day of its month."""
    closing = (month + 1).astype("datetime64[us]") - np.timedelta64(12, "h")
    parts = [
        (np.flatnonzero(counts["points_earned"] > 0), EventKind.POINTS_EARNED, counts["points_earned"]),
        (np.flatnonzero(counts["points_redeemed"] > 0), EventKind.POINTS_REDEEMED, counts["points_redeemed"]),
    ]
    return {
        "mention": np.concatenate([rows for rows, _, _ in parts]),
        "kind": np.concatenate([np.full(len(rows), kind.value) for rows, kind, _ in parts]),
        "occurred_at": np.concatenate([closing[rows] for rows, _, _ in parts]),
        "quantity": np.concatenate([points[rows] for rows, _, points in parts]),
    }


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """Member number, year and month of each line."""
    parts = ("Loyalty Number", "Year", "Month")
    columns = table(header or b"", lines, FIELDS, "loyalty_activity", only=parts)
    return columns.line, ["/".join(map(str, key)) for key in zip(*map(columns.text, parts), strict=True)]


CONNECTOR = Connector(
    name="loyalty_activity",
    title="Loyalty activity",
    family=Family.CRM,
    format="CSV",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    has_header=True,
    quoted=True,
    freshness_hours=24 * 35,
    recognises=lambda sample: 0.9 * sample.has("Loyalty Number", "Year", "Month", "Total Flights"),
    specification="ours",
)
