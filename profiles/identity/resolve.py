"""Decides who each landed mention is, by keys that identify one person: loyalty number, verified e-mail, own device.

Comes in: landed mentions with look-ups. Goes out: a customer for each, new ones created, and pairs of customers found
to be one person. It refuses a link that `contradiction` forbids, and never joins two passengers of one booking,
whatever they share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from iaros.lib import copying, staging
from iaros.lib.ids import uuid7_block
from privacy import subjects
from profiles.identity import keys as identity_keys
from profiles.identity import ledger, shared
from profiles.identity.contradiction import Known, contradict, known_people
from profiles.models import IdentifierKind, LinkRule
from profiles.shapes import Block, Landed, Resolved

_LINKED_SQL = """
SELECT wanted.place, l.customer_id
FROM identity_records wanted
JOIN profiles_link l ON l.record_id = wanted.record_id
WHERE l.ended_at IS NULL
"""
_OTHERWISE_KNOWN_SQL = """
SELECT DISTINCT l.customer_id
FROM unnest(%s::uuid[]) AS wanted (customer_id)
JOIN profiles_link l ON l.bucket = get_byte(uuid_send(wanted.customer_id), 15) AND l.customer_id = wanted.customer_id
WHERE l.ended_at IS NULL AND NOT EXISTS (SELECT FROM identity_records r WHERE r.record_id = l.record_id)
"""
_RULES = {
    int(IdentifierKind.LOYALTY_NUMBER): LinkRule.LOYALTY_NUMBER,
    int(IdentifierKind.EMAIL): LinkRule.VERIFIED_EMAIL,
    int(IdentifierKind.LOGIN): LinkRule.LOGIN,
    int(IdentifierKind.ACCOUNT): LinkRule.ACCOUNT,
    int(IdentifierKind.TRAVELLER): LinkRule.TRAVELLER,
}


@dataclass
class Evidence:
    """Edges from mentions to keys. Each key is a (kind, look-up); `owner` is the customer who claims it, or None;
    `shared` are keys that more people carry than may, which are evidence of nobody."""

    mention: NDArray[np.int64]
    key: NDArray[np.int64]
    kinds: list[int]
    lookups: list[bytes]
    owner: list[bytes | None]
    shared: set[int]


def resolve(landed: Landed) -> Resolved:
    """Say who each mention is and write customers, keys, links and identifiers in the running transaction."""
    evidence = _evidence(landed)
    before = _linked_before(landed)
    people = known_people(_to_be_opened(landed, evidence, before))
    holds = _uncontradicted(landed, evidence, people)
    waited = [at for at in landed.previous if at not in before]
    left = _left(evidence, before, holds)
    if left:
        by_name = np.array([kind == IdentifierKind.TRAVELLER for kind in evidence.kinds], dtype=bool)
        holds &= ~(np.isin(evidence.mention, list(left)) & by_name[evidence.key])
    before = {at: customer for at, customer in before.items() if at not in left}
    group, anchored = _groups(landed, evidence, before, holds, people)
    identifiable = _identifiable(landed, evidence, before, holds)
    devices = _device_owners(landed, identifiable)
    resolved = _write(landed, evidence, before, group, anchored, identifiable, devices, holds)
    resolved.left, resolved.waited = left, waited
    return resolved


def _evidence(landed: Landed) -> Evidence:
    """The claiming keys of the batch and who claims them already."""
    number: dict[tuple[int, bytes], int] = {}
    mention: list[int] = []
    key: list[int] = []
    for column in landed.keys:
        kind, claims = int(column.keys.kind), column.keys.claims.tolist()
        for at, (lookup, claim) in enumerate(zip(column.lookups, claims, strict=True)):
            if lookup is not None and claim:
                mention.append(at)
                key.append(number.setdefault((kind, lookup), len(number)))
    wanted = list(number)
    owners = identity_keys.claimed_by(wanted)
    return Evidence(
        np.array(mention, dtype=np.int64),
        np.array(key, dtype=np.int64),
        [kind for kind, _ in wanted],
        [lookup for _, lookup in wanted],
        [owners.get(at) for at in range(len(wanted))],
        identity_keys.shared_among_wanted() if wanted else set(),
    )


def _to_be_opened(landed: Landed, evidence: Evidence, before: dict[int, bytes]) -> set[bytes]:
    """Whose names and birth dates matter: of everybody whom a mention with a name would join, and, where mentions have
    none, of the several owners of one mention's keys, who may be a family with one address."""
    if landed.person:
        return {*(owner for owner in evidence.owner if owner), *before.values()}
    owners: dict[int, set[bytes]] = {at: {customer} for at, customer in before.items()}
    for at, key in zip(evidence.mention.tolist(), evidence.key.tolist(), strict=True):
        if owner := evidence.owner[key]:
            owners.setdefault(at, set()).add(owner)
    return {owner for several in owners.values() if len(several) > 1 for owner in several}


