"""What became of e-mails sent by SendGrid: the events of its webhook, signed by it (`signatures.py`), and its exports.

What SendGrid marks as opened by a machine (Apple Mail Privacy Protection) is no opening.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines
from profiles.sources.happenings import Happenings, keys_of, micros
from profiles.sources.message_events import BOUNCED, CLICKED, LEFT, NOTHING, OPENED, SENT, Outcome, tell

FIELDS = (
    Field("sg_event_id", "text", "ZGVsaXZlcmVkLTAtMTA5OTQ5MTktTFJ6WGw", aliases=("event_id",)),
    Field("sg_message_id", "text", "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-18-0", aliases=("message_id", "msg_id")),
    Field("event", "type of event", "delivered", required=True),
    Field("timestamp", "seconds since 1970", "1793380801", required=True, aliases=("processed", "last_event_time")),
    Field("email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT, required=True, aliases=("to_email",)),
    Field("category", "text or list", "newsletter", aliases=("categories",)),
    Field("singlesend_name", "text", "autumn-fares", aliases=("marketing_campaign_name",)),
    Field("sg_machine_open", "true or false", "false"),
    Field("user_id", "the airline's own id", "u-77120", Sensitivity.PSEUDONYM, aliases=("customer_id",)),
)
_OUTCOMES: dict[str, Outcome] = {
    "delivered": SENT,
    "open": OPENED,
    "click": CLICKED,
    "bounce": BOUNCED,
    "blocked": BOUNCED,
    "dropped": BOUNCED,
    "spamreport": LEFT,
    "spam_report": LEFT,
    "unsubscribe": LEFT,
    "group_unsubscribe": LEFT,
    **dict.fromkeys(("processed", "deferred", "group_resubscribe"), NOTHING),
}
_PARTS = ("sg_event_id", "sg_message_id", "event", "timestamp", "email")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by the airline's own id or the address.

    Coming back to one group of messages is no consent to all of them: it changes nothing.
    """
    columns = table(header, lines, FIELDS, "sendgrid_events")
    moments = micros(columns.stamps("timestamp"))
    known = {name: name for name in _OUTCOMES}
    written = columns.text("event")
    outcomes = columns.choice("event", known, f"one of {', '.join(known)}")
    emails = columns.text("email", required=True, longest=254)
    campaigns, categories = columns.text("singlesend_name"), columns.text("category", longest=1000)
    told = Happenings()
    for at, machine in enumerate(columns.flags("sg_machine_open")):
        name, moment = outcomes[at], moments[at]
        if name is None:
            if not written[at]:
                columns.reject(at, "event", "empty", f"one of {', '.join(known)}")
            continue
        if moment is None or machine:
            continue
        item = campaigns[at] or _first_of(categories[at])
        tell(told, at, _OUTCOMES[name], moment, channel=Channel.EMAIL, item=item, method=f"sendgrid:{name}")
    keys = keys_of(
        (IdentifierKind.LOGIN, columns.text("user_id", longest=64)),
        (IdentifierKind.EMAIL, emails),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, _native(columns), keys=keys, facts=told.facts(), rejects=columns.rejects)


def _first_of(category: str | None) -> str | None:
    return category.strip('[]"').split(",")[0].strip('" ') if category else None


def _native(columns: Columns) -> list[str]:
    """The event's id; an export without one goes by message, event, moment and address."""
    ids = columns.text("sg_event_id", longest=200)
    rest = zip(*(columns.text(name, longest=300) for name in _PARTS[1:]), strict=True)
    return [i or "/".join(part or "" for part in parts) for i, parts in zip(ids, rest, strict=True)]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each event."""
    columns = table(header, lines, FIELDS, "sendgrid_events", only=_PARTS)
    return columns.line, _native(columns)


CONNECTOR = Connector(
    name="sendgrid_events",
    title="SendGrid events",
    family=Family.CRM,
    format="JSON, CSV",
    version="Event Webhook 3",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    introduces=False,
    freshness_hours=2,
    recognises=lambda sample: 0.95 * (
        sample.has("sg_event_id", "event") or sample.has("sg_message_id", "event")
        or {"messageid", "event", "recvmessageid", "email"} <= sample.plain_columns
    ),
    specification="Twilio SendGrid Event Webhook reference",
)  # fmt: skip
