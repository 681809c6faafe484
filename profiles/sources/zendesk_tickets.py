"""Tickets of Zendesk, one row a ticket: incremental exports, webhooks, exported views, copies in a warehouse.

A ticket is one contact with the service, whatever was written in it. Subject, description, comments and the other free
text are not read; they stay in the sealed message.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, account, keys_of, micros

FIELDS = (
    Field("id", "ticket id", "16988", required=True, aliases=("Ticket ID", "ticket_id")),
    Field("created_at", "moment", "2026-10-22T00:19:23Z", required=True, aliases=("Created at", "Created")),
    Field("updated_at", "moment", "2026-10-30T18:42:39Z", aliases=("Updated at", "Updated")),
    Field("requester_id", "user id", "1500656884401", Sensitivity.PSEUDONYM, aliases=("Requester id", "requester.id")),
    Field("requester_email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT,
          aliases=("via.source.from.address", "requester.email", "via_source_from_address")),
    Field("via_channel", "channel", "email", aliases=("via.channel", "Via", "Channel")),
    Field("type", "text", "incident", aliases=("Ticket type",)),
    Field("status", "text", "solved"),
    Field("priority", "text", "high"),
    Field("satisfaction", "good or bad", "good",
          aliases=("satisfaction_rating.score", "satisfaction_rating", "satisfaction_rating_score",
                   "satisfaction_score")),
)  # fmt: skip
# The channels of Zendesk in the words of the platform; another one goes by its own name.
_CHANNELS = {
    **dict.fromkeys(("web", "web_form", "web_service", "web_widget", "help_center", "closed_ticket", "api"), "web"),
    **dict.fromkeys(("email", "mail"), "email"),
    **dict.fromkeys(("voice", "phone", "phone_call_inbound", "phone_call_outbound", "phone_call"), "phone"),
    **dict.fromkeys(("chat", "messaging", "native_messaging", "chat_transcript"), "chat"),
    **dict.fromkeys(("mobile", "mobile_sdk"), "app"),
    **dict.fromkeys(("sms", "whatsapp"), "sms"),
    **dict.fromkeys(("twitter", "facebook", "instagram_dm", "any_channel", "line", "x"), "social"),
}
_RATED = {"good": 1, "goodwithcomment": 1, "bad": 0, "badwithcomment": 0}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read tickets; each is one mention of who asked, with the contact and, where it was rated, the rating."""
    columns = table(header, lines, FIELDS, "zendesk_tickets")
    ids = columns.text("id", required=True, longest=24)
    facts = _happenings(columns).facts()
    keys = keys_of(
        (IdentifierKind.ACCOUNT, account("zendesk", columns.text("requester_id", longest=24))),
        (IdentifierKind.EMAIL, columns.text("requester_email", longest=254)),
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    made, changed = micros(columns.stamps("created_at")), micros(columns.stamps("updated_at", required=False))
    kinds, status = columns.text("type", longest=60), columns.text("status", longest=40)
    urgency, rated = columns.text("priority", longest=40), columns.text("satisfaction", longest=1000)
    for at, via in enumerate(columns.text("via_channel", longest=60)):
        moment, state = made[at], (status[at] or "").casefold()
        if moment is None or state == "deleted":
            continue
        channel = _channel(via)
        told.event(
            *(at, EventKind.SERVICE_CONTACT, moment),
            item=_word(kinds[at]) or "ticket",
            channel=channel,
            properties={"status": state or None, "priority": _word(urgency[at])},
        )
        score = _RATED.get(_plain(rated[at]))
        if score is not None:
            answered = changed[at] if changed[at] is not None else moment
            told.event(at, EventKind.SURVEY_ANSWERED, answered or moment, item="csat:ticket", channel=channel,
                       quantity=score, properties={"scale": "0-1"})  # fmt: skip
    return told


def _channel(via: str | None) -> str:
    word = "_".join((via or "web").casefold().split())
    return _CHANNELS.get(word, word)


def _word(value: str | None) -> str | None:
    return value.casefold() if value and value != "-" else None


def _plain(value: str | None) -> str:
    return "".join((value or "").casefold().replace("_", " ").split())


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each ticket."""
    columns = table(header, lines, FIELDS, "zendesk_tickets", only=["id"])
    return columns.line, [value or "" for value in columns.text("id")]


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    asked = names & {"requesterid", "requester", "requesteremail"}
    theirs = names & {"viachannel", "via", "ticketformid", "satisfactionscore", "assigneeid", "brandid"}
    members = sample.has("requester_id", "status", "created_at") and bool(
        sample.members & {"via", "ticket_form_id", "brand_id", "assignee_id", "allow_channelback"}
    )
    return 0.9 * bool((asked and theirs and "status" in names and names & {"createdat", "created"}) or members)


CONNECTOR = Connector(
    name="zendesk_tickets",
    title="Zendesk tickets",
    family=Family.CRM,
    format="JSON, CSV",
    version="v2",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("tickets", "ticket"),
    introduces=False,
    recognises=recognises,
    specification="Zendesk API: tickets, incremental exports",
)