def _linked_before(landed: Landed) -> dict[int, bytes]:
    """The customers that superseded versions of changed mentions are linked to, by position."""
    if not landed.previous:
        return {}
    places = sorted(landed.previous)
    records = np.frombuffer(b"".join(landed.previous[at].bytes for at in places), dtype=np.uint8).reshape(-1, 16)
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "identity_records",
            "place integer, record_id uuid",
            {"place": copying.integers(places), "record_id": copying.uuids(records)},
        )
        cursor.execute(_LINKED_SQL)
        found = cursor.fetchall()
        ledger.stage_ending(cursor, [(customer, landed.previous[place]) for place, customer in found])
        return {place: customer.bytes for place, customer in found}


def _left(evidence: Evidence, before: dict[int, bytes], holds: NDArray[np.bool_]) -> dict[int, bytes]:
    """Changed mentions whose keys now name somebody else only: they move, and join nobody.

    Where the earlier customer was nothing but that mention, the two are one person after all.
    """
    named: dict[int, set[bytes]] = {}
    for edge in np.flatnonzero(holds).tolist() if before else []:
        owner = evidence.owner[evidence.key[edge]]
        # The name in the booking is what the earlier version said: it speaks for nobody else.
        told_before = evidence.kinds[evidence.key[edge]] == IdentifierKind.TRAVELLER
        if owner and not told_before and int(evidence.mention[edge]) in before:
            named.setdefault(int(evidence.mention[edge]), set()).add(owner)
    moving = {at: before[at] for at, owners in named.items() if before[at] not in owners}
    if not moving:
        return {}
    with connection.cursor() as cursor:
        # identity_records holds the superseded records of this batch.
        cursor.execute(_OTHERWISE_KNOWN_SQL, [[UUID(bytes=raw) for raw in set(moving.values())]])
        otherwise_known = {customer.bytes for (customer,) in cursor.fetchall()}
    return {at: customer for at, customer in moving.items() if customer in otherwise_known}


def _uncontradicted(landed: Landed, evidence: Evidence, people: dict[bytes, Known]) -> NDArray[np.bool_]:
    """Which edges hold: the mention does not contradict the key's owner, or, where nobody owns it yet, its first
    mention of this batch. Of two passengers of one booking only the first keeps a shared key."""
    holds = ~np.isin(evidence.key, list(evidence.shared))
    if not landed.person:
        return holds
    # Only keys that somebody owns, or that several mentions hold, can be contradicted: mostly a few.
    owned = np.array([owner is not None for owner in evidence.owner], dtype=bool)
    held_by = np.bincount(evidence.key, minlength=len(owned))
    lines = landed.batch.line[landed.mention]
    anchors: dict[int, Known] = {}
    strangers: dict[shared.Lookup, list[Known]] = {}
    seated: set[tuple[int, int]] = set()
    namesakes: set[int] = set()
    for edge in np.flatnonzero(owned[evidence.key] | (held_by[evidence.key] > 1)).tolist():
        at, key = int(evidence.mention[edge]), int(evidence.key[edge])
        me, owner = Known.of(landed.person, at), evidence.owner[key]
        anchor = people.get(owner, Known()) if owner else anchors.setdefault(key, me)
        holds[edge] = key not in evidence.shared and not contradict(me, anchor, kind=evidence.kinds[key])
        if not holds[edge]:
            strangers.setdefault((evidence.kinds[key], evidence.lookups[key]), [anchor]).append(me)
        by_name = evidence.kinds[key] == IdentifierKind.TRAVELLER
        if landed.batch.party and (holds[edge] or by_name):
            seat = (key, int(lines[at]))
            if seat in seated:
                holds[edge] = False
                if by_name:
                    namesakes.add(key)
            seated.add(seat)
    shared.note(strangers)
    # A name in a booking is nobody's where two of its passengers answer to it, whoever is told of first.
    shared.mark(sorted((evidence.kinds[key], evidence.lookups[key]) for key in namesakes))
    return holds & ~np.isin(evidence.key, list(namesakes))


