"""What people do on the web and in the app: page views, searches, sign-ins. One JSON object a line.

An event of somebody who is signed in carries the member's number or e-mail and ties the device to the person; an
anonymous one carries the device only and waits until the device is known.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import json_lines as j
from profiles.sources.contract import Batch, Connector, Family, Field, Keys, Lines, Reject
from profiles.sources.places import haul

FIELDS = (
    Field("event_id", "text", "w-000123", required=True),
    Field("type", "page search login app_open", "search", required=True),
    Field("at", "moment", "2026-10-30T18:20:01+01:00", required=True),
    Field("device_id", "text", "dev_9f2c", Sensitivity.PSEUDONYM, required=True),
    Field("user.loyalty_number", "text", "480934", Sensitivity.PSEUDONYM),
    Field("user.email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("page", "text", "bag"),
    Field("origin", "IATA airport", "CPH"),
    Field("destination", "IATA airport", "LIS"),
    Field("departure_date", "date", "2026-12-12"),
    Field("passengers", "count", "2"),
    Field("channel", "web app", "web", required=True),
)
TYPES = ("page", "search", "login", "app_open")
_KINDS = {
    "page": EventKind.WEB_VIEWED,
    "search": EventKind.WEB_SEARCHED,
    "login": EventKind.WEB_VIEWED,
    "app_open": EventKind.APP_OPENED,
}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention, by member number, e-mail or device, and one event."""
    rejects: list[Reject] = []
    rows: list[tuple[Any, ...]] = []

    def take(line: int, document: dict[str, Any]) -> None:
        rows.append((line, *_row(document)))

    j.objects(lines, rejects, take)
    columns = list(zip(*rows, strict=True)) if rows else [()] * 12
    line, event_id, device, number, email, verified, kind, at, item, channel, span, passengers = map(list, columns)
    count = len(rows)
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, number, np.ones(count, dtype=bool)),
        Keys(IdentifierKind.EMAIL, email, np.array(verified, dtype=bool)),
        Keys(IdentifierKind.DEVICE, device, np.zeros(count, dtype=bool)),
    ]
    events = {
        "mention": np.arange(count),
        "kind": np.array(kind, dtype=np.int64),
        "occurred_at": np.array(at, dtype="datetime64[us]"),
        "item": item,
        "channel": channel,
        "haul": span,
        "quantity": np.array(passengers, dtype=np.int64),
    }
    return Batch(lines, np.array(line, dtype=np.int64), event_id, keys=keys, facts={"events": events}, rejects=rejects)


def _row(document: dict[str, Any]) -> tuple[Any, ...]:
    kind = j.one_of(document, "type", TYPES)
    user = j.part(document, "user")
    origin = j.text(document, "origin", longest=3, required=kind == "search")
    destination = j.text(document, "destination", longest=3, required=kind == "search")
    return (
        j.text(document, "event_id", longest=64),
        j.text(document, "device_id", longest=64),
        j.text(user, "loyalty_number", longest=20, required=False, path="user."),
        j.text(user, "email", longest=254, required=False, path="user."),
        user.get("email_verified") is True,
        _KINDS[kind].value,
        j.utc(j.moment(document, "at")),
        f"{origin}-{destination}"
        if kind == "search"
        else (j.text(document, "page", longest=20, required=False) or kind),
        j.one_of(document, "channel", ("web", "app")),
        haul(origin, destination) if origin and destination else None,
        j.whole(document, "passengers", 1, 99, required=False) or 1,
    )


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The event id of each line."""
    return j.scanned(lines, lambda document: document["event_id"])


CONNECTOR = Connector(
    name="web_events",
    title="Web and app events",
    family=Family.WEB,
    format="NDJSON",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    freshness_hours=2,
    recognises=lambda sample: 0.9 * sample.has("event_id", "device_id", "type"),
    specification="ours",
)
