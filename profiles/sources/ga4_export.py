"""Events of Google Analytics 4 as its BigQuery export holds them: JSON with nested parameters, or a flat CSV of them.

A hit of somebody who refused storage for analytics is kept as it came and tells nothing. Addresses of pages and what
was typed into a search box are not read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import site_events
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.happenings import Happenings, keys_of, micros

FIELDS = (
    Field("event_name", "text", "page_view", required=True, aliases=("name",)),
    Field("event_timestamp", "microseconds since 1970", "1793380801132002", required=True, aliases=("timestamp",)),
    Field("user_pseudo_id", "text", "1203374.1673858394", Sensitivity.PSEUDONYM),
    Field("user_id", "the airline's own id", "u-77120", Sensitivity.PSEUDONYM),
    Field("platform", "WEB ANDROID IOS", "WEB"),
    Field("event_bundle_sequence_id", "number", "22", aliases=("bundle_sequence_id",)),
    Field("batch_event_index", "number", "1"),
    Field("batch_ordering_id", "number", "1"),
    Field("analytics_storage", "Yes or No", "Yes",
          aliases=("privacy_info.analytics_storage", "privacy_info_analytics_storage")),
    Field("event_params", "list", "[]"),
    Field("origin", "IATA airport", "CPH", aliases=("param_origin",)),
    Field("destination", "IATA airport", "LIS", aliases=("param_destination",)),
    Field("start_date", "date", "2026-12-12", aliases=("param_start_date", "param_departure_date")),
    Field("number_of_passengers", "number", "2", aliases=("param_number_of_passengers", "param_passengers")),
)  # fmt: skip
_PUSH = {"notificationreceive": EventKind.MESSAGE_SENT, "notificationopen": EventKind.MESSAGE_OPENED}
_IDENTITY = ("user_pseudo_id", "event_timestamp", "event_name", "event_bundle_sequence_id", "batch_event_index",
             "batch_ordering_id")  # fmt: skip
_SEARCH = ("origin", "destination", "start_date", "number_of_passengers")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by the airline's own id or the browser."""
    columns = table(header, lines, FIELDS, "ga4_export")
    refused = [bool(value) and value.casefold() in ("no", "false", "denied", "0")  # type: ignore[union-attr]
               for value in columns.text("analytics_storage", longest=20)]  # fmt: skip
    facts = _happenings(columns, refused).facts()
    users, visitors = columns.text("user_id", longest=256), columns.text("user_pseudo_id", longest=256)
    keys = keys_of(
        (IdentifierKind.LOGIN, _unless(refused, users)),
        (IdentifierKind.DEVICE, _unless(refused, visitors)),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, _native(columns), keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns, refused: list[bool]) -> Happenings:
    told = Happenings()
    names, params = columns.text("event_name", required=True), columns.text("event_params", longest=1 << 20)
    platforms = columns.text("platform", longest=20)
    flat = [columns.text(name, longest=60) for name in _SEARCH]
    for at, moment in enumerate(micros(columns.stamps("event_timestamp"))):
        name = names[at] or ""
        if moment is None or refused[at]:
            continue
        channel = Channel.WEB if (platforms[at] or "web").casefold() == "web" else Channel.APP
        push = _PUSH.get(name.replace("_", ""))
        found = site_events.meaning(name)
        if push:
            told.event(at, push, moment, channel=Channel.PUSH.value)
        elif name == "session_start" and channel is Channel.APP:
            told.event(at, EventKind.APP_OPENED, moment, item="app", channel=channel.value)
        elif found and found[0] is EventKind.WEB_SEARCHED:
            asked = _params(params[at]) or {word: column[at] for word, column in zip(_SEARCH, flat, strict=True)}
            _search(told, at, moment, asked, channel)
        # An application that is opened begins a session, which is what counts.
        elif found and found[0] is EventKind.WEB_VIEWED:
            told.event(at, found[0], moment, item=found[1], channel=channel.value)
    return told


def _search(told: Happenings, at: int, moment: int, asked: dict[str, Any], channel: Channel) -> None:
    where, far = site_events.route(asked.get("origin"), asked.get("destination"))
    party = str(asked.get("number_of_passengers") or asked.get("passengers") or "1")
    ahead = asked.get("start_date") or asked.get("departure_date")
    told.event(
        *(at, EventKind.WEB_SEARCHED, moment),
        item=where or "search",
        haul=far,
        channel=channel.value,
        quantity=int(party) if party.isdecimal() and len(party) < 3 else 1,
        lead_days=site_events.days_ahead(ahead, moment),
    )


def _params(written: str | None) -> dict[str, Any]:
    """The parameters of an event by name, whatever the type of their value."""
    try:
        listed = orjson.loads(written or "[]")
    except orjson.JSONDecodeError:
        return {}
    found = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and isinstance(one.get("value"), dict):
            found[str(one.get("key"))] = next((value for value in one["value"].values() if value is not None), None)
    return found


def _unless(refused: list[bool], values: list[str | None]) -> list[str | None]:
    return [None if no else value for no, value in zip(refused, values, strict=True)]


def _native(columns: Columns) -> list[str]:
    """What the export says is unique: visitor, moment, name, and the place in the batch that brought it."""
    parts = zip(*(columns.text(name, longest=256) for name in _IDENTITY), strict=True)
    return ["/".join(part or "" for part in row) for row in parts]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """What makes each event unique."""
    columns = table(header, lines, FIELDS, "ga4_export", only=_IDENTITY)
    return columns.line, _native(columns)


CONNECTOR = Connector(
    name="ga4_export",
    title="Google Analytics 4 export",
    family=Family.WEB,
    format="JSON, CSV",
    version="BigQuery export",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    introduces=False,
    recognises=lambda sample: 0.95 * (
        sample.has("event_name", "event_timestamp")
        or ("userpseudoid" in sample.plain_columns
        and bool(sample.plain_columns & {"name", "eventname"}))
    ),
    specification="Google Analytics 4: BigQuery export schema",
)  # fmt: skip
