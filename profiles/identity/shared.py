"""Identifiers that unrelated people carry: an agency's address, a family's telephone, a number that a source gives to
everybody. Once more people are known to carry one than its kind allows, it is marked, and is evidence of nobody.

Who somebody is stands here only as a keyed hash of how the name sounds, so that one person in two spellings is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import connection

from iaros.lib import clock
from profiles.identity.blocked import LIMITS
from profiles.identity.contradiction import Known, known_people
from profiles.identity.matching import names
from profiles.models import IdentifierKind, SharedIdentifier
from profiles.models.names import hashed

Lookup = tuple[int, bytes]  # kind, keyed hash
# The names of as many people as are allowed and one more are kept: that is all that is asked.
_NOTE_SQL = """
INSERT INTO profiles_sharedidentifier AS s (lookup, kind, names, shared, found_at)
VALUES (%(lookup)s, %(kind)s, %(names)s::bigint[], cardinality(%(names)s::bigint[]) > %(allowed)s, %(now)s)
ON CONFLICT (lookup, kind) DO UPDATE SET
    names = ARRAY(SELECT DISTINCT n FROM unnest(s.names || excluded.names) AS n ORDER BY n LIMIT %(allowed)s + 1),
    shared = s.shared OR cardinality(ARRAY(SELECT DISTINCT unnest(s.names || excluded.names))) > %(allowed)s
RETURNING shared
"""


def note(carried: Mapping[Lookup, Iterable[Known]]) -> set[Lookup]:
    """Remember that these people, who are not one, carry a look-up; returns those that are shared by now."""
    found: set[Lookup] = set()
    now = clock.now()
    for (kind, lookup), people in sorted(carried.items()):
        allowed = LIMITS[IdentifierKind(kind)].people if IdentifierKind(kind) in LIMITS else 3
        told = sorted({word for person in people if (word := _word(person))})[: allowed + 1]
        if len(told) < 2:
            continue
        words = hashed(told)
        with connection.cursor() as cursor:
            cursor.execute(_NOTE_SQL, {"lookup": lookup, "kind": kind, "names": words, "allowed": allowed, "now": now})
            if cursor.fetchone()[0]:
                found.add((kind, lookup))
    return found


def mark(lookups: Iterable[Lookup]) -> None:
    """Say of look-ups that two people carry them, whatever they are called: father and son in one booking."""
    now = clock.now()
    rows = [SharedIdentifier(lookup=lookup, kind=kind, names=[], shared=True, found_at=now) for kind, lookup in lookups]
    SharedIdentifier.objects.bulk_create(rows, ignore_conflicts=True)


def crowded(holders: Mapping[Lookup, Iterable[UUID]]) -> set[Lookup]:
    """Of look-ups and who holds them, those that more unrelated people hold than may; they are marked."""
    many = {
        lookup: customers
        for lookup, each in holders.items()
        if len(customers := set(each)) > LIMITS[IdentifierKind(lookup[0])].people
    }
    people = known_people(customer.bytes for customers in many.values() for customer in customers)
    carried: dict[Lookup, list[Known]] = defaultdict(list)
    for lookup, customers in many.items():
        carried[lookup] = [people[c.bytes] for c in customers if c.bytes in people]
    return note(carried)


def _word(person: Known) -> str:
    """What tells unrelated people apart: how the surname sounds, and the initial."""
    surname = names.surname(person.surname) if person.surname else None
    given = names.root(person.given_name) if person.given_name else None
    return f"k:{names.sound(surname) if surname else ''}:{given[:1] if given else ''}" if surname or given else ""
