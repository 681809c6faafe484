"""Lists of customers that somebody brings, for rules to name: who stands on one is found by what the file says of them.

Comes in: the text of a file whose first column is a customer's id, a loyalty number or an e-mail. Goes out: entries of
living customers. What was in the file is not kept; who cannot be told for certain is left out and counted.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction
from django.utils.text import slugify

from iaros.accounts.models import User
from iaros.lib import copying, sql
from iaros.lib.ids import as_block
from privacy import encryption
from profiles.ingest import cleanse
from profiles.models import IdentifierKind
from segmentation.models import CustomerList, CustomerListEntry

MOST_ROWS = 200_000


class ListKey(models.TextChoices):
    """By what the rows of a file name customers."""

    CUSTOMER_ID = "customer_id", "Customer id"
    LOYALTY_NUMBER = "loyalty_number", "Loyalty number"
    EMAIL = "email", "E-mail"


_KINDS = {ListKey.LOYALTY_NUMBER: IdentifierKind.LOYALTY_NUMBER, ListKey.EMAIL: IdentifierKind.EMAIL}
_BY_ID_SQL = """
SELECT DISTINCT coalesce(c.merged_into, c.id) AS id
FROM unnest(%(ids)s::uuid[]) AS asked (id)
JOIN profiles_customer c ON c.bucket = get_byte(uuid_send(asked.id), 15) AND c.id = asked.id
"""
# Whoever claims it; where nobody does, the only one who has it. Two who merely have it may be two people.
_BY_KEY_SQL = """
SELECT DISTINCT told.ids[1] AS id
FROM (
    SELECT CASE WHEN bool_or(i.claims) THEN array_agg(DISTINCT i.customer_id) FILTER (WHERE i.claims)
                ELSE array_agg(DISTINCT i.customer_id) END AS ids
    FROM profiles_identifier i
    WHERE i.kind = %(kind)s AND i.lookup = ANY(%(lookups)s::bytea[])
    GROUP BY i.lookup
) told
JOIN profiles_customer c ON c.bucket = get_byte(uuid_send(told.ids[1]), 15) AND c.id = told.ids[1]
WHERE cardinality(told.ids) = 1 AND c.merged_into IS NULL
"""


class CannotBring(Exception):
    """The file gives no list; the message says why."""


class ListUsed(Exception):
    """Segments name the list; the message says which."""


@dataclass(frozen=True)
class Brought:
    """`rows` were read, of which `unreadable` named nobody; of the others so many `people` are known to us."""

    customer_list: CustomerList
    rows: int
    unreadable: int
    people: int


@transaction.atomic
def bring(*, name: str, key: ListKey, text: str, by: User | None = None) -> Brought:
    """Make the list of that name, or replace whom it held. Raises CannotBring."""
    said = " ".join(name.split())
    slug = slugify(said)[:80]
    if not slug:
        raise CannotBring("a list needs a name")
    rows = _first_column(text)
    keys = _keys(rows, ListKey(key))
    if not keys:
        raise CannotBring(f"no row holds {'an' if key == ListKey.EMAIL else 'a'} {ListKey(key).label.lower()}")
    known, _ = CustomerList.objects.get_or_create(slug=slug, defaults={"name": said[:120], "owner": by})
    people = _people(keys, ListKey(key))
    CustomerListEntry.objects.filter(list_id=known.id).delete()
    _enter(known.id, people)
    return Brought(known, len(rows), len(rows) - len(keys), len(people))


@transaction.atomic
def drop(customer_list: CustomerList) -> None:
    """Forget the list and who stood on it. Raises ListUsed."""
    if users := users_of(customer_list.slug):
        raise ListUsed(f"{customer_list.name} is named by {', '.join(users)}; change those first")
    CustomerListEntry.objects.filter(list_id=customer_list.id).delete()
    customer_list.delete()


_USERS_SQL = """
SELECT s.slug FROM segmentation_segment s
JOIN LATERAL (
    SELECT v.depends_on FROM segmentation_segmentversion v WHERE v.segment_id = s.id ORDER BY v.number DESC LIMIT 1
) v ON true
WHERE s.status <> 'retired' AND v.depends_on ? %(named)s
ORDER BY s.slug
"""


def users_of(slug: str) -> list[str]:
    """Segments whose standing rule names the list."""
    return [row["slug"] for row in sql.query(_USERS_SQL, {"named": f"list {slug}"})]


def _first_column(text: str) -> list[str]:
    """A comma, semicolon or tab ends a field; blank rows say nothing."""
    sample = text[:4_096]
    mark = max(",;\t", key=sample.count)
    rows = [row[0].strip() for row in csv.reader(StringIO(text), delimiter=mark) if row and row[0].strip()]
    if len(rows) > MOST_ROWS:
        raise CannotBring(f"{len(rows):,} rows; {MOST_ROWS:,} at most")
    return rows


def _keys(rows: Sequence[str], key: ListKey) -> list[Any]:
    """What the rows say, standardised; a heading is no key, like every other row that names nobody."""
    read = {ListKey.CUSTOMER_ID: _id, ListKey.LOYALTY_NUMBER: _number, ListKey.EMAIL: cleanse.email}[key]
    return [value for row in rows if (value := read(row))]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _number(text: str) -> str | None:
    return text if any(letter.isdigit() for letter in text) else None


def _people(keys: Sequence[Any], key: ListKey) -> list[UUID]:
    if key == ListKey.CUSTOMER_ID:
        return [row["id"] for row in sql.query(_BY_ID_SQL, {"ids": list(keys)})]
    kind = _KINDS[key]
    params = {"kind": int(kind), "lookups": encryption.lookup_keys(kind.keyed_as, sorted(set(keys)))}
    return [row["id"] for row in sql.query(_BY_KEY_SQL, params)]


def _enter(list_id: UUID, people: Sequence[UUID]) -> None:
    if not people:
        return
    ids = as_block(list(people))
    with connection.cursor() as cursor:
        columns: dict[str, copying.Column] = {
            "bucket": copying.smallints(ids[:, 15]),
            "list_id": copying.uuids(as_block([list_id] * len(people))),
            "customer_id": copying.uuids(ids),
        }
        copying.copy_in(cursor, "segmentation_customerlistentry", columns)
