"""What became of Klaviyo's messages and what its site code saw, one row an event: JSON:API pages, warehouse copies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, account, keys_of, micros
from profiles.sources.message_events import BOUNCED, CLICKED, LEFT, OPENED, SENT, Outcome, tell

_PROPERTIES = "attributes.event_properties"
FIELDS = (
    Field("id", "event id", "3gBNHPGp", required=True),
    Field("datetime", "moment", "2026-10-05 20:02:45", required=True,
          aliases=("attributes.datetime", "attributes.timestamp", "timestamp")),
    # In a page of the API `type` says that this is an event; in a warehouse, which one.
    Field("metric", "name of the metric", "Opened Email",
          aliases=("metric_name", "attributes.metric.name", "metric.name", "attributes.metric_name", "type")),
    Field("person_id", "profile id", "01F35SYVPX6MS88ARK37864GJX", Sensitivity.PSEUDONYM,
          aliases=("relationships.profile.data.id", "attributes.profile_id", "profile_id")),
    Field("email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT,
          aliases=(f"{_PROPERTIES}.email", "property_email", "attributes.profile.email")),
    Field("campaign", "text", "autumn-fares",
          aliases=(f"{_PROPERTIES}.Campaign Name", "property_campaign_name", f"{_PROPERTIES}.$message", "campaign_id")),
)  # fmt: skip
_MAIL, _TEXT, _PUSH, _WEB = Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.WEB
_METRICS: dict[str, tuple[Channel, Outcome]] = {
    "received email": (_MAIL, SENT),
    "opened email": (_MAIL, OPENED),
    "clicked email": (_MAIL, CLICKED),
    "bounced email": (_MAIL, BOUNCED),
    "dropped email": (_MAIL, BOUNCED),
    "marked email as spam": (_MAIL, LEFT),
    "unsubscribed from email marketing": (_MAIL, LEFT),
    "unsubscribed": (_MAIL, LEFT),
    "received sms": (_TEXT, SENT),
    "clicked sms": (_TEXT, CLICKED),
    "failed to deliver sms": (_TEXT, BOUNCED),
    "unsubscribed from sms marketing": (_TEXT, LEFT),
    "received push": (_PUSH, SENT),
    "opened push": (_PUSH, OPENED),
    "bounced push": (_PUSH, BOUNCED),
    "active on site": (_WEB, EventKind.WEB_VIEWED),
    "viewed product": (_WEB, EventKind.WEB_VIEWED),
    "viewed page": (_WEB, EventKind.WEB_VIEWED),
    "started checkout": (_WEB, EventKind.WEB_VIEWED),
}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by its profile. A metric of the airline's own is no event of the platform."""
    columns = table(header, lines, FIELDS, "klaviyo_events")
    ids = columns.text("id", required=True, longest=200)
    moments, names = micros(columns.stamps("datetime")), columns.text("metric", longest=200)
    told = Happenings()
    for at, campaign in enumerate(columns.text("campaign", longest=300)):
        known, moment = _METRICS.get((names[at] or "").casefold()), moments[at]
        if known is None or moment is None:
            continue
        channel, outcome = known
        item = campaign if channel is not _WEB else (names[at] or "").casefold().replace(" ", "-")
        tell(told, at, outcome, moment, channel=channel, item=item, method=f"klaviyo:{(names[at] or '').casefold()}")
    keys = keys_of(
        (IdentifierKind.ACCOUNT, account("klaviyo", columns.text("person_id", longest=40))),
        (IdentifierKind.EMAIL, columns.text("email", longest=254)),
        purpose=Purpose.ANALYTICS,
    )
    native = [i or "" for i in ids]
    return Batch(lines, columns.line, native, keys=keys, facts=told.facts(), rejects=columns.rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each event."""
    columns = table(header, lines, FIELDS, "klaviyo_events", only=["id"])
    return columns.line, [value or "" for value in columns.text("id")]


def recognises(sample: Sample) -> float:
    if sample.members:
        of_type = b'"type":"event"' in sample.head.replace(b'": "', b'":"')
        return 0.9 * bool(
            of_type and "attributes" in sample.members and sample.members & {"event_properties", "datetime"}
        )
    return 0.9 * ({"id", "personid", "metricid", "datetime"} <= sample.plain_columns)


CONNECTOR = Connector(
    name="klaviyo_events",
    title="Klaviyo events",
    family=Family.CRM,
    format="JSON, CSV",
    version="2024-10-15",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("data",),
    introduces=False,
    recognises=recognises,
    specification="Klaviyo API: events",
)
