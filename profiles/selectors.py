"""Reads of profiles for pages, API and commands. Whoever reads a person names a purpose; the query has the gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count

from iaros.lib import sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Purpose
from privacy import consent, encryption, subjects
from profiles import masking
from profiles.golden.provenance import unpack
from profiles.ingest import cleanse
from profiles.models import Customer, IdentifierKind, QuarantinedRow
from profiles.models.names import folded, hashed, phonetic, prefix_of
from profiles.person_values import BESIDE, of_profile
from profiles.sources.contract import DISRUPTION_CONTACTS, OVERTAKEN, PERSON_FIELDS

MOST_FAULTS = 100
MOST_CANDIDATES = 200
_BESIDE = ", ".join(f"p.{name}" for name in BESIDE)
_PROFILE_SQL = """
SELECT p.id, p.cipher, p.provenance, p.records, p.updated_at, c.created_at, {beside}
FROM profiles_profile p
JOIN profiles_customer c ON c.bucket = p.bucket AND c.id = p.id
JOIN unnest(%(buckets)s::smallint[], %(ids)s::uuid[]) AS wanted (bucket, id)
  ON p.bucket = wanted.bucket AND p.id = wanted.id
WHERE c.merged_into IS NULL AND {gate}
"""
_LIST_SQL = """
SELECT p.id, p.cipher, p.provenance, p.records, p.updated_at, c.created_at, {beside}
FROM profiles_profile p JOIN profiles_customer c ON c.bucket = p.bucket AND c.id = p.id
WHERE c.merged_into IS NULL AND (%(after)s::uuid IS NULL OR p.id < %(after)s) AND {filters} AND {gate}
ORDER BY p.id DESC LIMIT %(limit)s
"""
# A visitor of the web site who never said who she is has a customer, but nothing by which a name is found.
_NAMED_SQL = "EXISTS (SELECT FROM profiles_searchkeys k WHERE k.bucket = p.bucket AND k.id = p.id AND k.keys <> '{}')"
_RECORDS_SQL = """
SELECT r.id, s.name AS source, m.received_at, r.line, m.first_row, run.file_name
FROM profiles_sourcerecord r
JOIN profiles_message m ON m.id = r.message_id
JOIN profiles_source s ON s.id = m.source_id
LEFT JOIN profiles_ingestrun run ON run.id = m.run_id
WHERE (r.bucket, r.id) IN (
    SELECT l.record_bucket, l.record_id FROM profiles_link l WHERE l.bucket = %(bucket)s AND l.customer_id = %(id)s
) AND r.id = ANY(%(records)s)
"""
_BY_NAME_SQL = """
SELECT k.id FROM profiles_searchkeys k WHERE k.keys @> %(keys)s::bigint[] LIMIT %(limit)s
"""
_BY_LOCATOR_SQL = """
SELECT DISTINCT p.customer_id FROM profiles_booking b JOIN profiles_passenger p ON p.booking_id = b.id
WHERE b.locator = %(locator)s AND p.customer_id IS NOT NULL LIMIT %(limit)s
"""
_BY_KEY_SQL = """
SELECT i.kind, i.customer_id FROM profiles_identifier i
WHERE (i.kind = 1 AND i.lookup = %(number)s) OR (i.kind = 2 AND i.lookup = %(email)s)
   OR (i.kind = 3 AND i.lookup = %(phone)s)
LIMIT %(limit)s
"""
CLEAR_FILTERS = ("tier", "country", "home_airport", "language")


@dataclass(frozen=True)
class FieldOrigin:
    """Why a value stands where it does: the source, the record, its row in the file, and how sure it is (0 to 1)."""

    source: str
    record_id: UUID
    received_at: datetime
    file: str
    confidence: float


@dataclass(frozen=True)
class CustomerProfile:
    """One person's golden profile; values are masked unless they were revealed."""

    customer_id: UUID
    values: dict[str, str | None]
    revealed: bool
    records: int
    updated_at: datetime
    known_since: datetime
    origins: dict[str, FieldOrigin] = field(default_factory=dict)

    @property
    def name(self) -> str:
        parts = (self.values.get("given_name"), self.values.get("surname"))
        return " ".join(part for part in parts if part) or "No name known"


@dataclass(frozen=True)
class Match:
    """A person found, and by what."""

    profile: CustomerProfile
    matched_on: str


