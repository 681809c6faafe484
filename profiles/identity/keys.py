"""Turns the keys of a batch into keyed look-ups, and looks up who claims them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from privacy import encryption
from profiles.identity.blocked import is_blocked
from profiles.models import IdentifierKind
from profiles.shapes import LookedUp
from profiles.sources.contract import Keys

# One look-up a row, whatever the planner believes of a table that is being filled.
_CLAIMED_SQL = """
SELECT wanted.place, claimed.customer_id
FROM identity_wanted wanted
CROSS JOIN LATERAL (
    SELECT i.customer_id FROM profiles_identifier i
    WHERE i.lookup = wanted.lookup AND i.kind = wanted.kind AND i.claims
    LIMIT 1
) claimed
"""
_SHARED_SQL = """
SELECT wanted.place FROM identity_wanted wanted
JOIN profiles_sharedidentifier s ON s.lookup = wanted.lookup AND s.kind = wanted.kind WHERE s.shared
"""
_DEVICE_SQL = """
SELECT wanted.place, (array_agg(i.customer_id))[1]
FROM identity_wanted wanted
JOIN profiles_identifier i ON i.lookup = wanted.lookup AND i.kind = wanted.kind
GROUP BY wanted.place
HAVING count(*) = 1
"""


_PERSON_COLUMN = {IdentifierKind.EMAIL: "email", IdentifierKind.PHONE: "phone"}


def look_up(
    keys: list[Keys],
    person: Mapping[str, list[str | None]],
    standardise: Mapping[IdentifierKind, Callable[[str], str | None]],
) -> list[LookedUp]:
    """Hash the values of each kind, after making them comparable; a value that is none of its kind has no look-up.

    Contacts that stand among the personal columns are comparable already; a key may name one that is not. A blocked
    value (`test@test.com`, a number of zeros) is of nobody, and has none either.
    """
    found = []
    for column in keys:
        ready = person.get(_PERSON_COLUMN.get(column.kind, ""))
        step = standardise.get(column.kind)
        if ready is not None and step:
            pairs = zip(ready, column.values, strict=True)
            column = replace(column, values=[r or (step(value) if value else None) for r, value in pairs])
        elif step:
            column = replace(column, values=[step(value) if value else None for value in column.values])
        kind = IdentifierKind(column.kind)
        if any(value and is_blocked(kind, value) for value in column.values):
            column = replace(column, values=[None if v and is_blocked(kind, v) else v for v in column.values])
        present = [value for value in column.values if value]
        hashes = iter(encryption.lookup_keys(kind.keyed_as, present))
        found.append(LookedUp(column, [next(hashes) if value else None for value in column.values]))
    return found


def claimed_by(wanted: list[tuple[int, bytes]]) -> dict[int, bytes]:
    """Which customer claims each (kind, look-up), by position in `wanted`; unclaimed ones are absent."""
    return _customers(_CLAIMED_SQL, wanted)


def shared_among_wanted() -> set[int]:
    """Which of the look-ups asked for last, in the running transaction, belong to more people than one, by position."""
    with connection.cursor() as cursor:
        cursor.execute(_SHARED_SQL)
        return {place for (place,) in cursor.fetchall()}


def signed_in_on(devices: list[bytes]) -> dict[int, bytes]:
    """The one customer who signed in on each device, by position; unknown and shared devices are absent."""
    return _customers(_DEVICE_SQL, [(int(IdentifierKind.DEVICE), lookup) for lookup in devices])


def _customers(statement: str, wanted: list[tuple[int, bytes]]) -> dict[int, bytes]:
    if not wanted:
        return {}
    order = sorted(range(len(wanted)), key=lambda at: wanted[at][1])
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "identity_wanted",
            "place integer, kind smallint, lookup bytea",
            {
                "place": copying.integers(order),
                "kind": copying.smallints(np.array([wanted[at][0] for at in order])),
                "lookup": copying.blobs([wanted[at][1] for at in order]),
            },
        )
        cursor.execute(statement)
        return {place: customer.bytes for place, customer in cursor.fetchall()}
