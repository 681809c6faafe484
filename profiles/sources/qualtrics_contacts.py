"""The directory of people whom Qualtrics surveys, one row a contact, and the invitations sent to them.

A table of contacts has a name or an address in each row; one of invitations has the moments at which a survey was sent
and opened. Both name the same contact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Channel, Purpose
from profiles.models import EventKind, IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Sample
from profiles.sources.happenings import Happenings, account, micros

_CONTACT, _IDENTITY, _PSEUDONYM = Sensitivity.CONTACT, Sensitivity.IDENTITY, Sensitivity.PSEUDONYM
FIELDS = (
    Field("contact_id", "contact id", "CID_0VVnnbsmkvMGyrj", _PSEUDONYM, required=True,
          aliases=("id", "contactId", "Contact ID")),
    Field("first_name", "text", "Ingrid", _IDENTITY, aliases=("firstName",)),
    Field("last_name", "text", "Solheim", _IDENTITY, aliases=("lastName",)),
    Field("email", "e-mail", "ingrid@example.org", _CONTACT),
    Field("phone", "phone", "+4520123456", _CONTACT),
    Field("language", "ISO 639", "DA"),
    Field("ext_ref", "the airline's own id", "u-77120", _PSEUDONYM,
          aliases=("extRef", "external_data_reference", "External Data Reference")),
    Field("unsubscribed", "true or false", "false", aliases=("directory_unsubscribed", "directoryUnsubscribed")),
    Field("unsubscribe_date", "moment", "", aliases=("directory_unsubscribe_date", "directoryUnsubscribeDate")),
    Field("last_modified", "moment", "2026-08-04 09:53:30", aliases=("lastModified", "creation_date", "creationDate")),
    Field("distribution_id", "text", "EMD_Q8AiTuBzgLZsODX", aliases=("distributionId",)),
    Field("sent_at", "moment", "2026-03-28 07:17:14", aliases=("sentAt",)),
    Field("opened_at", "moment", "2026-03-28 07:41:58", aliases=("openedAt",)),
    Field("is_deleted", "true or false", "false", aliases=("_fivetran_deleted",)),
)  # fmt: skip


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read contacts and invitations; each is one mention by the contact's id."""
    columns = table(header, lines, FIELDS, "qualtrics_contacts")
    ids = columns.text("contact_id", required=True, longest=40)
    gone = columns.flags("is_deleted")
    person = {
        "given_name": columns.text("first_name"),
        "surname": columns.text("last_name"),
        "email": columns.text("email", longest=254),
        "phone": columns.text("phone", longest=60),
        "language": columns.text("language", longest=20),
    }
    for values in person.values():
        values[:] = [None if deleted else value for value, deleted in zip(values, gone, strict=True)]
    # Who was only invited makes no customer: the invitation waits until the contact is known.
    invited = np.array([what is not None for what in columns.text("distribution_id", longest=40)], dtype=bool)
    standing, none = ~np.array(gone, dtype=bool) & ~invited, np.zeros(len(columns), dtype=bool)
    keys = [
        Keys(IdentifierKind.LOGIN, columns.text("ext_ref", longest=64), standing, Purpose.ANALYTICS),
        Keys(IdentifierKind.ACCOUNT, account("qualtrics", ids), standing, Purpose.ANALYTICS),
        Keys(IdentifierKind.EMAIL, person["email"], none, Purpose.ANALYTICS),
        Keys(IdentifierKind.PHONE, person["phone"], none, Purpose.ANALYTICS),
    ]
    facts = _happenings(columns).facts()
    return Batch(lines, columns.line, _native(columns), person, keys, facts, columns.rejects)


def _happenings(columns: Columns) -> Happenings:
    told = Happenings()
    for name, kind in (("sent_at", EventKind.MESSAGE_SENT), ("opened_at", EventKind.MESSAGE_OPENED)):
        for at, moment in enumerate(micros(columns.stamps(name, required=False))):
            if moment is not None:
                told.event(at, kind, moment, item="survey", channel=Channel.EMAIL.value)
    left = micros(columns.stamps("unsubscribe_date", required=False))
    changed = micros(columns.stamps("last_modified", required=False))
    for at, said in enumerate(columns.flags("unsubscribed")):
        moment = left[at] if left[at] is not None else changed[at]
        if said and moment is None:
            columns.reject(at, "unsubscribe_date", "empty", "the moment at which the contact left")
        elif said and moment is not None:
            method = "qualtrics:unsubscribed"
            told.consent(at, Purpose.MARKETING, "withdrawn", moment, method=method, channel=Channel.EMAIL)
    return told


def _native(columns: Columns) -> list[str]:
    """A contact goes by its id, an invitation also by what was sent."""
    contacts, sent = columns.text("contact_id"), columns.text("distribution_id")
    return [f"{contact}/{what}" if what else contact or "" for contact, what in zip(contacts, sent, strict=True)]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The contact of each row, and the invitation."""
    columns = table(header, lines, FIELDS, "qualtrics_contacts", only=["contact_id", "distribution_id"])
    return columns.line, _native(columns)


def recognises(sample: Sample) -> float:
    names = sample.plain_columns
    person = {"firstname", "lastname", "email"} <= names
    directory = person and bool(names & {"directoryid", "extref", "externaldatareference", "mailinglistid"})
    invitations = {"contactid", "distributionid", "sentat", "openedat"} <= names
    members = sample.has("contactId", "firstName", "extRef") or sample.has("contactId", "sentAt", "openedAt")
    return 0.9 * (directory or invitations or members)


CONNECTOR = Connector(
    name="qualtrics_contacts",
    title="Qualtrics contacts and invitations",
    family=Family.CRM,
    format="CSV, JSON",
    version="v3",
    purpose=Purpose.ANALYTICS,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.3,
    framing=Framing.TABLE,
    within=("elements",),
    freshness_hours=24 * 8,
    recognises=recognises,
    specification="Qualtrics API: directory contacts, distribution history",
)