def profile_of(customer_id: UUID, *, purpose: Purpose, reveal: bool = False) -> CustomerProfile | None:
    """The golden profile with the origin of every value; None for nobody, and for those the purpose may not see.

    A customer folded into another leads to the survivor.
    """
    living = survivor_of(customer_id)
    found = _profiles([living], purpose, reveal=reveal) if living else []
    if not found:
        return None
    profile, provenance = found[0]
    return CustomerProfile(**{**profile.__dict__, "origins": origins(profile.customer_id, provenance)})


def profiles_of(ids: Sequence[UUID], *, purpose: Purpose, reveal: bool = False) -> list[CustomerProfile]:
    """The golden profiles of those of `ids` whom the purpose may see, without the origins of their values."""
    return [profile for profile, _ in _profiles(ids, purpose, reveal=reveal)]


def survivor_of(customer_id: UUID) -> UUID | None:
    """The customer this id means today; None for an unknown id."""
    row = Customer.objects.filter(bucket=bucket_of(customer_id), id=customer_id).values("id", "merged_into").first()
    return (row["merged_into"] or row["id"]) if row else None


def customer_by_key(kind: IdentifierKind, value: str) -> UUID | None:
    """The customer who claims a loyalty number or a verified e-mail."""
    standard = cleanse.email(value) if kind == IdentifierKind.EMAIL else value.strip()
    if not standard:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT customer_id FROM profiles_identifier WHERE lookup = %s AND kind = %s AND claims",
            [_lookup(kind, standard), int(kind)],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def list_customers(
    *, purpose: Purpose, after: UUID | None = None, limit: int = 50, named: bool = False, **filters: str
) -> list[CustomerProfile]:
    """Customers, newest first, after the id `after`; `filters` are those of `filtered`."""
    condition, params = consent.gate(purpose, customer="p.id")
    clauses, chosen = filtered(named=named, **filters)
    statement = _LIST_SQL.format(beside=_BESIDE, gate=condition, filters=clauses)
    rows = sql.query(statement, {**params, **chosen, "after": after, "limit": limit})
    return [profile for profile, _ in _opened(rows, reveal=False)]


def filtered(*, named: bool = False, **filters: str) -> tuple[str, dict[str, str]]:
    """The condition on a profile `p`, and its parameters: tier, country, home_airport, language; `named`: by a name."""
    chosen = {name: value for name, value in filters.items() if name in CLEAR_FILTERS and value}
    clauses = [f"p.{name} = %({name})s" for name in chosen] + ([_NAMED_SQL] if named else [])
    return " AND ".join(clauses) or "true", chosen


def find_customers(query: str, *, purpose: Purpose, limit: int = 20) -> list[Match]:
    """Find people by loyalty number, e-mail, phone, booking locator, or name; says by what each was found.

    A surname is found by itself, its sound and its first letters; at most 200 candidates are opened and ranked.
    """
    query = " ".join(query.split())[:120]
    if len(query) < 3:
        return []
    by: dict[UUID, str] = {}
    for customer, what in (*_by_key(query, limit), *_by_locator(query, limit)):
        by.setdefault(customer, what)
    named = _by_name(query) if len(by) < limit else []
    profiles = {p.customer_id: p for p, _ in _profiles([*by, *(c for c in named if c not in by)], purpose)}
    exact = [Match(profiles[c], what) for c, what in by.items() if c in profiles]
    ranked = sorted((profiles[c] for c in named if c in profiles and c not in by), key=lambda p: _distance(p, query))
    return (exact + [Match(p, "name") for p in ranked if _distance(p, query)[0] < 9])[:limit]


def _by_key(query: str, limit: int) -> list[tuple[UUID, str]]:
    email, phone = cleanse.email(query), cleanse.phone(query)
    nothing = b""
    with connection.cursor() as cursor:
        cursor.execute(
            _BY_KEY_SQL,
            {
                "number": _lookup(IdentifierKind.LOYALTY_NUMBER, query),
                "email": _lookup(IdentifierKind.EMAIL, email) if email else nothing,
                "phone": _lookup(IdentifierKind.PHONE, phone) if phone else nothing,
                "limit": limit,
            },
        )
        return [(customer, IdentifierKind(kind).label.lower()) for kind, customer in cursor.fetchall()]


def _by_locator(query: str, limit: int) -> list[tuple[UUID, str]]:
    if not re.fullmatch(r"[A-Za-z0-9]{5,8}", query):
        return []
    rows = sql.query(_BY_LOCATOR_SQL, {"locator": query.upper(), "limit": limit})
    return [(row["customer_id"], "booking") for row in rows]