def _groups(
    landed: Landed,
    evidence: Evidence,
    before: dict[int, bytes],
    holds: NDArray[np.bool_],
    people: dict[bytes, Known],
) -> tuple[NDArray[np.int64], dict[int, list[bytes]]]:
    """Which mentions are one person: group by mention, and the existing customers of each group, oldest first.

    A group that would join customers who contradict each other, or two passengers of one booking, loses its e-mail
    edges: the weaker evidence goes.
    """
    group, anchored = _components(len(landed), evidence, before, holds)
    broken = {g for g, owners in anchored.items() if _disagree(owners, people)}
    if landed.batch.party:
        broken |= _shared_seats(landed, group)
    if broken:
        in_broken = np.isin(group[evidence.mention], list(broken))
        weak = np.array([evidence.kinds[key] != IdentifierKind.LOYALTY_NUMBER for key in evidence.key], dtype=bool)
        holds &= ~(in_broken & weak)
        group, anchored = _components(len(landed), evidence, before, holds)
        stubborn = {g: o[:1] if _disagree(o, people) else o for g, o in anchored.items()}
        anchored = stubborn
        if landed.batch.party:
            group = _apart(landed, group)
    return group, anchored


def _components(
    mentions: int, evidence: Evidence, before: dict[int, bytes], holds: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], dict[int, list[bytes]]]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    customers = {c: i for i, c in enumerate(dict.fromkeys([*(o for o in evidence.owner if o), *before.values()]))}
    keys = len(evidence.lookups)
    offset = mentions + keys
    owned = [(mentions + k, offset + customers[o]) for k, o in enumerate(evidence.owner) if o]
    earlier = [(at, offset + customers[c]) for at, c in before.items()]
    start = np.concatenate([evidence.mention[holds], np.array([a for a, _ in owned + earlier], dtype=np.int64)])
    end = np.concatenate([mentions + evidence.key[holds], np.array([b for _, b in owned + earlier], dtype=np.int64)])
    size = offset + len(customers)
    graph = coo_matrix((np.ones(len(start), dtype=np.int8), (start, end)), shape=(size, size))
    _, label = connected_components(graph, directed=False)
    anchored: dict[int, list[bytes]] = {}
    for customer, i in customers.items():
        anchored.setdefault(int(label[offset + i]), []).append(customer)
    # uuid v7 ascends in time: the smallest id is the oldest customer, and the oldest survives.
    return label[:mentions].astype(np.int64), {g: sorted(found) for g, found in anchored.items()}


def _disagree(owners: list[bytes], people: dict[bytes, Known]) -> bool:
    return any(
        contradict(people.get(one, Known()), people.get(other, Known())) for one, other in combinations(owners, 2)
    )


def _shared_seats(landed: Landed, group: NDArray[np.int64]) -> set[int]:
    """Groups in which two passengers of one booking would be one person."""
    seats = np.stack([group, landed.batch.line[landed.mention]], axis=1)
    pairs, counts = np.unique(seats, axis=0, return_counts=True)
    return set(pairs[counts > 1, 0].tolist())


