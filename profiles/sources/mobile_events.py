"""What the app and the push service tell, one event a record: app starts, screens, opt-ins, tokens, notifications.

Our own form, and that of push services which name the same things otherwise (Airship's stream, Braze Currents). A token
addresses a device and is not read. A switch of the operating system is no consent: an opt-in counts as one only with
the version of the text that was agreed to; an opt-out always counts.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Lines, Sample, plain
from profiles.sources.happenings import Happenings, keys_of, micros

_PSEUDONYM = Sensitivity.PSEUDONYM
FIELDS = (
    Field("event_id", "text", "m-000123", required=True, aliases=("id", "properties.id")),
    Field("type", "type of event", "push_opened", required=True, aliases=("event_type", "event")),
    Field("at", "moment", "2026-10-30T18:20:01+01:00", required=True, aliases=("occurred", "time", "properties.time")),
    Field("device_id", "text", "dev_9f2c", _PSEUDONYM,
          aliases=("device.channel", "device.ios_channel", "device.android_channel", "device.id",
                   "properties.device_id", "installation_id")),
    Field("user.id", "the airline's own id", "u-77120", _PSEUDONYM,
          aliases=("user_id", "device.named_user_id", "properties.external_user_id", "external_user_id")),
    Field("user.loyalty_number", "text", "480934", _PSEUDONYM, aliases=("loyalty_number",)),
    Field("platform", "ios android", "ios"),
    Field("screen", "text", "boarding pass", aliases=("body.viewed_screen",)),
    Field("campaign", "text", "gate-change", aliases=("body.campaign", "properties.campaign_name", "campaign_name")),
    Field("policy_version", "text", "2025-01"),
    Field("language", "ISO 639", "da"),
)  # fmt: skip
_OPT_OUT, _OPT_IN, _NOTHING = "opt_out", "opt_in", "nothing"
_TYPES: dict[str, EventKind | str] = {
    **dict.fromkeys(("appopen", "open", "firstopen", "appopened", "sessionstart", "usersbehaviorappsessionstart"),
                    EventKind.APP_OPENED),
    **dict.fromkeys(("screen", "screenviewed"), EventKind.WEB_VIEWED),
    **dict.fromkeys(("pushdelivered", "send", "pushsent", "usersmessagespushnotificationsend"), EventKind.MESSAGE_SENT),
    **dict.fromkeys(("pushopened", "notificationopened", "usersmessagespushnotificationopen"),
                    EventKind.MESSAGE_OPENED),
    **dict.fromkeys(("pushfailed", "sendaborted", "sendrejected", "usersmessagespushnotificationbounce"),
                    EventKind.MESSAGE_BOUNCED),
    **dict.fromkeys(("pushoptin", "optin"), _OPT_IN),
    **dict.fromkeys(("pushoptout", "optout"), _OPT_OUT),
    **dict.fromkeys(("token", "pushtoken", "close", "appclose", "uninstall", "tagchange", "login", "logout", "install",
                     "usersbehaviorappsessionend", "inappmessagedisplay"), _NOTHING),
}  # fmt: skip
_EXPECTED = "app_open, screen, push_delivered, push_opened, push_failed, push_opt_in, push_opt_out, token or login"
_PUSHED = (EventKind.MESSAGE_SENT, EventKind.MESSAGE_OPENED, EventKind.MESSAGE_BOUNCED)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read events; each is one mention by membership, user id or device."""
    columns = table(header, lines, FIELDS, "mobile_events")
    ids = columns.text("event_id", required=True, longest=80)
    facts = _happenings(columns).facts()
    keys = keys_of(
        (IdentifierKind.LOYALTY_NUMBER, columns.text("user.loyalty_number", longest=20)),
        (IdentifierKind.LOGIN, columns.text("user.id", longest=256)),
        (IdentifierKind.DEVICE, columns.text("device_id", longest=256)),
        purpose=Purpose.ANALYTICS,
    )
    return Batch(lines, columns.line, [i or "" for i in ids], keys=keys, facts=facts, rejects=columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    moments, types = micros(columns.stamps("at")), columns.text("type", required=True, longest=80)
    screens, campaigns = columns.text("screen", longest=200), columns.text("campaign", longest=200)
    policies, languages = columns.text("policy_version", longest=40), columns.text("language", longest=8)
    for at, written in enumerate(types):
        outcome, moment = _TYPES.get(plain(written or "")), moments[at]
        if written and outcome is None:
            columns.reject(at, "type", repr(written[:40]), _EXPECTED)
        if moment is None or outcome is None:
            continue
        if isinstance(outcome, EventKind):
            pushed = outcome in _PUSHED
            about = campaigns[at] if pushed else screens[at] or "app"
            channel = Channel.PUSH if pushed else Channel.APP
            told.event(at, outcome, moment, item=about and about.casefold(), channel=channel.value)
        elif outcome == _OPT_OUT or (outcome == _OPT_IN and policies[at]):
            state = "withdrawn" if outcome == _OPT_OUT else "granted"
            told.consent(at, Purpose.MARKETING, state, moment, method=f"app:{outcome}", channel=Channel.PUSH,
                         policy_version=policies[at] or "", language=languages[at])  # fmt: skip
    return told


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each event."""
    columns = table(header, lines, FIELDS, "mobile_events", only=["event_id"])
    return columns.line, [value or "" for value in columns.text("event_id")]


def recognises(sample: Sample) -> float:
    ours = sample.has("event_id", "type", "at", "platform")
    airship = sample.has("id", "type", "occurred", "device")
    braze = sample.has("event_type", "properties") and b'"users.' in sample.head
    return 0.95 * (ours or airship or braze)


CONNECTOR = Connector(
    name="mobile_events",
    title="App and push events",
    family=Family.MOBILE,
    format="JSON, CSV",
    version="1",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    framing=Framing.TABLE,
    within=("events",),
    introduces=False,
    freshness_hours=2,
    recognises=recognises,
    specification="ours; Airship real-time data streaming, Braze Currents",
)
