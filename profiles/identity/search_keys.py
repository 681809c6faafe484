"""By what a person is found: keyed hashes of the surname for whoever types it, and of what two mentions of one person
nearly always share, for the comparison of customers. The values themselves stay sealed.

Comes in: profiles written since the last time. Goes out: one row of keys a customer.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from iaros.lib import arrays, clock, copying, staging
from iaros.lib.ids import as_block
from iaros.lib.memory import undisturbed
from privacy import subjects
from profiles.identity import mentions
from profiles.identity.matching import names
from profiles.models.names import folded, hashed, search_words
from profiles.person_values import unpacked
from profiles.sources.contract import PERSON_FIELDS

BUCKETS_AT_ONCE = 16  # where there are so many customers that their ids alone are a burden
_GIVEN_NAME, _SURNAME, _BIRTH_DATE = (PERSON_FIELDS.index(n) for n in ("given_name", "surname", "birth_date"))
_ADDRESS, _POSTAL_CODE, _CITY = (PERSON_FIELDS.index(n) for n in ("address", "postal_code", "city"))
_CHANGED_SQL = """
SELECT p.id FROM profiles_profile p
LEFT JOIN profiles_searchkeys k ON k.bucket = p.bucket AND k.id = p.id
WHERE p.bucket >= %(low)s AND p.bucket < %(high)s
  AND (k.id IS NULL OR k.made_at < p.updated_at OR k.match_keys IS NULL)
ORDER BY p.id
"""
_WANTED_SQL = """
SELECT p.id, p.cipher
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
CROSS JOIN LATERAL (
    SELECT f.id, f.cipher FROM profiles_profile f WHERE f.bucket = wanted.bucket AND f.id = wanted.id OFFSET 0
) p
"""
_UPSERT_SQL = """
INSERT INTO profiles_searchkeys (bucket, id, keys, made_at, match_keys, household)
SELECT bucket, id, keys, made_at, match_keys, household FROM search_staged
ON CONFLICT (bucket, id) DO UPDATE
SET keys = excluded.keys, made_at = excluded.made_at, match_keys = excluded.match_keys, household = excluded.household
"""
_LIVING_SQL = """
SELECT c.id FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id)
CROSS JOIN LATERAL (
    SELECT c.id, c.merged_into FROM profiles_customer c WHERE c.bucket = w.bucket AND c.id = w.id OFFSET 0
) c
WHERE c.merged_into IS NULL
"""
_DOUBT_SQL = """
UPDATE profiles_searchkeys k SET made_at = 'epoch'
FROM unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS w (bucket, id) WHERE k.bucket = w.bucket AND k.id = w.id
"""
_DOUBT_SINCE_SQL = "UPDATE profiles_searchkeys SET made_at = 'epoch' WHERE made_at >= %s"
# For a handful emptying a temporary table takes longer than all the rest: two milliseconds.
_FEW = 20
_UPSERT_FEW_SQL = _UPSERT_SQL.replace(
    "SELECT bucket, id, keys, made_at, match_keys, household FROM search_staged",
    "SELECT bucket, id, keys::bigint[], %(now)s::timestamptz, match_keys::bigint[], household FROM unnest("
    "%(buckets)s::smallint[], %(ids)s::uuid[], %(keys)s::text[], %(match_keys)s::text[], %(households)s::bigint[]"
    ") AS w (bucket, id, keys, match_keys, household)",
)
_STAGED = "bucket smallint, id uuid, keys bigint[], made_at timestamptz, match_keys bigint[], household bigint"
_BIGINT_OID = 20


@dataclass(frozen=True)
class Keyed:
    """A customer with the golden values (by PERSON_FIELDS) and the hashes that are made of them."""

    customer: UUID
    values: Sequence[str | None]
    keys: list[int]
    match_keys: list[int]
    household: int | None


def changed(low: int, high: int, at_once: int) -> Iterator[list[Keyed]]:
    """Customers of these buckets whose keys are older than their profile, so many at once, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED_SQL, {"low": low, "high": high})
        ids = [row[0] for row in cursor.fetchall()]
    for start in range(0, len(ids), at_once):
        with undisturbed():
            some = of(ids[start : start + at_once])
        yield some


def of(customers: Sequence[UUID]) -> list[Keyed]:
    """These customers with their keys, made anew."""
    with connection.cursor() as cursor:
        cursor.execute(_WANTED_SQL, {"ids": arrays.of_uuids(customers), "buckets": arrays.of_buckets(customers)})
        return keyed(cursor.fetchall())


@transaction.atomic
def refresh_customers(customers: Sequence[UUID]) -> int:
    """Bring the keys of a few customers up to date, within a request."""
    return write(of(customers))


def keyed(rows: Sequence[tuple[UUID, bytes]]) -> list[Keyed]:
    """Open profiles (customer, cipher) and make the keys; those whose subject is gone are left out.

    A name that is not sure enough to be published still says whom to compare with: then the records are asked.
    """
    opened = subjects.sealers([customer for customer, _ in rows])
    values = [
        (customer, unpacked(opened[customer].open(cipher, b"profile:" + customer.bytes)))
        for customer, cipher in rows
        if customer in opened
    ]
    return made_of(values)


