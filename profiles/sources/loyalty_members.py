"""Members of the loyalty programme, one row a member. CSV with a header; columns beyond the known ones are ignored.

Salary, education and the like are read to be checked, never kept: nothing here needs them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iaros.lib.personal_data import Sensitivity
from iaros.lib.purposes import Purpose
from profiles.models import IdentifierKind
from profiles.sources.columns import Columns, table
from profiles.sources.contract import Batch, Connector, Family, Field, Keys, Lines
from profiles.sources.places import COUNTRIES

_CONTACT, _IDENTITY = Sensitivity.CONTACT, Sensitivity.IDENTITY
FIELDS = (
    Field("Loyalty Number", "text", "480934", Sensitivity.PSEUDONYM, required=True),
    Field("Title", "text", "Ms", _IDENTITY),
    Field("Given Name", "text", "Ingrid", _IDENTITY),
    Field("Surname", "text", "Solheim", _IDENTITY),
    Field("Email", "e-mail", "ingrid@example.org", _CONTACT),
    Field("Email Verified", "Y or N", "Y"),
    Field("Phone", "phone", "+4520123456", _CONTACT),
    Field("Birth Date", "date", "1984-05-17", _IDENTITY),
    Field("Gender", "text", "Female"),
    Field("Language", "ISO 639", "da"),
    Field("Country", "country", "DK"),
    Field("Province", "text", "Hovedstaden"),
    Field("City", "text", "Copenhagen", _CONTACT),
    Field("Postal Code", "text", "2100", _CONTACT),
    Field("Address", "text", "Ryesgade 3", _CONTACT),
    Field("Home Airport", "IATA airport", "CPH"),
    Field("Loyalty Card", "tier", "Gold"),
    Field("Enrollment Year", "year", "2019"),
    Field("Enrollment Month", "month", "4"),
    Field("Cancellation Year", "year", ""),
    Field("Cancellation Month", "month", ""),
    Field("Salary", "amount", "52000"),
)
_GENDERS = {"f": "F", "female": "F", "m": "M", "male": "M", "x": "X", "other": "X", "unspecified": "X"}
_YES_NO = {"y": "Y", "yes": "Y", "true": "Y", "1": "Y", "n": "N", "no": "N", "false": "N", "0": "N"}


def read(header: bytes | None, lines: Lines) -> Batch:
    """Read members; each is one mention with all its personal fields."""
    columns = table(header or b"", lines, FIELDS, "loyalty_members")
    numbers = columns.text("Loyalty Number", required=True, longest=20)
    verified = columns.choice("Email Verified", _YES_NO, "Y or N")
    columns.amount_minor("Salary", required=False)
    enrolled = _month(columns, "Enrollment")
    cancelled = _month(columns, "Cancellation")
    person: dict[str, list[str | None]] = {
        "title": columns.text("Title", longest=20),
        "given_name": columns.text("Given Name"),
        "surname": columns.text("Surname"),
        "email": columns.text("Email", longest=254),
        "phone": columns.text("Phone", longest=40),
        "birth_date": columns.days("Birth Date"),
        "gender": columns.choice("Gender", _GENDERS, "Female, Male, X"),
        "language": columns.text("Language", longest=8),
        "country": columns.choice("Country", COUNTRIES, "an ISO 3166 code or an English country name"),
        "region": columns.text("Province", longest=60),
        "city": columns.text("City", longest=80),
        "postal_code": columns.text("Postal Code", longest=16),
        "address": columns.text("Address"),
        "home_airport": columns.text("Home Airport", longest=3),
        "tier": columns.text("Loyalty Card", longest=20),
        "tier_status": ["cancelled" if month else "active" for month in cancelled],
        "enrolled_on": enrolled,
        "loyalty_number": numbers,
    }
    every = np.ones(len(columns), dtype=bool)
    is_verified = np.fromiter((v == "Y" for v in verified), dtype=bool, count=len(columns))
    keys = [
        Keys(IdentifierKind.LOYALTY_NUMBER, numbers, every),
        Keys(IdentifierKind.EMAIL, person["email"], is_verified),
        Keys(IdentifierKind.PHONE, person["phone"], ~every),
    ]
    return Batch(lines, columns.line, [n or "" for n in numbers], person, keys, rejects=columns.rejects)


def _month(columns: Columns, what: str) -> list[str | None]:
    years = columns.whole(f"{what} Year", 1950, 2100, required=False)
    months = columns.whole(f"{what} Month", 1, 12, required=False)
    pairs = zip(years.tolist(), months.tolist(), strict=True)
    return [f"{year:04d}-{max(month, 1):02d}-01" if year > 0 else None for year, month in pairs]


def scan(header: bytes | None, lines: Lines) -> tuple[NDArray[np.int64], list[str]]:
    """The member number of each line."""
    columns = table(header or b"", lines, FIELDS, "loyalty_members", only=["Loyalty Number"])
    return columns.line, [number or "" for number in columns.text("Loyalty Number")]


CONNECTOR = Connector(
    name="loyalty_members",
    title="Loyalty members",
    family=Family.CRM,
    format="CSV",
    version="1",
    purpose=Purpose.SERVICING,
    fields=FIELDS,
    read=read,
    scan=scan,
    trust=0.9,
    tells_facts=False,
    has_header=True,
    quoted=True,
    recognises=lambda sample: (
        0.9 * (sample.has("Loyalty Number") and (sample.has("Loyalty Card") or sample.has("Enrollment Year")))
    ),
    specification="ours",
)
