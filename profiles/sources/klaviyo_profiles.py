"""Profiles of Klaviyo, one row a profile: JSON:API pages, exported lists and segments, copies in a warehouse.

What a profile says of its consent carries the moment at which it was given, and goes to the ledger with it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Sample
from profiles.sources.happenings import Happenings, account, micros
from profiles.sources.people_names import given_and_surname
from profiles.sources.places import COUNTRIES

_CONTACT, _IDENTITY, _PSEUDONYM = Sensitivity.CONTACT, Sensitivity.IDENTITY, Sensitivity.PSEUDONYM


def _attribute(name: str, *others: str) -> tuple[str, ...]:
    return (f"attributes.{name}", *others)


_CONSENT = "attributes.subscriptions.{0}.marketing.{1}"
FIELDS = (
    Field("id", "profile id", "01F35SYVPX6MS88ARK37864GJX", _PSEUDONYM, aliases=("Klaviyo ID", "Profile ID")),
    Field("email", "e-mail", "ingrid@example.org", _CONTACT, aliases=_attribute("email", "$email")),
    Field("phone_number", "phone", "+4520123456", _CONTACT, aliases=_attribute("phone_number", "$phone_number")),
    Field("external_id", "the airline's own id", "u-77120", _PSEUDONYM, aliases=_attribute("external_id", "$id")),
    Field("loyalty_number", "text", "480934", _PSEUDONYM,
          aliases=_attribute("properties.loyalty_number", "custom_loyalty_number", "Loyalty Number")),
    Field("first_name", "text", "Ingrid", _IDENTITY, aliases=_attribute("first_name", "$first_name")),
    Field("last_name", "text", "Solheim", _IDENTITY, aliases=_attribute("last_name", "$last_name")),
    Field("locale", "language", "da-DK", aliases=_attribute("locale")),
    Field("address_1", "text", "Ryesgade 3", _CONTACT, aliases=_attribute("location.address1", "Address", "$address1")),
    Field("city", "text", "Copenhagen", _CONTACT, aliases=_attribute("location.city", "$city")),
    Field("region", "text", "Hovedstaden", aliases=_attribute("location.region", "State / Region", "$region")),
    Field("zip", "text", "2100", _CONTACT, aliases=_attribute("location.zip", "Zip Code", "$zip")),
    Field("country", "country", "Denmark", aliases=_attribute("location.country", "$country")),
    Field("updated", "moment", "2026-10-30T18:20:01+00:00", aliases=_attribute("updated", "Profile Updated On")),
    Field("email_consent", "text", "SUBSCRIBED",
          aliases=(_CONSENT.format("email", "consent"), "Email Marketing Consent")),
    Field("email_consent_at", "moment", "2026-02-11T09:00:00+00:00",
          aliases=(_CONSENT.format("email", "consent_timestamp"), _CONSENT.format("email", "timestamp"),
                   "Email Marketing Consent Timestamp")),
    Field("sms_consent", "text", "UNSUBSCRIBED", aliases=(_CONSENT.format("sms", "consent"), "SMS Marketing Consent")),
    Field("sms_consent_at", "moment", "2026-02-11T09:00:00+00:00",
          aliases=(_CONSENT.format("sms", "consent_timestamp"), _CONSENT.format("sms", "timestamp"),
                   "SMS Marketing Consent Timestamp")),
    Field("custom_consent", "list of channels", '["email"]', aliases=("$consent", "attributes.properties.$consent")),
    Field("custom_consent_timestamp", "moment", "2026-02-11 09:00:00",
          aliases=("$consent_timestamp", "attributes.properties.$consent_timestamp")),
    Field("is_deleted", "true or false", "false", aliases=("_fivetran_deleted",)),
)  # fmt: skip
_STATES = {"subscribed": "granted", "unsubscribed": "withdrawn", "true": "granted"}
_CHANNELS = (("email", Channel.EMAIL), ("sms", Channel.SMS))


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read profiles; each is one mention by its id, the airline's own id and the membership."""
    columns = table(header, lines, FIELDS, "klaviyo_profiles")
    native = _native(columns)
    for at, key in enumerate(native):
        if not key:
            columns.reject(at, "id", "empty", "the id, the address or the telephone of a profile")
    gone = columns.flags("is_deleted")
    person = _person(columns)
    for values in person.values():
        values[:] = [None if deleted else value for value, deleted in zip(values, gone, strict=True)]
    standing, none = ~np.array(gone, dtype=bool), np.zeros(len(columns), dtype=bool)
    marketing = Purpose.MARKETING
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], standing, marketing),
        Keys(IdentifierKind.LOGIN, columns.text("external_id", longest=64), standing, marketing),
        Keys(IdentifierKind.ACCOUNT, account("klaviyo", columns.text("id", longest=40)), standing, marketing),
        Keys(IdentifierKind.EMAIL, person["email"], none, marketing),
        Keys(IdentifierKind.PHONE, person["phone"], none, marketing),
    ]
    facts = _consents(columns).facts()
    return Batch(lines, columns.line, native, person, keys, facts, columns.rejects)


