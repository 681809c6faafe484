"""When two mentions cannot be one person, whatever key they share.

A loyalty number or an account needs names or birth dates that agree; an e-mail address, which families share, needs
both not to speak against it. What is not known speaks against nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler

from privacy import subjects
from profiles.identity import match_models, mentions
from profiles.identity.matching import names
from profiles.models import IdentifierKind
from profiles.person_values import unpacked
from profiles.sources.contract import PERSON_FIELDS

_PROFILES_SQL = """
SELECT p.id, p.cipher
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
JOIN profiles_profile p ON p.bucket = wanted.bucket AND p.id = wanted.id
"""
# Keys that are given to one person; all others are contacts, which several may share.
GIVEN_TO_ONE = frozenset(
    int(kind)
    for kind in (
        IdentifierKind.LOYALTY_NUMBER,
        IdentifierKind.LOGIN,
        IdentifierKind.ACCOUNT,
        IdentifierKind.TRAVELLER,
    )
)
_ALIKE = 0.8
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


def contradict(one: Known, other: Known, *, kind: int | None = None) -> bool:
    """True when the two cannot be one person though they share a key of this `kind`, or none.

    A surname that differs is no contradiction by itself: people marry, and clerks mistype. A given name that differs
    is, unless the same birth date says that the holder of a number was only called otherwise.
    """
    given, surname, born = _names_agree(one, other), _surnames_agree(one, other), _births_agree(one, other)
    if kind in GIVEN_TO_ONE:
        return born is not True and (given is False or (surname is False and born is False))
    return born is False or given is False


def _names_agree(one: Known, other: Known) -> bool | None:
    """Whether the given names can be one: the same, short for it, cut off, a slip, or exchanged with the surname.

    Where both are names that many have, one is no slip of the other: Arne and Anne share an address and are two.
    """
    mine, theirs = (names.given_name(k.given_name) if k.given_name else None for k in (one, other))
    if not mine or not theirs:
        return None
    if mine.startswith(theirs) or theirs.startswith(mine):
        return True
    roots = [names.root(k.given_name or "") for k in (one, other)]
    if roots[0] == roots[1]:
        return True
    if not match_models.shipped_names().issuperset(roots) and JaroWinkler.similarity(mine, theirs) >= _ALIKE:
        return True
    surnames = [names.surname(k.surname) if k.surname else None for k in (one, other)]
    return mine == surnames[1] or theirs == surnames[0]


def _surnames_agree(one: Known, other: Known) -> bool | None:
    mine, theirs = (names.surname(k.surname) if k.surname else None for k in (one, other))
    if not mine or not theirs:
        return None
    return mine.startswith(theirs) or theirs.startswith(mine) or JaroWinkler.similarity(mine, theirs) >= _ALIKE


def _births_agree(one: Known, other: Known) -> bool | None:
    """Whether the dates can be one: the same, day and month exchanged, or slips of the pen. Dates on which nobody was
    born, which forms are filled with, are none."""
    mine, theirs = (names.birth_date(k.birth_date) if k.birth_date else None for k in (one, other))
    if not mine or not theirs:
        return None
    if mine == theirs or mine == theirs[:4] + theirs[6:] + theirs[4:6]:
        return True
    slips = int(DamerauLevenshtein.distance(mine, theirs))
    return slips <= 1 or (slips == 2 and mine[:4] == theirs[:4])


def known_people(customers: Iterable[bytes]) -> dict[bytes, Known]:
    """Name and birth date of these customers' golden profiles."""
    ids = [UUID(bytes=raw) for raw in sorted(set(customers))]
    if not ids:
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
    # A name that is not sure enough to be published still tells people apart.
    unsure = [UUID(bytes=raw) for raw, known in found.items() if not (known.given_name and known.surname)]
    for customer, said in mentions.told_of(unsure).items():
        named = sorted((g, s) for each in said if (g := each[GIVEN_NAME]) and (s := each[SURNAME]))
        if named:
            found[customer.bytes] = Known(*named[0], found[customer.bytes].birth_date)
    return found
