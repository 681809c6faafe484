"""Writes what identity decided: customers, the links of their records, the identifiers they are found by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, staging
from iaros.lib.ids import as_block, ascending
from iaros.lib.purposes import PURPOSE_NUMBERS, Purpose
from profiles.identity.blocked import LIMITS
from profiles.models import IdentifierKind
from profiles.shapes import Block, Feed, Landed

# By the customer, whose links lie in one partition: a record's would be looked for in all of them.
_END_LINKS_SQL = """
UPDATE profiles_link l SET ended_at = %s
FROM identity_ending e
WHERE l.bucket = e.bucket AND l.customer_id = e.customer_id AND l.record_id = e.record_id AND l.ended_at IS NULL
"""
# A person who confirms an address they had given before claims it from then on.
_CLAIM_SQL = """
UPDATE profiles_identifier i SET claims = true, verified_at = s.verified_at
FROM identity_identifiers s
WHERE i.lookup = s.lookup AND i.kind = s.kind AND i.customer_id = s.customer_id AND s.claims AND NOT i.claims
"""
_IDENTIFY_SQL = """
INSERT INTO profiles_identifier (lookup, kind, customer_id, record_id, claims, verified_at, purpose)
SELECT lookup, kind, customer_id, record_id, claims, verified_at, purpose
FROM identity_identifiers s
WHERE NOT EXISTS (
    SELECT FROM profiles_identifier i
    WHERE i.lookup = s.lookup AND i.kind = s.kind AND i.customer_id = s.customer_id
)
ORDER BY lookup
"""
_HELD_SQL = """
SELECT i.customer_id, i.kind, count(*), count(*) FILTER (WHERE i.verified_at > %(since)s)
FROM profiles_identifier i WHERE i.customer_id = ANY(%(customers)s::uuid[]) AND i.claims
GROUP BY i.customer_id, i.kind
"""
_IDENTIFIERS = """
lookup bytea, kind smallint, customer_id uuid, record_id uuid, claims boolean, verified_at timestamptz,
purpose smallint
"""


def create(customers: Block, feed: Feed) -> None:
    """Write new customers, in ascending order of their ids."""
    count = len(customers)
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_customer",
            {
                "bucket": copying.smallints(customers[:, 15]),
                "id": copying.uuids(customers),
                "created_at": copying.timestamps(_at(feed, count)),
                "first_source": copying.smallints(np.full(count, feed.source_id)),
            },
        )


def stage_ending(cursor: Any, links: Sequence[tuple[UUID, UUID]]) -> None:
    """Note the (customer, record) of links that `link` ends in this transaction."""
    links = sorted(links)
    customers, records = (as_block([link[side] for link in links]) for side in (0, 1))
    staging.stage(
        cursor,
        "identity_ending",
        "bucket smallint, customer_id uuid, record_id uuid",
        {
            "bucket": copying.smallints(customers[:, 15]),
            "customer_id": copying.uuids(customers),
            "record_id": copying.uuids(records),
        },
    )


def link(landed: Landed, customer: Block, linked: NDArray[np.bool_], rules: NDArray[np.int64]) -> None:
    """Link records to customers; the links of superseded records end."""
    feed = landed.feed
    rows = np.flatnonzero(linked)
    rows = rows[ascending(landed.record[rows])]  # fills the index by record from one end
    with connection.cursor() as cursor:
        if landed.previous:
            # identity_ending holds the links of the superseded records: they were found in this transaction.
            cursor.execute(_END_LINKS_SQL, [feed.received_at])
        if not len(rows):
            return
        copying.copy_in(
            cursor,
            "profiles_link",
            {
                "bucket": copying.smallints(customer[rows, 15]),
                "customer_id": copying.uuids(customer[rows]),
                "record_id": copying.uuids(landed.record[rows]),
                "record_bucket": copying.smallints(landed.record_bucket[rows]),
                "linked_at": copying.timestamps(_at(feed, len(rows))),
                "rule": copying.smallints(rules[rows]),
            },
        )


def identify(
    landed: Landed,
    customer: Block,
    linked: NDArray[np.bool_],
    created: NDArray[np.bool_],
    *,
    contradicted: set[tuple[int, int, bytes]],
    owners: dict[tuple[int, bytes], bytes],
) -> None:
    """Write by what the customers are found from now on; each (look-up, kind, customer) once.

    A look-up is claimed by one customer: by the one who claims it already (`owners`), else by the first who holds it
    here. What another customer holds as well is written down without a claim.

    A database error of uniqueness means that another worker claimed the same look-up meanwhile: the batch is rolled
    back and tried again, and then finds the other's customer.
    """
    raw, is_new, is_linked = customer.tobytes(), created.tolist(), linked.tolist()
    claimed = dict(owners)
    direct: dict[tuple[bytes, int, bytes], tuple[int, bool, int]] = {}
    careful: dict[tuple[bytes, int, bytes], tuple[int, bool, int]] = {}
    for column in landed.keys:
        kind, purpose = int(column.keys.kind), PURPOSE_NUMBERS[Purpose(column.keys.purpose)]
        for at, (lookup, claim) in enumerate(zip(column.lookups, column.keys.claims.tolist(), strict=True)):
            if lookup is None or not is_linked[at]:
                continue
            who = raw[at * 16 : at * 16 + 16]
            if owners.get((kind, lookup)) == who:
                continue  # They claim it already.
            claim = claim and (not contradicted or (at, kind, lookup) not in contradicted)
            claim = claim and claimed.setdefault((kind, lookup), who) == who
            rows = direct if is_new[at] else careful
            row = (lookup, kind, who)
            if row not in rows or (claim and not rows[row][1]):
                rows[row] = (at, claim, purpose)
    careful = _within_limits(careful, landed.feed)
    with connection.cursor() as cursor:
        if direct:
            copying.copy_in(cursor, "profiles_identifier", _identifier_columns(landed, direct))
        if careful:
            staging.stage(cursor, "identity_identifiers", _IDENTIFIERS, _identifier_columns(landed, careful))
            cursor.execute(_CLAIM_SQL)
            cursor.execute(_IDENTIFY_SQL)


def _within_limits(
    rows: dict[tuple[bytes, int, bytes], tuple[int, bool, int]], feed: Feed
) -> dict[tuple[bytes, int, bytes], tuple[int, bool, int]]:
    """A customer who has as many claims of a kind as one person may, or got as many lately, claims no further ones."""
    limited = {int(kind) for kind in LIMITS}
    claiming = {who for (_, kind, who), (_, claim, _) in rows.items() if claim and kind in limited}
    if not claiming:
        return rows
    customers = [UUID(bytes=who) for who in sorted(claiming)]
    with connection.cursor() as cursor:
        longest = max(limit.cool_down for limit in LIMITS.values())
        cursor.execute(_HELD_SQL, {"customers": customers, "since": feed.received_at - longest})
        held = {(customer.bytes, kind): [most, new] for customer, kind, most, new in cursor.fetchall()}
    kept = {}
    for (lookup, kind, who), (at, claim, purpose) in rows.items():
        limit, counts = LIMITS.get(IdentifierKind(kind)), held.setdefault((who, kind), [0, 0])
        if claim and limit:
            claim = counts[0] < limit.most and counts[1] < limit.most_new
            counts[0], counts[1] = counts[0] + claim, counts[1] + claim
        kept[lookup, kind, who] = (at, claim, purpose)
    return kept


def _identifier_columns(
    landed: Landed, rows: dict[tuple[bytes, int, bytes], tuple[int, bool, int]]
) -> dict[str, copying.Column]:
    keys, values = zip(*sorted(rows.items()), strict=True)
    lookups, kinds, customers = zip(*keys, strict=True)
    at, claim, purposes = zip(*values, strict=True)
    claims = np.array(claim, dtype=bool)
    return {
        "lookup": copying.blobs(lookups),
        "kind": copying.smallints(np.array(kinds)),
        "customer_id": copying.uuids(np.frombuffer(b"".join(customers), dtype=np.uint8).reshape(-1, 16)),
        "record_id": copying.uuids(landed.record[np.array(at)]),
        "claims": copying.booleans(claims),
        "verified_at": copying.nullable(copying.timestamps(_at(landed.feed, len(claims))), claims),
        "purpose": copying.smallints(np.array(purposes)),
    }


def wait(landed: Landed, linked: NDArray[np.bool_]) -> None:
    """Remember by what mentions could be linked that nobody is known to be yet, so that they are once somebody is."""
    waiting = np.flatnonzero(~linked).tolist()
    rows = [
        (at, int(column.keys.kind), lookup)
        for at in waiting
        for column in landed.keys
        if column.keys.purpose != Purpose.LEGAL_OBLIGATION and (lookup := column.lookups[at])
    ]
    if not rows:
        return
    places = [at for at, _, _ in rows]
    with connection.cursor() as cursor:
        copying.copy_in(
            cursor,
            "profiles_unlinkedkey",
            {
                "record_id": copying.uuids(landed.record[places]),
                "record_bucket": copying.smallints(landed.record_bucket[places]),
                "kind": copying.smallints(np.array([kind for _, kind, _ in rows])),
                "lookup": copying.blobs([lookup for _, _, lookup in rows]),
            },
        )


def _at(feed: Feed, count: int) -> np.ndarray:
    return np.full(count, np.datetime64(feed.received_at.replace(tzinfo=None)))
