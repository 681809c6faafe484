"""What was searched for, one row a search, from the booking engine. A template of ours: engines share no format."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import site_events
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.happenings import Happenings, keys_of, micros

_PSEUDONYM = Sensitivity.PSEUDONYM
FIELDS = (
    Field("Search Id", "text", "s-000123", required=True, aliases=("Query Id", "Request Id")),
    Field("Searched At", "moment", "2026-10-30T18:20:01Z", required=True, aliases=("Timestamp", "Search Time")),
    Field("Device Id", "text", "dev_9f2c", _PSEUDONYM, aliases=("Visitor Id", "Cookie Id", "Anonymous Id")),
    Field("User Id", "the airline's own id", "u-77120", _PSEUDONYM, aliases=("Login Id",)),
    Field("Loyalty Number", "text", "480934", _PSEUDONYM, aliases=("Frequent Flyer Number", "Member Number")),
    Field("Origin", "IATA airport", "CPH", required=True, aliases=("From", "Departure Airport")),
    Field("Destination", "IATA airport", "LIS", required=True, aliases=("To", "Arrival Airport")),
    Field("Departure Date", "date", "2026-12-12", aliases=("Outbound Date", "Depart Date")),
    Field("Return Date", "date", "2026-12-19", aliases=("Inbound Date",)),
    Field("Adults", "count", "2", aliases=("ADT", "Passengers")),
    Field("Children", "count", "0", aliases=("CHD",)),
    Field("Infants", "count", "0", aliases=("INF",)),
    Field("Cabin", "F C W Y", "Y", aliases=("Cabin Class",)),
    Field("Results", "count", "14", aliases=("Result Count",)),
    Field("Lowest Price", "amount", "189.00", aliases=("Price Shown", "Cheapest Fare")),
    Field("Currency", "ISO 4217", "EUR"),
    Field("Channel", "web app", "web"),
)
_CABINS = {
    **dict.fromkeys(("f", "first"), "F"),
    **dict.fromkeys(("c", "j", "business"), "C"),
    **dict.fromkeys(("w", "premium", "premium economy", "premium_economy"), "W"),
    **dict.fromkeys(("y", "m", "economy", "eco", "coach"), "Y"),
}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read searches; each is one mention of who searched, mostly by the device alone."""
    columns = table(header, lines, FIELDS, "search_log")
    ids = columns.text("Search Id", required=True, longest=80)
    facts = _happenings(columns).facts()
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("Loyalty Number", longest=20)),
        (IdentifierKind.LOGIN, columns.text("User Id", longest=256)),
        (IdentifierKind.DEVICE, columns.text("Device Id", longest=256)),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    ends = [columns.text(name, required=True, longest=20) for name in ("Origin", "Destination")]
    routes = [site_events.route(*pair) for pair in zip(*ends, strict=True)]
    for at, (where, _) in enumerate(routes):
        if where is None and ends[0][at] and ends[1][at]:
            columns.reject(at, "Origin", f"{ends[0][at]!r} to {ends[1][at]!r}", "two codes of three letters")
    days = columns.days("Departure Date")
    columns.days("Return Date")
    ages = [np.maximum(columns.whole(name, 0, 99, required=False), 0) for name in ("Adults", "Children", "Infants")]
    party = np.maximum(np.sum(ages, axis=0), 1).tolist()
    cabins = columns.choice("Cabin", _CABINS, "F, C, W or Y")
    channels = columns.choice("Channel", {"web": "web", "app": "app", "mobile": "app"}, "web or app")
    results = columns.whole("Results", 0, 10**6, required=False).tolist()
    prices, currencies = columns.amount_minor("Lowest Price", required=False).tolist(), columns.text("Currency")
    for at, moment in enumerate(micros(columns.stamps("Searched At"))):
        where, far = routes[at]
        if moment is None or where is None:
            continue
        shown = {"results": results[at], "lowest_minor": prices[at]}
        told.event(
            *(at, EventKind.WEB_SEARCHED, moment),
            item=where,
            haul=far,
            cabin=cabins[at],
            channel=channels[at] or "web",
            quantity=party[at],
            lead_days=site_events.days_ahead(days[at], moment) if days[at] else -1,
            properties={
                **{name: value for name, value in shown.items() if value >= 0},
                "currency": currencies[at] if prices[at] >= 0 else None,
            },
        )
    return told


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each search."""
    columns = table(header, lines, FIELDS, "search_log", only=["Search Id"])
    return columns.line, [value or "" for value in columns.text("Search Id")]


CONNECTOR = Connector(
    name="search_log",
    title="Flight searches",
    family=Family.WEB,
    format="CSV, JSON",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("searches",),
    introduces=False,
    recognises=lambda sample: 0.8 * bool(
        (sample.plain_columns & {"searchid", "queryid"} and {"origin", "destination"} <= sample.plain_columns)
        or sample.has("Search Id", "Searched At")
    ),
    specification="ours",
)  # fmt: skip
