"""Calls to the service, one row a call. A template of ours: telephone systems share no format.

A caller is known by the number of the membership, the account or a name in a booking, never by the telephone alone.
Notes of the agent and transcripts are not read; they stay in the sealed message.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample
from profiles.sources.happenings import Happenings, keys_of, micros
from profiles.sources.travellers import traveller

_PSEUDONYM, _IDENTITY = Sensitivity.PSEUDONYM, Sensitivity.IDENTITY
FIELDS = (
    Field("Call Id", "text", "call-000123", required=True, aliases=("Contact Id", "Interaction Id", "Session Id")),
    Field("Started At", "moment", "2026-10-30T18:20:01Z", required=True,
          aliases=("Start Time", "Call Start", "Initiation Timestamp", "Started")),
    Field("Channel", "phone chat", "phone", aliases=("Media Type",)),
    Field("Queue", "text", "disruption", aliases=("Queue Name", "Skill")),
    Field("Reason", "text", "rebooking", aliases=("Contact Reason", "IVR Path", "Topic")),
    Field("Wait Seconds", "seconds", "94", aliases=("Wait Time", "Queue Time", "Time In Queue")),
    Field("Duration Seconds", "seconds", "412", aliases=("Duration", "Talk Time", "Handle Time")),
    Field("Outcome", "text", "solved", aliases=("Disposition", "Wrap Up Code", "Resolution")),
    Field("Caller Number", "phone", "+4520123456", Sensitivity.CONTACT, aliases=("ANI", "Phone", "Customer Number")),
    Field("Email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("Loyalty Number", "text", "480934", _PSEUDONYM, aliases=("Frequent Flyer Number", "Member Number")),
    Field("User Id", "the airline's own id", "u-77120", _PSEUDONYM),
    Field("Record Locator", "text", "ABC2DE", _PSEUDONYM, aliases=("PNR", "Booking Reference", "Locator")),
    Field("Surname", "text", "SOLHEIM", _IDENTITY, aliases=("Last Name", "Passenger Surname")),
    Field("Given Name", "text", "INGRID", _IDENTITY, aliases=("First Name",)),
)  # fmt: skip
_A_DAY = 86_400


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read calls; each is one mention of the caller and one contact with the service."""
    columns = table(header, lines, FIELDS, "call_centre")
    ids = columns.text("Call Id", required=True, longest=80)
    facts = _happenings(columns).facts()
    names = zip(columns.text("Record Locator", longest=10), columns.text("Surname"), columns.text("Given Name"),
                strict=True)  # fmt: skip
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("Loyalty Number", longest=20)),
        (IdentifierKind.LOGIN, columns.text("User Id", longest=64)),
        (IdentifierKind.TRAVELLER, [traveller(*name) for name in names]),
        (IdentifierKind.EMAIL, columns.text("Email", longest=254)),
        (IdentifierKind.PHONE, columns.text("Caller Number", longest=60)),
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    channels = columns.choice("Channel", {"phone": "phone", "voice": "phone", "call": "phone", "chat": "chat",
                                          "email": "email", "sms": "sms"}, "phone, chat, email or sms")  # fmt: skip
    waits = columns.whole("Wait Seconds", 0, _A_DAY, required=False, rounded=True).tolist()
    lasts = columns.whole("Duration Seconds", 0, _A_DAY, required=False, rounded=True).tolist()
    reasons, queues = columns.text("Reason", longest=80), columns.text("Queue", longest=80)
    outcomes = columns.text("Outcome", longest=80)
    for at, moment in enumerate(micros(columns.stamps("Started At"))):
        if moment is None:
            continue
        known = {"wait_s": waits[at], "seconds": lasts[at]}
        told.event(
            *(at, EventKind.SERVICE_CONTACT, moment),
            item=(reasons[at] or queues[at] or "call").casefold(),
            channel=channels[at] or "phone",
            properties={
                **{name: value for name, value in known.items() if value >= 0},
                "outcome": (outcomes[at] or "")[:24] or None,
            },
        )
    return told


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each call."""
    columns = table(header, lines, FIELDS, "call_centre", only=["Call Id"])
    return columns.line, [value or "" for value in columns.text("Call Id")]


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    theirs = names & {
        "waitseconds",
        "waittime",
        "queuetime",
        "timeinqueue",
        "durationseconds",
        "talktime",
        "handletime",
    }
    by_id = names & {"callid", "contactid", "interactionid", "sessionid"}
    about = names & {"queue", "queuename", "skill", "reason", "contactreason", "ivrpath", "disposition", "outcome"}
    return 0.8 * bool((theirs and by_id and about) or sample.has("Call Id", "Started At"))


CONNECTOR = Connector(
    name="call_centre",
    title="Call centre",
    family=Family.CRM,
    format="CSV, JSON",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("calls",),
    introduces=False,
    recognises=recognises,
    specification="ours",
)