def _person(columns: Columns) -> dict[str, list[str | None]]:
    nobody: list[str | None] = [None] * len(columns)
    given, surname = given_and_surname(columns.text("first_name"), columns.text("last_name"), nobody)
    return {
        "given_name": given,
        "surname": surname,
        "email": columns.text("email", longest=254),
        "phone": columns.text("phone_number", longest=60),
        "language": columns.text("locale", longest=20),
        "address": columns.text("address_1", longest=255),
        "city": columns.text("city", longest=80),
        "region": columns.text("region", longest=80),
        "postal_code": columns.text("zip", longest=20),
        "country": [COUNTRIES.get(value.casefold()) if value else None for value in columns.text("country")],
        "loyalty_number": columns.text("loyalty_number", longest=20),
    }


def _consents(columns: Columns) -> Happenings:
    """Consents with their own moments; who left without one left when the profile changed last."""
    told = Happenings()
    changed = micros(columns.stamps("updated", required=False))
    for name, channel in _CHANNELS:
        moments = micros(columns.stamps(f"{name}_consent_at", required=False))
        for at, said in enumerate(columns.text(f"{name}_consent", longest=40)):
            state = _STATES.get((said or "").casefold())
            moment = moments[at] if moments[at] is not None or state == "granted" else changed[at]
            if state and moment is not None:
                method = f"klaviyo:{name}"
                told.consent(at, Purpose.MARKETING, state, moment, method=method, channel=channel)
            elif state == "withdrawn":
                columns.reject(at, f"{name}_consent_at", "empty", "the moment at which the profile left")
    moments = micros(columns.stamps("custom_consent_timestamp", required=False))
    for at, said in enumerate(columns.text("custom_consent", longest=400)):
        moment = moments[at]
        for name, channel in _CHANNELS:
            if said and moment is not None and name in said.casefold():
                told.consent(at, Purpose.MARKETING, "granted", moment, method="klaviyo:form", channel=channel)
    return told


def _native(columns: Columns) -> list[str]:
    """The profile's id; an exported list that leaves it out goes by address or telephone."""
    parts = (columns.text("id", longest=40), columns.text("email", longest=254), columns.text("phone_number"))
    return [i or email or phone or "" for i, email, phone in zip(*parts, strict=True)]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each profile."""
    columns = table(header, lines, FIELDS, "klaviyo_profiles", only=["id", "email", "phone_number"])
    return columns.line, _native(columns)


def recognises(sample: Sample) -> float:
    if sample.members:
        of_type = b'"type":"profile"' in sample.head.replace(b'": "', b'":"')
        named = sample.members & {"phone_number", "first_name", "subscriptions"}
        return 0.9 * bool(of_type and "attributes" in sample.members and named)
    names = sample.plain_columns
    copied = {"id", "email", "phonenumber", "firstname", "region", "zip"} <= names
    exported = "email" in names and bool(names & {"klaviyoid", "emailmarketingconsent"})
    return 0.9 * (copied or exported)


CONNECTOR = Connector(
    name="klaviyo_profiles",
    title="Klaviyo profiles",
    family=Family.CRM,
    format="JSON, CSV",
    version="2024-10-15",
    purpose=Purpose.MARKETING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.4,
    framing=Framing.TABLE,
    within=("data",),
    recognises=recognises,
    specification="Klaviyo API: profiles",
)
