"""Which customers are worth comparing: those that share a match key, or an e-mail address or telephone they gave.

A block of more customers than its cap says nothing and is left out: "Jan Jensen" alone is no reason to compare.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.db import connection

from iaros.lib import copying, staging
from iaros.lib.ids import as_block
from profiles.identity import shared
from profiles.identity.search_keys import Keyed
from profiles.identity.shared import Lookup
from profiles.models import IdentifierKind

CAP = 60
CONTACTS = (int(IdentifierKind.EMAIL), int(IdentifierKind.PHONE))
# One key a look-up, whatever the planner believes of an array.
_BY_KEY_SQL = """
SELECT w.place, w.nth, found.id
FROM match_wanted w
CROSS JOIN LATERAL (
    SELECT k.id FROM profiles_searchkeys k WHERE k.match_keys @> ARRAY[w.key] LIMIT %(most)s
) found
"""
_BY_CONTACT_SQL = """
SELECT w.place, mine.lookup, mine.kind, other.customer_id
FROM match_customers w
CROSS JOIN LATERAL (
    SELECT i.lookup, i.kind FROM profiles_identifier i
    WHERE i.customer_id = w.id AND i.kind = ANY(%(kinds)s) OFFSET 0
) mine
CROSS JOIN LATERAL (
    SELECT i.customer_id FROM profiles_identifier i
    WHERE i.lookup = mine.lookup AND i.kind = mine.kind LIMIT %(most)s
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
    ids = [each.customer for each in wanted]
    blocks: dict[tuple[int, int | Lookup], list[UUID]] = {}
    with connection.cursor() as cursor:
        staging.prefer_index_lookups(cursor)
        if _stage(cursor, wanted):
            cursor.execute(_BY_KEY_SQL, {"most": CAP + 2})
            for place, nth, other in cursor.fetchall():
                blocks.setdefault((place, nth), []).append(other)
        cursor.execute(_BY_CONTACT_SQL, {"most": CAP + 2, "kinds": list(CONTACTS)})
        for place, lookup, kind, other in cursor.fetchall():
            blocks.setdefault((place, (kind, bytes(lookup))), []).append(other)
    nobodys = shared.crowded({key: others for (_, key), others in blocks.items() if isinstance(key, tuple)})
    found = {
        (min(ids[place], other), max(ids[place], other))
        for (place, key), others in blocks.items()
        if len(others) <= CAP + 1 and key not in nobodys
        for other in others
    }
    return {pair for pair in found if pair[0] != pair[1]}


def _stage(cursor: object, wanted: Sequence[Keyed]) -> bool:
    """Stage the customers and their match keys; returns whether there are any keys."""
    block = as_block([each.customer for each in wanted])
    staging.stage(
        cursor,
        "match_customers",
        "place integer, id uuid",
        {"place": copying.integers(np.arange(len(wanted))), "id": copying.uuids(block)},
    )
    places = [(place, nth, key) for place, each in enumerate(wanted) for nth, key in enumerate(each.match_keys)]
    if not places:
        return False
    places.sort(key=lambda row: row[2])
    columns = np.array(places, dtype=np.int64).reshape(-1, 3)
    staging.stage(
        cursor,
        "match_wanted",
        "place integer, nth smallint, key bigint",
        {
            "place": copying.integers(columns[:, 0]),
            "nth": copying.smallints(columns[:, 1]),
            "key": copying.bigints(columns[:, 2]),
        },
    )
    return True