def made_of(values: Sequence[tuple[UUID, Sequence[str | None]]]) -> list[Keyed]:
    """The keys of customers whose golden values are at hand."""
    unsure = [customer for customer, each in values if not (each[_GIVEN_NAME] and each[_SURNAME])]
    told = mentions.told_of(unsure)
    words = [
        (
            search_words(each[_SURNAME] or ""),
            tuple(dict.fromkeys(word for said in (each, *told.get(customer, ())) for word in match_words(said))),
            household_words(each),
        )
        for customer, each in values
    ]
    hashes = iter(hashed([word for found in words for part in found for word in part]))
    return [
        Keyed(
            customer,
            each,
            [next(hashes) for _ in search],
            [next(hashes) for _ in match],
            next((next(hashes) for _ in household), None),
        )
        for (customer, each), (search, match, household) in zip(values, words, strict=True)
    ]


def match_words(values: Sequence[str | None]) -> tuple[str, ...]:
    """What a mention of the same person nearly always shares with these values.

    The birth date with how the surname sounds, or with what the given name is short for; where dates are missing, both
    names. Contacts are looked up among the identifiers.
    """
    given, surname, born = (values[at] for at in (_GIVEN_NAME, _SURNAME, _BIRTH_DATE))
    root = names.root(given) if given else None
    last = names.surname(surname) if surname else None
    day = names.birth_date(born) if born else None
    words = []
    if day:
        turned = min(day, day[:4] + day[6:] + day[4:6])
        words += [f"m:b:{names.sound(last)}:{turned}"] if last else []
        words += [f"m:r:{root}:{turned}"] if root else []
    if root and last:
        words.append("m:n:" + ":".join(sorted((root, last))))
    return tuple(words)


def household_words(values: Sequence[str | None]) -> tuple[str, ...]:
    """The household of a person whose surname, street and place are known: at most one word."""
    surname, street = folded(values[_SURNAME] or ""), _written(values[_ADDRESS])
    place = _written(values[_POSTAL_CODE] or values[_CITY])
    return (f"h:{surname}:{street}:{place}",) if surname and street and place else ()


def _written(value: str | None) -> str:
    """Letters and digits only: "Storgatan 1" and "storgatan, 1" are one address."""
    return "".join(letter for letter in (value or "").casefold() if letter.isalnum())


def write(rows: Sequence[Keyed]) -> int:
    """Write the keys, in the running transaction; returns how many customers have them now."""
    rows = sorted(rows, key=lambda row: (row.customer.bytes[15], row.customer.bytes))
    if not rows:
        return 0
    if len(rows) <= _FEW:
        return _write_few(rows)
    block = as_block([row.customer for row in rows])
    now = np.full(len(rows), np.datetime64(clock.now().replace(tzinfo=None)))
    households = np.array([row.household or 0 for row in rows], dtype=np.int64)
    known = np.array([row.household is not None for row in rows], dtype=bool)
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "search_staged",
            _STAGED,
            {
                "bucket": copying.smallints(block[:, 15]),
                "id": copying.uuids(block),
                "keys": copying.blobs([_bigint_array(row.keys) for row in rows]),
                "made_at": copying.timestamps(now),
                "match_keys": copying.blobs([_bigint_array(row.match_keys) for row in rows]),
                "household": copying.nullable(copying.bigints(households), known),
            },
        )
        cursor.execute(_UPSERT_SQL)
    return len(rows)


def _write_few(rows: Sequence[Keyed]) -> int:
    customers = [row.customer for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT_FEW_SQL,
            {
                "now": clock.now(),
                "ids": arrays.of_uuids(customers),
                "buckets": arrays.of_buckets(customers),
                "keys": [arrays.of_integers(row.keys) for row in rows],
                "match_keys": [arrays.of_integers(row.match_keys) for row in rows],
                "households": [row.household for row in rows],
            },
        )
    return len(rows)


@transaction.atomic
def publish(rows: Sequence[Keyed]) -> None:
    """Write the keys for other processes to see, without customers who were folded into another since they were
    read."""
    with connection.cursor() as cursor:
        wanted = {row.customer for row in rows}
        cursor.execute(_LIVING_SQL, {"ids": arrays.of_uuids(wanted), "buckets": arrays.of_buckets(wanted)})
        living = {customer for (customer,) in cursor.fetchall()}
    write([row for row in rows if row.customer in living])


def doubt(customers: Sequence[UUID]) -> None:
    """Let these customers be compared anew, though they have keys."""
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT_SQL, {"ids": arrays.of_uuids(customers), "buckets": arrays.of_buckets(customers)})


def doubt_since(moment: datetime) -> int:
    """`doubt` all whose keys were made at this moment or later; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_DOUBT_SINCE_SQL, [moment])
        return int(cursor.rowcount)


def _bigint_array(values: list[int]) -> bytes:
    """A bigint[] as binary COPY takes it."""
    if not values:
        return struct.pack(">iii", 0, 0, _BIGINT_OID)
    head = struct.pack(">iiiii", 1, 0, _BIGINT_OID, len(values), 1)
    return head + b"".join(struct.pack(">iq", 8, value) for value in values)
