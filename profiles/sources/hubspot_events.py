"""What became of HubSpot's e-mails, one row an event, and forms that a contact sent in.

The warehouse's tables of details (one for each type of event) add an answer of a mail server or a browser to the id of
an event; they name neither person nor moment and are no feed of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, account, keys_of, micros
from profiles.sources.message_events import BOUNCED, CLICKED, LEFT, NOTHING, OPENED, SENT, Outcome, tell

FIELDS = (
    Field("id", "text", "0e442bf1-26be-3f07-8b50-5c02724ad803", required=True, aliases=("conversion_id",)),
    Field("created", "moment", "2026-03-16 19:03:20.357", required=True, aliases=("timestamp",)),
    Field("type", "type of event", "OPEN"),
    Field("recipient", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("contact_id", "record id", "78971951", Sensitivity.PSEUDONYM, aliases=("contactId", "vid")),
    Field("email_campaign_id", "text", "2114", aliases=("emailCampaignId",)),
    Field("filtered_event", "true or false", "false", aliases=("filteredEvent",)),
    Field("portal_subscription_status", "text", "UNSUBSCRIBED", aliases=("portalSubscriptionStatus",)),
    Field("form_id", "text", "456", aliases=("form-id", "formId")),
)  # fmt: skip
_FORM = "form_submission"
_OUTCOMES: dict[str, Outcome] = {
    "delivered": SENT,
    "open": OPENED,
    "click": CLICKED,
    "bounce": BOUNCED,
    "dropped": BOUNCED,
    "spamreport": LEFT,
    "unsubscribed": LEFT,
    _FORM: EventKind.WEB_VIEWED,
    **dict.fromkeys(("sent", "processed", "deferred", "print", "forward", "unbounce", "statuschange"), NOTHING),
}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by address or contact. What a filter took for a machine is no event."""
    columns = table(header, lines, FIELDS, "hubspot_events")
    ids = columns.text("id", required=True, longest=80)
    moments = micros(columns.stamps("created"))
    forms, campaigns = columns.text("form_id", longest=80), columns.text("email_campaign_id", longest=80)
    known = {name: name for name in _OUTCOMES}
    types = columns.choice("type", known, f"one of {', '.join(known).upper()}")
    status = columns.text("portal_subscription_status")
    told = Happenings()
    for at, filtered in enumerate(columns.flags("filtered_event")):
        name = types[at] or (_FORM if forms[at] else None)
        if name == "statuschange" and (status[at] or "").upper() == "UNSUBSCRIBED":
            name = "unsubscribed"
        if name is None:
            columns.reject(at, "type", "empty", f"one of {', '.join(known).upper()}")
        moment = moments[at]
        if name is None or filtered or moment is None:
            continue
        channel = Channel.WEB if name == _FORM else Channel.EMAIL
        item = "form" if name == _FORM else campaigns[at]
        tell(told, at, _OUTCOMES[name], moment, channel=channel, item=item, method=f"hubspot:{name}")
    keys = keys_of(
        (IdentifierKind.ACCOUNT, account("hubspot", columns.text("contact_id", longest=40))),
        (IdentifierKind.EMAIL, columns.text("recipient", longest=254)),
        purpose=Purpose.MARKETING,
    )
    native = [i or "" for i in ids]
    return Batch(lines, columns.line, native, keys=keys, facts=told.facts(), rejects=columns.rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each event."""
    columns = table(header, lines, FIELDS, "hubspot_events", only=["id"])
    return columns.line, [value or "" for value in columns.text("id")]


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    emails = {"recipient", "emailcampaignid", "type", "created"} <= names
    forms = {"contactid", "formid", "conversionid", "timestamp"} <= names
    return 0.95 * (emails or forms or sample.has("recipient", "emailCampaignId", "portalId"))


CONNECTOR = Connector(
    name="hubspot_events",
    title="HubSpot e-mail events",
    family=Family.CRM,
    format="CSV, JSON",
    version="v1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("events",),
    introduces=False,
    recognises=recognises,
    specification="HubSpot API: e-mail events",
)
