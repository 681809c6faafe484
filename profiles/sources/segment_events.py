"""Messages as Segment and RudderStack specify them: identify, track, page, screen, group, alias; alone or in batches.

A message of somebody signed in carries the airline's own user id; an anonymous one carries the device and waits until
the device is known. An alias says that a device or an address was a user's: a hint, which claims nothing. What people
write in a chat, where a page leads and what a product is called are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources import json_lines as j
from profiles.sources import site_events
from profiles.sources.columns import read_day
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Reject, Sample
from profiles.sources.happenings import Happenings, micros
from profiles.sources.message_events import BOUNCED, CLICKED, LEFT, OPENED, SENT, Outcome, tell
from profiles.sources.people_names import apart
from profiles.sources.places import COUNTRIES
from profiles.sources.stamps import read_stamps

_CONTACT, _IDENTITY, _PSEUDONYM = Sensitivity.CONTACT, Sensitivity.IDENTITY, Sensitivity.PSEUDONYM
FIELDS = (
    Field("type", "identify track page screen group alias", "track", required=True, aliases=("action",)),
    Field("messageId", "text", "022bb90c-bbac-11e4-8dfc-aa07a5b093db", aliases=("message_id",)),
    Field("userId", "the airline's own id", "u-77120", _PSEUDONYM, aliases=("user_id",)),
    Field("anonymousId", "text", "507f191e810c19729de860ea", _PSEUDONYM, aliases=("anonymous_id",)),
    Field("previousId", "text", "39239-239239-239239-23923", _PSEUDONYM, aliases=("previous_id",)),
    Field("timestamp", "moment", "2026-10-30T18:20:01.905Z",
          aliases=("originalTimestamp", "sentAt", "receivedAt", "original_timestamp", "sent_at", "received_at")),
    Field("event", "text", "Flight Searched"),
    Field("name", "text", "Home"),
    Field("traits.email", "e-mail", "ingrid@example.org", _CONTACT),
    Field("traits.phone", "phone", "+4520123456", _CONTACT),
    Field("traits.firstName", "text", "Ingrid", _IDENTITY, aliases=("traits.first_name", "traits.name")),
    Field("traits.lastName", "text", "Solheim", _IDENTITY, aliases=("traits.last_name",)),
    Field("traits.birthday", "date", "1984-05-17", _IDENTITY),
    Field("traits.address", "object", "{}", _CONTACT),
    Field("traits.loyaltyNumber", "text", "480934", _PSEUDONYM, aliases=("traits.loyalty_number",)),
    Field("context.traits.email", "e-mail", "ingrid@example.org", _CONTACT),
    Field("context.consent.categoryPreferences", "object", '{"Analytics": true}'),
    Field("properties", "object", "{}"),
)  # fmt: skip
TYPES = ("identify", "track", "page", "screen", "group", "alias")
_PERSON = ("title", "given_name", "surname", "email", "phone", "birth_date", "gender", "address", "city", "region",
           "postal_code", "country", "loyalty_number")  # fmt: skip
_NOBODY: dict[str, str | None] = dict.fromkeys(_PERSON)
_MAIL, _PUSH = Channel.EMAIL, Channel.PUSH
_MESSAGES: dict[str, tuple[Channel, Outcome]] = {
    "email delivered": (_MAIL, SENT),
    "email opened": (_MAIL, OPENED),
    "email link clicked": (_MAIL, CLICKED),
    "email bounced": (_MAIL, BOUNCED),
    "email marked as spam": (_MAIL, LEFT),
    "unsubscribed": (_MAIL, LEFT),
    "push notification received": (_PUSH, SENT),
    "push notification tapped": (_PUSH, OPENED),
    "push notification bounced": (_PUSH, BOUNCED),
}
_CHATS = ("live chat conversation started", "conversation started")
_ANSWERS = ("feedback submitted", "survey answered", "nps submitted", "survey response submitted")
# The categories that tools for consent come with; the airline's own names are mapped to them in its tool.
_CATEGORIES = {
    "advertising": Purpose.MARKETING,
    "marketing": Purpose.MARKETING,
    "targeting": Purpose.MARKETING,
    "personalization": Purpose.PERSONALISATION,
    "personalisation": Purpose.PERSONALISATION,
    "analytics": Purpose.ANALYTICS,
    "performance": Purpose.ANALYTICS,
    "datasharing": Purpose.SHARING,
}
_TELL_CONSENT = ("segment consent preference updated", "consent preference updated")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read messages; each is one mention by user id, membership or device, with what it tells."""
    rejects: list[Reject] = []
    documents: list[dict[str, Any]] = []
    at: list[int] = []

    def take(line: int, document: dict[str, Any]) -> None:
        _checked(document)
        documents.append(document)
        at.append(line)

    j.objects(lines, rejects, take)
    moments = micros(read_stamps([_when(document) for document in documents]))
    told = Happenings()
    for mention, (document, moment) in enumerate(zip(documents, moments, strict=True)):
        fault = _tell(told, mention, document, moment)
        if fault:
            rejects.append(Reject(at[mention], *fault))
    person, keys = _people(documents)
    native = [_native(document, lines.raw[line]) for document, line in zip(documents, at, strict=True)]
    return Batch(lines, np.array(at, dtype=np.int64), native, person, keys, told.facts(), rejects)


