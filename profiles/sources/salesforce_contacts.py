"""Contacts and leads of Salesforce, one row a record: Data Loader and report exports, warehouse copies, REST replies.

The company, the owner and what sales people wrote about a person are not read. An opt-out is a statement of consent.
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
FIELDS = (
    Field("Id", "record id", "0035g00000XyZaBAAV", _PSEUDONYM, required=True,
          aliases=("Contact ID", "Lead ID", "Contact ID (18)", "Lead ID (18)", "Case Safe ID")),
    Field("Salutation", "text", "Ms.", _IDENTITY),
    Field("FirstName", "text", "Ingrid", _IDENTITY),
    Field("LastName", "text", "Solheim", _IDENTITY),
    Field("Name", "text", "Ingrid Solheim", _IDENTITY, aliases=("Full Name",)),
    Field("Email", "e-mail", "ingrid@example.org", _CONTACT, aliases=("Email Address", "PersonEmail")),
    Field("MobilePhone", "phone", "+4520123456", _CONTACT, aliases=("Mobile", "PersonMobilePhone")),
    Field("Phone", "phone", "+4532123456", _CONTACT, aliases=("Business Phone", "Phone Number")),
    Field("Birthdate", "date", "1984-05-17", _IDENTITY, aliases=("PersonBirthdate",)),
    Field("MailingStreet", "text", "Ryesgade 3", _CONTACT, aliases=("Street", "PersonMailingStreet", "Address")),
    Field("MailingCity", "text", "Copenhagen", _CONTACT, aliases=("City", "PersonMailingCity")),
    Field("MailingState", "text", "Hovedstaden",
          aliases=("Mailing State/Province", "State", "State/Province", "PersonMailingState")),
    Field("MailingPostalCode", "text", "2100", _CONTACT,
          aliases=("Mailing Zip/Postal Code", "PostalCode", "Zip/Postal Code", "PersonMailingPostalCode")),
    Field("MailingCountry", "country", "Denmark", aliases=("Country", "PersonMailingCountry")),
    Field("MailingCountryCode", "country", "DK", aliases=("CountryCode", "PersonMailingCountryCode")),
    Field("Loyalty_Number__c", "text", "480934", _PSEUDONYM,
          aliases=("Loyalty Number", "LoyaltyNumber__c", "Frequent_Flyer_Number__c", "Loyalty_Number_c")),
    Field("User_Id__c", "text", "u-77120", _PSEUDONYM, aliases=("UserId__c", "Login_Id__c")),
    Field("HasOptedOutOfEmail", "true or false", "false", aliases=("Email Opt Out", "PersonHasOptedOutOfEmail")),
    Field("DoNotCall", "true or false", "false", aliases=("PersonDoNotCall",)),
    Field("MasterRecordId", "record id", "", _PSEUDONYM),
    Field("ConvertedContactId", "record id", "", _PSEUDONYM),
    Field("IsDeleted", "true or false", "false", aliases=("_fivetran_deleted",)),
    Field("Is Current", "true or false", "true", aliases=("_fivetran_active",)),
    Field("CreatedDate", "moment", "2026-02-11T09:00:00.000+0000", aliases=("Create Date",)),
    Field("LastModifiedDate", "moment", "2026-10-30T18:20:01.000+0000", aliases=("SystemModstamp", "Last Modified")),
)  # fmt: skip
# A record is known by fifteen characters; three more only check their case.
_ID_LETTERS = 15
_OPTED_OUT = (("HasOptedOutOfEmail", Channel.EMAIL), ("DoNotCall", Channel.PHONE))
_PLACES = frozenset(
    ("mailingcity", "mailingstreet", "mailingcountry", "mailingpostalcode", "leadsource", "isconverted", "leadstatus")
)


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read contacts and leads; each is one mention, by its id and, where a lead became one, the contact's."""
    columns = table(header, lines, FIELDS, "salesforce_contacts")
    ids = [_short(value) for value in columns.text("Id", required=True, longest=18)]
    gone = columns.flags("IsDeleted")
    for at, current in enumerate(columns.text("Is Current")):
        if current and current.casefold() in ("false", "0"):
            columns.reject(at, "Is Current", repr(current[:20]), "the record as it stands, not an earlier version")
    person = _person(columns)
    for values in person.values():
        values[:] = [None if deleted else value for value, deleted in zip(values, gone, strict=True)]
    standing = ~np.array(gone, dtype=bool)
    none = np.zeros(len(columns), dtype=bool)
    other = map(_short, _either(columns.text("MasterRecordId"), columns.text("ConvertedContactId")))
    logins = columns.text("User_Id__c", longest=64)
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], standing),
        Keys(IdentifierKind.LOGIN, logins, standing),
        Keys(IdentifierKind.ACCOUNT, account("salesforce", ids), standing),
        Keys(IdentifierKind.ACCOUNT, account("salesforce", list(other)), standing),
        Keys(IdentifierKind.EMAIL, person["email"], none),
        Keys(IdentifierKind.PHONE, person["phone"], none),
    ]
    facts = _opt_outs(columns, gone).facts()
    return Batch(lines, columns.line, [i or "" for i in ids], person, keys, facts, columns.rejects)


