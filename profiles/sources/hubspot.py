"""Contacts of HubSpot, one row a contact: exports of its pages, warehouse copies, replies of its API (v1 and v3)."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Sample
from profiles.sources.happenings import Happenings, account, micros
from profiles.sources.places import COUNTRIES

_CONTACT, _IDENTITY, _PSEUDONYM = Sensitivity.CONTACT, Sensitivity.IDENTITY, Sensitivity.PSEUDONYM


def _property(name: str, *others: str) -> tuple[str, ...]:
    return (f"property_{name}", f"properties.{name}.value", f"properties.{name}", *others)


FIELDS = (
    Field("id", "record id", "78971951", _PSEUDONYM, required=True,
          aliases=("Record ID", "Record ID - Contact", "vid", "canonical-vid", *_property("hs_object_id"))),
    Field("salutation", "text", "Ms.", _IDENTITY, aliases=_property("salutation")),
    Field("firstname", "text", "Ingrid", _IDENTITY, aliases=_property("firstname", "First Name")),
    Field("lastname", "text", "Solheim", _IDENTITY, aliases=_property("lastname", "Last Name")),
    Field("email", "e-mail", "ingrid@example.org", _CONTACT, aliases=_property("email", "Email Address")),
    Field("mobilephone", "phone", "+4520123456", _CONTACT,
          aliases=_property("mobilephone", "Mobile Phone Number", "Mobile Phone")),
    Field("phone", "phone", "+4532123456", _CONTACT, aliases=_property("phone", "Phone Number")),
    Field("date_of_birth", "date", "1984-05-17", _IDENTITY, aliases=_property("date_of_birth", "Date of birth")),
    Field("address", "text", "Ryesgade 3", _CONTACT, aliases=_property("address", "Street Address")),
    Field("city", "text", "Copenhagen", _CONTACT, aliases=_property("city")),
    Field("state", "text", "Hovedstaden", aliases=_property("state", "State/Region")),
    Field("zip", "text", "2100", _CONTACT, aliases=_property("zip", "Postal Code")),
    Field("country", "country", "Denmark", aliases=_property("country", "Country/Region")),
    Field("hs_language", "ISO 639", "da", aliases=_property("hs_language", "Preferred language")),
    Field("loyalty_number", "text", "480934", _PSEUDONYM, aliases=_property("loyalty_number", "Loyalty Number")),
    Field("hs_email_optout", "true or false", "false",
          aliases=_property("hs_email_optout", "Unsubscribed from all email")),
    Field("hs_merged_object_ids", "record ids", "76340251;46897301", _PSEUDONYM,
          aliases=_property("hs_merged_object_ids", "Merged record IDs", "merged-vids")),
    Field("is_deleted", "true or false", "false", aliases=("_fivetran_deleted", "archived", "isDeleted")),
    Field("createdate", "moment", "2021-04-01 17:32:47", aliases=_property("createdate", "Create Date", "createdAt")),
    Field("lastmodifieddate", "moment", "2026-10-30T18:20:01Z",
          aliases=_property("lastmodifieddate", "Last Modified Date", "updatedAt", "property_hs_lastmodifieddate")),
)  # fmt: skip
_NUMBERS = re.compile(r"\d+")
MOST_MERGED = 20


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read contacts; each is one mention, known by its id and by the ids of those that were folded into it."""
    columns = table(header, lines, FIELDS, "hubspot")
    ids = columns.text("id", required=True, longest=40)
    gone = columns.flags("is_deleted")
    person = _person(columns)
    for values in person.values():
        values[:] = [None if deleted else value for value, deleted in zip(values, gone, strict=True)]
    standing, none = ~np.array(gone, dtype=bool), np.zeros(len(columns), dtype=bool)
    marketing = Purpose.MARKETING
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], standing, marketing),
        Keys(IdentifierKind.ACCOUNT, account("hubspot", ids), standing, marketing),
        *(Keys(IdentifierKind.ACCOUNT, account("hubspot", m), standing, marketing) for m in _merged(columns)),
        Keys(IdentifierKind.EMAIL, person["email"], none, marketing),
        Keys(IdentifierKind.PHONE, person["phone"], none, marketing),
    ]
    facts = _opt_outs(columns, gone).facts()
    return Batch(lines, columns.line, [i or "" for i in ids], person, keys, facts, columns.rejects)


def _person(columns: Columns) -> dict[str, list[str | None]]:
    mobile, landline = columns.text("mobilephone", longest=60), columns.text("phone", longest=60)
    return {
        "title": columns.text("salutation", longest=40),
        "given_name": columns.text("firstname"),
        "surname": columns.text("lastname"),
        "email": columns.text("email", longest=254),
        "phone": [a or b for a, b in zip(mobile, landline, strict=True)],
        "birth_date": columns.days("date_of_birth"),
        "address": columns.text("address", longest=255),
        "city": columns.text("city", longest=80),
        "region": columns.text("state", longest=80),
        "postal_code": columns.text("zip", longest=20),
        "country": [COUNTRIES.get(value.casefold()) if value else None for value in columns.text("country")],
        "language": columns.text("hs_language", longest=20),
        "loyalty_number": columns.text("loyalty_number", longest=20),
    }


def _merged(columns: Columns) -> list[list[str | None]]:
    """The ids that were folded into each contact, as many columns as the most that one has."""
    told = [_NUMBERS.findall(value)[:MOST_MERGED] if value else [] for value in columns.text("hs_merged_object_ids",
                                                                                             longest=2000)]  # fmt: skip
    most = max(map(len, told), default=0)
    return [[row[place] if place < len(row) else None for row in told] for place in range(most)]


def _opt_outs(columns: Columns, gone: list[bool]) -> Happenings:
    told = Happenings()
    changed = micros(columns.stamps("lastmodifieddate", required=False))
    made = micros(columns.stamps("createdate", required=False))
    for at, said in enumerate(columns.flags("hs_email_optout")):
        moment = changed[at] if changed[at] is not None else made[at]
        if said and moment is None:
            columns.reject(at, "lastmodifieddate", "empty", "the moment of hs_email_optout")
        elif said and not gone[at] and moment is not None:
            method = "hubspot:hs_email_optout"
            told.consent(at, Purpose.MARKETING, "withdrawn", moment, method=method, channel=Channel.EMAIL)
    return told


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each contact."""
    columns = table(header, lines, FIELDS, "hubspot", only=["id"])
    return columns.line, [value or "" for value in columns.text("id")]


def recognises(sample: Sample) -> float:
    """A contact has a given name or surname as a property; companies, deals and tickets have none."""
    if sample.members:
        named = sample.members & {"firstname", "lastname"}
        known = sample.members & {"vid", "hs_object_id", "createdate", "lastmodifieddate"}
        return 0.9 * bool(named and known and "properties" in sample.members)
    names = sample.plain_columns
    copied = "id" in names and bool(names & {"propertyfirstname", "propertylastname", "propertyhsemailoptout"})
    exported = bool(names & {"recordid", "recordidcontact"}) and {"email", "firstname"} <= names
    return 0.9 * (copied or exported)


CONNECTOR = Connector(
    name="hubspot",
    title="HubSpot contacts",
    family=Family.CRM,
    format="CSV, JSON",
    version="v1, v3",
    purpose=Purpose.MARKETING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.5,
    framing=Framing.TABLE,
    within=("results", "contacts"),
    recognises=recognises,
    specification="HubSpot API: CRM contacts",
)