def _checked(document: dict[str, Any]) -> None:
    kind = document.get("type") if document.get("type") in TYPES else document.get("action") or document.get("type")
    if kind not in TYPES:
        raise j.Unreadable("type", kind, f"one of {', '.join(TYPES)}")
    document["type"] = kind
    for name in ("properties", "traits", "context"):
        j.part(document, name)
    for name, other in (("userId", "user_id"), ("anonymousId", "anonymous_id"), ("previousId", "previous_id")):
        value = document.get(name) if document.get(name) is not None else document.get(other)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        document[name] = j.text({name: value}, name, longest=256, required=False)
    if not document["userId"] and not document["anonymousId"]:
        document["anonymousId"] = _device(document)
    if not document["userId"] and not document["anonymousId"]:
        raise j.Unreadable("userId", None, "a userId or an anonymousId")


def _device(document: dict[str, Any]) -> str | None:
    device = (document.get("context") or {}).get("device")
    value = device.get("id") if isinstance(device, dict) else None
    return value[:256] if isinstance(value, str) else None


def _when(document: dict[str, Any]) -> str | None:
    """When it happened by the tool's own reckoning, else by the first clock that saw it."""
    for name in ("timestamp", "originalTimestamp", "original_timestamp", "sentAt", "sent_at", "receivedAt",
                 "received_at"):  # fmt: skip
        value = document.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value:
            return str(value)
    return None


def _tell(told: Happenings, mention: int, document: dict[str, Any], moment: int | None) -> tuple[str, str, str] | None:
    """Write what a message tells; or (field, reason, expected) where something happened and nobody says when."""
    kind, name = document["type"], str(document.get("event") or "").strip().casefold()
    consent = list(_consents(document)) if kind == "identify" or name in _TELL_CONSENT else []
    refused = _refuses_analytics(document)
    telling = not refused and (kind in ("page", "screen") or (kind == "track" and _is_event(name)))
    leaving = kind == "track" and _MESSAGES.get(name, ("", ""))[1] == LEFT
    if moment is None:
        written = _when(document)
        if not (telling or leaving or consent) and written is None:
            return None
        return "timestamp", repr(written[:40]) if written else "missing", "a moment as 2026-10-31T09:14:00Z"
    for purpose, state in consent:
        told.consent(mention, purpose, state, moment, method="segment:categoryPreferences", channel=Channel.WEB)
    if leaving or (telling and name in _MESSAGES):
        channel, outcome = _MESSAGES[name]
        item = _campaign(document.get("properties") or {})
        tell(told, mention, outcome, moment, channel=channel, item=item, method=f"segment:{name}")
    elif telling and kind == "track":
        _track(told, mention, name, document, moment)
    elif telling:
        channel = Channel.APP if kind == "screen" else Channel.WEB
        item = document.get("name") if isinstance(document.get("name"), str) else None
        told.event(mention, EventKind.WEB_VIEWED, moment, item=(item or kind).casefold(), channel=channel.value)
    return None


