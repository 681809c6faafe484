"""When two mentions cannot be one person: their names and their birth dates both differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from privacy import subjects
from profiles.models.names import folded
from profiles.person_values import unpacked
from profiles.sources.contract import PERSON_FIELDS

_PROFILES_SQL = """
SELECT p.id, p.cipher
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
JOIN profiles_profile p ON p.bucket = wanted.bucket AND p.id = wanted.id
"""
GIVEN_NAME, SURNAME, BIRTH_DATE = (PERSON_FIELDS.index(n) for n in ("given_name", "surname", "birth_date"))


@dataclass(frozen=True)
class Known:
    """What is known of a person's name and birth; None where nothing is."""

    given_name: str | None = None
    surname: str | None = None
    birth_date: str | None = None

    @classmethod
    def of(cls, person: dict[str, list[str | None]], at: int) -> Known:
        absent: list[str | None] = []
        columns = (person.get(name, absent) for name in ("given_name", "surname", "birth_date"))
        return cls(*(column[at] if column else None for column in columns))


def contradict(one: Known, other: Known) -> bool:
    """True when both the name and the birth date are known on both sides and both differ.

    A surname or a given name that agrees is enough to be careful; people marry, and clerks mistype a date.
    """
    if not (one.surname and other.surname and one.birth_date and other.birth_date):
        return False
    if one.birth_date == other.birth_date:
        return False
    surname_agrees = folded(one.surname) == folded(other.surname)
    given_agrees = folded(one.given_name or "") == folded(other.given_name or "")
    return not (surname_agrees and given_agrees)


def known_people(customers: Iterable[bytes], *, wanted: bool) -> dict[bytes, Known]:
    """Name and birth date of these customers' golden profiles; nothing is opened unless `wanted`."""
    ids = [UUID(bytes=raw) for raw in sorted(set(customers))]
    if not ids or not wanted:
        return {}
    opened = subjects.sealers(ids)
    arrays = {
        "ids": "{" + ",".join(i.hex for i in ids) + "}",
        "buckets": "{" + ",".join(str(i.bytes[15]) for i in ids) + "}",
    }
    with connection.cursor() as cursor:
        cursor.execute(_PROFILES_SQL, arrays)
        rows = cursor.fetchall()
    found = {}
    for customer, cipher in rows:
        if customer in opened:
            values = unpacked(opened[customer].open(cipher, b"profile:" + customer.bytes))
            found[customer.bytes] = Known(values[GIVEN_NAME], values[SURNAME], values[BIRTH_DATE])
    return found