def _apart(landed: Landed, group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give every further passenger of one booking in one group a group of their own."""
    taken: set[tuple[int, int]] = set()
    group = group.copy()
    spare = int(group.max(initial=0)) + len(landed) + 1
    lines = landed.batch.line[landed.mention].tolist()
    for at, line in enumerate(lines):
        seat = (int(group[at]), line)
        if seat in taken:
            group[at] = spare + at
        taken.add(seat)
    return group


def _identifiable(
    landed: Landed, evidence: Evidence, before: dict[int, bytes], holds: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mentions that make a customer: those with a claiming key, with a person's fields, or linked before.

    A feed that introduces nobody only finds customers whom others have made: its other mentions wait.
    """
    found = np.zeros(len(landed), dtype=bool)
    found[list(before)] = True
    if not landed.feed.connector.introduces:
        owned = np.array([owner is not None for owner in evidence.owner], dtype=bool)
        known = owned[evidence.key] & holds if len(owned) else np.zeros(0, dtype=bool)
        found[evidence.mention[known]] = True
        return found
    found[evidence.mention] = True
    for values in landed.person.values():
        found |= np.fromiter((value is not None for value in values), dtype=bool, count=len(landed))
        if found.all():
            break
    return found


def _device_owners(landed: Landed, identifiable: NDArray[np.bool_]) -> dict[int, bytes]:
    """For mentions with nothing but a device: the one customer who signed in on it before."""
    column = next((k for k in landed.keys if k.keys.kind == IdentifierKind.DEVICE), None)
    if column is None:
        return {}
    waiting = [at for at in np.flatnonzero(~identifiable).tolist() if column.lookups[at]]
    devices = list(dict.fromkeys(column.lookups[at] for at in waiting))
    owners = identity_keys.signed_in_on([d for d in devices if d])
    by_device = {devices[place]: customer for place, customer in owners.items()}
    return {at: by_device[column.lookups[at]] for at in waiting if column.lookups[at] in by_device}


def _write(
    landed: Landed,
    evidence: Evidence,
    before: dict[int, bytes],
    group: NDArray[np.int64],
    anchored: dict[int, list[bytes]],
    identifiable: NDArray[np.bool_],
    devices: dict[int, bytes],
    holds: NDArray[np.bool_],
) -> Resolved:
    customer, created, sealers = _customers(landed, group, anchored, identifiable)
    linked = identifiable.copy()
    for at, owner in devices.items():
        customer[at] = np.frombuffer(owner, dtype=np.uint8)
        linked[at] = True
    rules = _rules(landed, evidence, before, group, anchored, holds, devices)
    ledger.link(landed, customer, linked, rules)
    ledger.identify(
        landed, customer, linked, created, contradicted=_contradicted(evidence, holds), owners=_owners(evidence)
    )
    ledger.wait(landed, linked)
    merges = [(UUID(bytes=o[0]), UUID(bytes=other)) for o in anchored.values() for other in o[1:]]
    return Resolved(customer, linked, created, sealers, merges)


def _customers(
    landed: Landed, group: NDArray[np.int64], anchored: dict[int, list[bytes]], identifiable: NDArray[np.bool_]
) -> tuple[Block, NDArray[np.bool_], dict[bytes, subjects.Sealer]]:
    """A customer for each mention: the oldest of its group, or a new one, created here."""
    customer = np.zeros((len(landed), 16), dtype=np.uint8)
    groups, inverse = np.unique(group, return_inverse=True)
    survivors = [anchored.get(int(g)) for g in groups]
    has_person = np.zeros(len(groups), dtype=bool)
    has_person[inverse[identifiable]] = True
    is_new = np.array([s is None for s in survivors], dtype=bool) & has_person
    block = np.zeros((len(groups), 16), dtype=np.uint8)
    fresh = uuid7_block(int(is_new.sum()))
    block[is_new] = fresh
    for i, owners in enumerate(survivors):
        if owners:
            block[i] = np.frombuffer(owners[0], dtype=np.uint8)
    customer[identifiable] = block[inverse][identifiable]
    created = is_new[inverse] & identifiable
    if not len(fresh):
        return customer, created, {}
    ledger.create(fresh, landed.feed)
    opened = subjects.open_subjects(fresh)
    raw = fresh.tobytes()
    return customer, created, {raw[i * 16 : i * 16 + 16]: sealer for i, sealer in enumerate(opened)}


def _rules(
    landed: Landed,
    evidence: Evidence,
    before: dict[int, bytes],
    group: NDArray[np.int64],
    anchored: dict[int, list[bytes]],
    holds: NDArray[np.bool_],
    devices: dict[int, bytes],
) -> NDArray[np.int64]:
    """Why each mention is linked: the strongest key it shares with somebody, or that it is the first."""
    rules = np.full(len(landed), int(LinkRule.FIRST_MENTION))
    _, inverse, size = np.unique(group, return_inverse=True, return_counts=True)
    shared = np.array([int(g) in anchored for g in group.tolist()], dtype=bool) | (size[inverse] > 1)
    weakest_first = sorted(range(len(evidence.mention)), key=lambda e: -evidence.kinds[evidence.key[e]])
    for edge in weakest_first:
        at = evidence.mention[edge]
        if holds[edge] and shared[at]:
            rules[at] = int(_RULES[evidence.kinds[evidence.key[edge]]])
    rules[list(before)] = int(LinkRule.SAME_RECORD)
    rules[list(devices)] = int(LinkRule.DEVICE)
    return rules


def _owners(evidence: Evidence) -> dict[tuple[int, bytes], bytes]:
    keys = zip(evidence.kinds, evidence.lookups, evidence.owner, strict=True)
    return {(kind, lookup): owner for kind, lookup, owner in keys if owner}


def _contradicted(evidence: Evidence, holds: NDArray[np.bool_]) -> set[tuple[int, int, bytes]]:
    """(mention, kind, look-up) of the claims that do not hold; they are written down without a claim."""
    if holds.all():
        return set()
    dropped: Iterable[int] = np.flatnonzero(~holds).tolist()
    edges = [(int(evidence.mention[e]), int(evidence.key[e])) for e in dropped]
    return {(at, evidence.kinds[key], evidence.lookups[key]) for at, key in edges}