def _is_event(name: str) -> bool:
    return name in _MESSAGES or name in _CHATS or name in _ANSWERS or site_events.meaning(name) is not None


def _track(told: Happenings, mention: int, name: str, document: dict[str, Any], moment: int) -> None:
    properties = document.get("properties") or {}
    channel = Channel.APP if _is_mobile(document) else Channel.WEB
    if name in _CHATS:
        told.event(mention, EventKind.SERVICE_CONTACT, moment, item="chat", channel="chat")
        return
    if name in _ANSWERS:
        score = properties.get("score", properties.get("rating"))
        scored = isinstance(score, int) and not isinstance(score, bool) and 0 <= score <= 10
        told.event(mention, EventKind.SURVEY_ANSWERED, moment, item="rating" if scored else "survey",
                   channel=channel.value, quantity=int(score or 0) if scored else 1)  # fmt: skip
        return
    kind, item = site_events.meaning(name) or (EventKind.WEB_VIEWED, name)
    if kind is not EventKind.WEB_SEARCHED:
        told.event(mention, kind, moment, item=item, channel=channel.value)
        return
    where, far = site_events.route(properties.get("origin"), properties.get("destination"))
    ahead = properties.get("departure_date") or properties.get("departureDate") or properties.get("depart_date")
    party = properties.get("passengers") or properties.get("number_of_passengers")
    told.event(
        *(mention, EventKind.WEB_SEARCHED, moment),
        item=where or item,
        haul=far,
        channel=channel.value,
        quantity=party if isinstance(party, int) and 0 < party < 100 else 1,
        lead_days=site_events.days_ahead(ahead, moment),
    )


def _is_mobile(document: dict[str, Any]) -> bool:
    context = document.get("context") or {}
    return document.get("channel") == "mobile" or bool(context.get("app")) or "device" in context


def _campaign(properties: dict[str, Any]) -> str | None:
    campaign = properties.get("campaign")
    named = campaign.get("name") if isinstance(campaign, dict) else None
    found = properties.get("campaign_name") or named or properties.get("campaign_id")
    return str(found) if found else None


def _preferences(document: dict[str, Any]) -> dict[str, bool]:
    consent = (document.get("context") or {}).get("consent")
    said = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    return {str(k).casefold(): v for k, v in said.items() if isinstance(v, bool)} if isinstance(said, dict) else {}


def _consents(document: dict[str, Any]) -> Iterator[tuple[Purpose, str]]:
    """Each purpose once, refused where any of its categories is; analytics is allowed unless objected to."""
    states: dict[Purpose, bool] = {}
    for category, allowed in _preferences(document).items():
        purpose = _CATEGORIES.get(category)
        if purpose:
            states[purpose] = states.get(purpose, True) and allowed
    for purpose, allowed in states.items():
        refused = "objected" if purpose is Purpose.ANALYTICS else "denied"
        yield purpose, "granted" if allowed else refused


def _refuses_analytics(document: dict[str, Any]) -> bool:
    said = _preferences(document)
    return any(said.get(name) is False for name, of in _CATEGORIES.items() if of is Purpose.ANALYTICS)