def _by_name(query: str) -> list[UUID]:
    """Candidates by the last word: those of that surname, then those that begin so, then those that only sound so."""
    surname = folded(query.split(" ")[-1])
    if len(surname) < 3:
        return []
    found: dict[UUID, None] = {}
    for key in hashed([f"s:{surname}", f"p:{prefix_of(surname)}", f"f:{phonetic(surname)}"]):
        for row in sql.query(_BY_NAME_SQL, {"keys": [key], "limit": MOST_CANDIDATES}):
            found.setdefault(row["id"])
    return list(found)[:MOST_CANDIDATES]


def _distance(profile: CustomerProfile, query: str) -> tuple[int, str]:
    """How far a name is from what was typed: exact, begins so, sounds so, not at all (9)."""
    *given, surname = [folded(word) for word in query.split(" ")]
    mine, first = folded(profile.values["surname"] or ""), folded(profile.values["given_name"] or "")
    fits = not given or first.startswith("".join(given)) or "".join(given).startswith(first)
    if not fits:
        return (9, mine)
    if mine == surname:
        return (0, first)
    if mine.startswith(surname):
        return (1, mine)
    return (2, mine) if phonetic(mine) == phonetic(surname) else (9, mine)


def _lookup(kind: IdentifierKind, value: str) -> bytes:
    return encryption.lookup_keys(kind.name.lower(), [value])[0]


def _profiles(ids: Sequence[UUID], purpose: Purpose, *, reveal: bool = False) -> list[tuple[CustomerProfile, bytes]]:
    if not ids:
        return []
    condition, params = consent.gate(purpose, customer="p.id")
    wanted = {"ids": list(ids), "buckets": [bucket_of(i) for i in ids]}
    found = _opened(sql.query(_PROFILE_SQL.format(beside=_BESIDE, gate=condition), {**params, **wanted}), reveal=reveal)
    if purpose != Purpose.SERVICING_IROPS:
        # Passed on by an agent for disruptions and nothing else (IATA Resolution 830d).
        for profile, _ in found:
            profile.values.update(dict.fromkeys(DISRUPTION_CONTACTS))
    return found


def _opened(rows: list[dict[str, Any]], *, reveal: bool) -> list[tuple[CustomerProfile, bytes]]:
    sealers = subjects.sealers([row["id"] for row in rows])
    return [
        (_profile(row, sealers[row["id"]], reveal), bytes(row["provenance"])) for row in rows if row["id"] in sealers
    ]


def _profile(row: dict[str, Any], sealer: encryption.Sealer, reveal: bool) -> CustomerProfile:
    stated = of_profile(sealer.open(row["cipher"], b"profile:" + row["id"].bytes), row)
    values = dict.fromkeys(PERSON_FIELDS) | dict(zip(PERSON_FIELDS, stated, strict=False))
    shown = values if reveal else {name: masking.masked(name, value) for name, value in values.items()}
    return CustomerProfile(row["id"], shown, reveal, row["records"], row["updated_at"], row["created_at"])


def origins(customer_id: UUID, provenance: bytes) -> dict[str, FieldOrigin]:
    """Where each value of this customer came from, by the packed provenance."""
    packed = unpack(provenance)
    wanted = {"bucket": bucket_of(customer_id), "id": customer_id, "records": [o.record_id for o in packed.values()]}
    records = {row["id"]: row for row in sql.query(_RECORDS_SQL, wanted)}
    return {
        name: FieldOrigin(
            records[origin.record_id]["source"],
            origin.record_id,
            records[origin.record_id]["received_at"],
            records[origin.record_id]["file_name"] or "",
            origin.confidence,
        )
        for name, origin in packed.items()
        if origin.record_id in records
    }


def overtaken(run_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many rows of each run were set aside only because a newer one of the same key stands: nothing to mend."""
    rows = QuarantinedRow.objects.filter(last_seen_run_id__in=run_ids, reason__in=OVERTAKEN)
    return dict(rows.values_list("last_seen_run_id").annotate(n=Count("id")).order_by())


def faults_of(run_id: str, limit: int = MOST_FAULTS) -> list[dict[str, Any]]:
    """The rows of a run that were set aside: row in the file, field, reason, what was expected."""
    rows = QuarantinedRow.objects.filter(last_seen_run_id=run_id).order_by("row", "id")
    return [dict(row) for row in rows.values("row", "field", "reason", "expected")[:limit]]