def _person(columns: Columns) -> dict[str, list[str | None]]:
    given, surname = given_and_surname(columns.text("FirstName"), columns.text("LastName"), columns.text("Name"))
    countries = _either(columns.text("MailingCountryCode"), columns.text("MailingCountry"))
    return {
        "title": columns.text("Salutation", longest=40),
        "given_name": given,
        "surname": surname,
        "email": columns.text("Email", longest=254),
        "phone": _either(columns.text("MobilePhone", longest=60), columns.text("Phone", longest=60)),
        "birth_date": columns.days("Birthdate"),
        "address": columns.text("MailingStreet", longest=255),
        "city": columns.text("MailingCity", longest=80),
        "region": columns.text("MailingState", longest=80),
        "postal_code": columns.text("MailingPostalCode", longest=20),
        "country": [COUNTRIES.get(value.casefold()) if value else None for value in countries],
        "loyalty_number": columns.text("Loyalty_Number__c", longest=20),
    }


def _opt_outs(columns: Columns, gone: list[bool]) -> Happenings:
    """Who may not be written to or called, said when the record changed last; that others may be is nobody's word."""
    told = Happenings()
    changed, made = (
        micros(columns.stamps("LastModifiedDate", required=False)),
        micros(columns.stamps("CreatedDate", required=False)),
    )
    for name, channel in _OPTED_OUT:
        for at, said in enumerate(columns.flags(name)):
            moment = changed[at] if changed[at] is not None else made[at]
            if said and moment is None:
                columns.reject(at, "LastModifiedDate", "empty", f"the moment of {name}")
            elif said and not gone[at] and moment is not None:
                told.consent(at, Purpose.MARKETING, "withdrawn", moment, method=f"salesforce:{name}", channel=channel)
    return told


def _either(first: list[str | None], second: list[str | None]) -> list[str | None]:
    return [a or b for a, b in zip(first, second, strict=True)]


def _short(record_id: str | None) -> str | None:
    return record_id[:_ID_LETTERS] if record_id else None


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each record."""
    columns = table(header, lines, FIELDS, "salesforce_contacts", only=["Id"])
    return columns.line, [_short(value) or "" for value in columns.text("Id")]


def recognises(sample: Sample) -> float:
    """A contact or lead has a surname and either an address for mail or the way it came in."""
    if sample.members:
        is_record = b'"type":"Contact"' in sample.head.replace(b": ", b":") or b'"type":"Lead"' in sample.head.replace(
            b": ", b":"
        )
        return 0.9 * (is_record and sample.has("attributes", "LastName"))
    names = sample.plain_columns
    by_id = names & {"id", "contactid", "leadid", "contactid18", "leadid18", "casesafeid"}
    return 0.85 * bool(by_id and "lastname" in names and names & _PLACES)


CONNECTOR = Connector(
    name="salesforce_contacts",
    title="Salesforce contacts and leads",
    family=Family.CRM,
    format="CSV, JSON",
    version="REST 60",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.6,
    framing=Framing.TABLE,
    within=("records",),
    recognises=recognises,
    specification="Salesforce Object Reference: Contact, Lead",
)
