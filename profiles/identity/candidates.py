"""Which customers are worth comparing: those that share a match key, or an e-mail address or telephone they gave.

A block of more customers than its cap says nothing and is left out: "Jan Jensen" alone is no reason to compare.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from iaros.lib import arrays, staging
from profiles.identity import shared
from profiles.identity.search_keys import Keyed
from profiles.identity.shared import Lookup
from profiles.models import IdentifierKind

CAP = 60
CONTACTS = (int(IdentifierKind.EMAIL), int(IdentifierKind.PHONE))
# One key a look-up, whatever the planner believes of an array. Whom everybody shares a key with is themselves.
_BY_KEY_SQL = """
SELECT w.nth, found.id
FROM unnest(%(keys)s::bigint[], %(ids)s::uuid[]) WITH ORDINALITY AS w (key, id, nth)
CROSS JOIN LATERAL (
    SELECT k.id FROM profiles_searchkeys k WHERE k.match_keys @> ARRAY[w.key] AND k.id <> w.id LIMIT %(most)s
) found
"""
_BY_CONTACT_SQL = """
SELECT w.id, mine.lookup, mine.kind, other.customer_id
FROM unnest(%(ids)s::uuid[]) AS w (id)
CROSS JOIN LATERAL (
    SELECT i.lookup, i.kind FROM profiles_identifier i
    WHERE i.customer_id = w.id AND i.kind = ANY(%(kinds)s) OFFSET 0
) mine
CROSS JOIN LATERAL (
    SELECT i.customer_id FROM profiles_identifier i
    WHERE i.lookup = mine.lookup AND i.kind = mine.kind AND i.customer_id <> w.id LIMIT %(most)s
) other
WHERE NOT EXISTS (
    SELECT FROM profiles_sharedidentifier s WHERE s.lookup = mine.lookup AND s.kind = mine.kind AND s.shared
)
"""

Pair = tuple[UUID, UUID]  # the older customer first


def pairs(wanted: Sequence[Keyed]) -> set[Pair]:
    """Pairs of one of these customers and anybody, each once."""
    if not wanted:
        return set()
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        return _by_key(cursor, wanted) | _by_contact(cursor, wanted)


def _by_key(cursor: Any, wanted: Sequence[Keyed]) -> set[Pair]:
    # In the order of the keys, as the index holds them.
    asked = sorted((key, each.customer) for each in wanted for key in each.match_keys)
    if not asked:
        return set()
    keys, owners = [key for key, _ in asked], [owner for _, owner in asked]
    params = {"keys": arrays.of_integers(keys), "ids": arrays.of_uuids(owners), "most": CAP + 1}
    cursor.execute(_BY_KEY_SQL, params)
    rows = cursor.fetchall()
    size = Counter(nth for nth, _ in rows)
    return {_pair(owners[nth - 1], other) for nth, other in rows if size[nth] <= CAP}


def _by_contact(cursor: Any, wanted: Sequence[Keyed]) -> set[Pair]:
    ids = arrays.of_uuids([each.customer for each in wanted])
    cursor.execute(_BY_CONTACT_SQL, {"ids": ids, "most": CAP + 1, "kinds": list(CONTACTS)})
    blocks: dict[tuple[Lookup, UUID], list[UUID]] = defaultdict(list)
    for owner, lookup, kind, other in cursor.fetchall():
        blocks[(kind, bytes(lookup)), owner].append(other)
    nobodys = shared.crowded({lookup: [owner, *others] for (lookup, owner), others in blocks.items()})
    return {
        _pair(owner, other)
        for (lookup, owner), others in blocks.items()
        if len(others) <= CAP and lookup not in nobodys
        for other in others
    }


def _pair(one: UUID, other: UUID) -> Pair:
    return (one, other) if one < other else (other, one)
