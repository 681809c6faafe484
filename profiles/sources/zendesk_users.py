"""People who write to Zendesk, one row a user: incremental exports and copies in a warehouse. Staff are no customers.

What agents noted about a user is not read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import table
from profiles.sources.contract import Batch, Connector, Family, Field, Framing, Keys, Lines, Sample
from profiles.sources.happenings import account
from profiles.sources.people_names import given_and_surname

FIELDS = (
    Field("id", "user id", "403958466973", Sensitivity.PSEUDONYM, required=True, aliases=("User ID",)),
    Field("name", "text", "Ingrid Solheim", Sensitivity.IDENTITY, aliases=("Full name",)),
    Field("email", "e-mail", "ingrid@example.org", Sensitivity.CONTACT),
    Field("verified", "true or false", "true"),
    Field("phone", "phone", "+4520123456", Sensitivity.CONTACT),
    Field("role", "end-user agent admin", "end-user"),
    Field("locale", "language", "da"),
    Field("external_id", "the airline's own id", "u-77120", Sensitivity.PSEUDONYM, aliases=("External ID",)),
    Field("loyalty_number", "text", "480934", Sensitivity.PSEUDONYM,
          aliases=("user_fields.loyalty_number", "user_fields.frequent_flyer_number", "custom_loyalty_number")),
    Field("active", "true or false", "true"),
    Field("created_at", "moment", "2026-02-26T22:55:12Z"),
    Field("updated_at", "moment", "2026-10-30T18:20:01Z"),
)  # fmt: skip
_STAFF = ("agent", "admin", "light agent", "owner", "staff", "contributor")


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read users; each is one mention by its id, the airline's own id and the address that was verified."""
    columns = table(header, lines, FIELDS, "zendesk_users")
    ids = columns.text("id", required=True, longest=24)
    for at, role in enumerate(columns.text("role", longest=40)):
        if role and role.casefold() in _STAFF:
            columns.reject(at, "role", repr(role), "end-user: staff are no customers")
    active = columns.text("active")
    gone = [bool(value) and value.casefold() in ("false", "0") for value in active]  # type: ignore[union-attr]
    nobody: list[str | None] = [None] * len(columns)
    given, surname = given_and_surname(nobody, nobody, columns.text("name", longest=255))
    person = {
        "given_name": given,
        "surname": surname,
        "email": columns.text("email", longest=254),
        "phone": columns.text("phone", longest=60),
        "language": columns.text("locale", longest=20),
        "loyalty_number": columns.text("loyalty_number", longest=20),
    }
    for values in person.values():
        values[:] = [None if deleted else value for value, deleted in zip(values, gone, strict=True)]
    standing, none = ~np.array(gone, dtype=bool), np.zeros(len(columns), dtype=bool)
    verified = np.array(columns.flags("verified"), dtype=bool) & standing
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, person["loyalty_number"], standing),
        Keys(IdentifierKind.LOGIN, columns.text("external_id", longest=64), standing),
        Keys(IdentifierKind.ACCOUNT, account("zendesk", ids), standing),
        Keys(IdentifierKind.EMAIL, person["email"], verified),
        Keys(IdentifierKind.PHONE, person["phone"], none),
    ]
    return Batch(lines, columns.line, [i or "" for i in ids], person, keys, rejects=columns.rejects)


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The id of each user."""
    columns = table(header, lines, FIELDS, "zendesk_users", only=["id"])
    return columns.line, [value or "" for value in columns.text("id")]


def recognises(sample: Sample) -> float:
    columns = {"id", "name", "role", "email"} <= sample.plain_columns
    asked = sample.plain_columns & {"ticketrestriction", "onlyprivatecomments", "moderator", "suspended"}
    members = sample.has("id", "name", "role", "email") and bool(
        sample.members & {"ticket_restriction", "only_private_comments", "user_fields", "suspended"}
    )
    return 0.9 * bool((columns and asked) or members)


CONNECTOR = Connector(
    name="zendesk_users",
    title="Zendesk users",
    family=Family.CRM,
    format="JSON, CSV",
    version="v2",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.4,
    framing=Framing.TABLE,
    within=("users", "user"),
    recognises=recognises,
    specification="Zendesk API: users, incremental exports",
)