def _people(documents: list[dict[str, Any]]) -> tuple[dict[str, list[str | None]], list[Keys]]:
    """Personal fields of those who are identified, and the keys of all.

    Traits of a visitor without an account are nobody's yet: they would make a person a message.
    """
    person: dict[str, list[str | None]] = {name: [] for name in _PERSON}
    logins, devices, before, emails = [], [], [], []
    for document in documents:
        traits = _traits(document) if document["type"] != "group" else {}
        said = _personal(traits) if traits else _NOBODY
        known = document["type"] == "identify" and bool(document["userId"] or said["loyalty_number"])
        previous = document["previousId"] if document["type"] == "alias" else None
        for name in _PERSON:
            person[name].append(said[name] if known else None)
        logins.append(document["userId"])
        devices.append(document["anonymousId"])
        before.append(previous if previous and "@" not in previous else None)
        emails.append(previous if previous and "@" in previous else said["email"])
    count = len(documents)
    every, none = np.ones(count, dtype=bool), np.zeros(count, dtype=bool)
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], every, Purpose.ANALYTICS),
        Keys(IdentifierKind.LOGIN, logins, every, Purpose.ANALYTICS),
        Keys(IdentifierKind.DEVICE, devices, none, Purpose.ANALYTICS),
        Keys(IdentifierKind.DEVICE, before, none, Purpose.ANALYTICS),
        Keys(IdentifierKind.EMAIL, emails, none, Purpose.ANALYTICS),
    ]
    return person, keys


def _traits(document: dict[str, Any]) -> dict[str, Any]:
    told = document.get("traits") if document["type"] == "identify" else (document.get("context") or {}).get("traits")
    return told if isinstance(told, dict) else {}


def _personal(traits: dict[str, Any]) -> dict[str, str | None]:
    address = traits.get("address") if isinstance(traits.get("address"), dict) else {}

    def text(*names: str, of: dict[str, Any] = traits, longest: int = 200) -> str | None:
        for name in names:
            value = of.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if isinstance(value, str) and value.strip() and "\0" not in value:
                return value.strip() if len(value) <= longest else None
        return None

    given, surname = text("firstName", "first_name", "firstname"), text("lastName", "last_name", "lastname")
    if not given and not surname:
        given, surname = apart(text("name"))
    born, country = text("birthday", "birth_date", longest=30), text("country", of=address or {})
    return {
        "title": text("title", longest=20),
        "given_name": given,
        "surname": surname,
        "email": text("email", longest=254),
        "phone": text("phone", longest=60),
        "birth_date": read_day(born[:10]) if born else None,
        "gender": {"f": "F", "female": "F", "m": "M", "male": "M"}.get((text("gender") or "").casefold()),
        "address": text("street", of=address or {}),
        "city": text("city", of=address or {}),
        "region": text("state", of=address or {}),
        "postal_code": text("postalCode", "postal_code", of=address or {}, longest=20),
        "country": COUNTRIES.get((country or "").casefold()),
        "loyalty_number": text("loyaltyNumber", "loyalty_number", "frequentFlyerNumber", longest=20),
    }


def _native(document: dict[str, Any], raw: bytes) -> str:
    """The message's id; a message without one goes by what it says, so that it is known again."""
    given = document.get("messageId") or document.get("message_id")
    told = str(given)[:200] if given else blake2b(raw, digest_size=16).hexdigest()
    return f"{document['type']}/{told}"


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each message."""
    found, keys = [], []
    for index, raw in enumerate(lines.raw):
        try:
            document = orjson.loads(raw)
            _checked(document)
        except (orjson.JSONDecodeError, j.Unreadable, AttributeError, TypeError):
            continue
        keys.append(_native(document, raw))
        found.append(index)
    return np.array(found, dtype=np.int64), keys


def recognises(sample: Sample) -> float:
    head = sample.head.replace(b'": "', b'":"')
    typed = any(f'"{name}":"{kind}"'.encode() in head for name in ("type", "action") for kind in TYPES)
    theirs = sample.members & {"userId", "user_id", "anonymousId", "anonymous_id", "messageId", "traits", "properties"}
    return 0.85 * bool(typed and theirs)


CONNECTOR = Connector(
    name="segment_events",
    title="Segment and RudderStack messages",
    family=Family.WEB,
    format="JSON",
    version="Segment Spec",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    framing=Framing.JSON,
    within=("batch",),
    freshness_hours=2,
    recognises=recognises,
    specification="Segment Spec; RudderStack event specification",
)
