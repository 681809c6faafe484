"""Builds golden profiles: for new people straight from their one mention, for others from all their records.

Comes in: resolved mentions. Goes out: one profile row a touched customer, its names and contacts sealed under the
customer's own key. Nothing is rebuilt where no personal value was said.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from iaros.lib import clock, copying, staging
from iaros.lib.ids import as_block
from iaros.lib.reports import Progress, silent
from privacy import encryption, subjects
from profiles.golden import misspelt, reliability
from profiles.golden.survivorship import Mention, only_witness, survive
from profiles.models import IdentifierKind, Source
from profiles.person_values import BESIDE, packed_rows, unpacked
from profiles.shapes import Landed, Resolved
from profiles.sources.catalogue import CONNECTORS
from profiles.sources.contract import PERSON_FIELDS, Family

_CLEAR = ("gender", "language", "country", "region", "home_airport", "tier", "tier_status", "enrolled_on")
_LONGEST = {"gender": 1, "language": 8, "country": 2, "region": 60, "home_airport": 3, "tier": 20, "tier_status": 12}
_DEFINITION = """
bucket smallint, id uuid, cipher bytea, birth_year smallint, gender text, country text, region text, home_airport text,
language text, tier text, tier_status text, enrolled_on date, provenance bytea, records smallint, updated_at timestamptz
"""
_COLUMNS = (
    "cipher, birth_year, gender, country, region, home_airport, language, tier, tier_status, enrolled_on, "
    "provenance, records, updated_at"
)
_UPSERT_SQL = f"""
INSERT INTO profiles_profile (bucket, id, {_COLUMNS}) SELECT bucket, id, {_COLUMNS} FROM golden_staged s
WHERE NOT EXISTS (SELECT FROM profiles_profile p WHERE p.bucket = s.bucket AND p.id = s.id) ORDER BY id
ON CONFLICT (bucket, id) DO UPDATE SET
{", ".join(f"{c} = excluded.{c}" for c in _COLUMNS.split(", "))}
"""
# Who was there before mostly has a profile, and rows known to be there are written a third faster so.
_UPDATE_SQL = f"""
UPDATE profiles_profile p SET {", ".join(f"{c} = s.{c}" for c in _COLUMNS.split(", "))}
FROM golden_staged s WHERE p.bucket = s.bucket AND p.id = s.id
"""
# OFFSET 0 keeps each step apart: a customer's links, each record by its id, the message with its moment and key. Left
# to itself the planner searched whole buckets by whatever index seemed cheap: 5 milliseconds a customer, not 0.02.
_RECORDS_SQL = """
SELECT w.id, r.id, m.source_id, m.received_at, m.key_id, r.cipher
FROM golden_wanted w
CROSS JOIN LATERAL (
    SELECT l.record_bucket, l.record_id FROM profiles_link l
    WHERE l.bucket = w.bucket AND l.customer_id = w.id AND l.ended_at IS NULL OFFSET 0
) linked
CROSS JOIN LATERAL (
    SELECT s.id, s.message_id, s.cipher, s.superseded_at FROM profiles_sourcerecord s
    WHERE s.bucket = linked.record_bucket AND s.id = linked.record_id OFFSET 0
) r
CROSS JOIN LATERAL (
    SELECT t.source_id, t.received_at, t.key_id FROM profiles_message t WHERE t.id = r.message_id OFFSET 0
) m
WHERE r.cipher IS NOT NULL AND r.superseded_at IS NULL
"""

_OUTDATED_SQL = """
SELECT DISTINCT l.customer_id
FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
LEFT JOIN profiles_profile p ON p.bucket = l.bucket AND p.id = l.customer_id
WHERE l.ended_at IS NULL AND r.cipher IS NOT NULL AND (p.id IS NULL OR p.updated_at < l.linked_at)
UNION
SELECT p.id FROM profiles_profile p
WHERE p.records > 1 AND p.updated_at < (SELECT max(s.estimated_at) FROM profiles_sourcereliability s)
"""
REBUILT_AT_ONCE = 10_000

Golden = tuple[bytes, Sequence[str | None], bytes, int]  # customer, values by PERSON_FIELDS, provenance, records


def assemble(landed: Landed, resolved: Resolved) -> int:
    """Write the profiles of everyone this batch created or said something new about; returns how many."""
    person = _person_values(landed, resolved)
    if person is None:
        return 0
    firsts, others = _split(resolved, person)
    if not landed.person:
        others = set()  # This feed says nothing about who people are, so nobody's profile changes.
    at, source, trust = landed.feed.received_at, landed.feed.source_id, landed.feed.connector.trust
    sure = reliability.known({source: trust})[source]
    names = misspelt.in_force()
    rows: list[Golden] = [
        (
            resolved.customer[i].tobytes(),
            *only_witness(Mention(landed.record[i].tobytes(), trust, at, values, sure), names),
            1,
        )
        for i, values in firsts
    ]
    _write(rows, resolved.sealers, at, new=True)
    return len(rows) + rebuild(others, at=at, known=resolved.sealers)


def rebuild(customers: Iterable[bytes], *, at: datetime, known: dict[bytes, encryption.Sealer] | None = None) -> int:
    """Replay survivorship over all records of these customers (16 bytes each); returns how many have a profile."""
    return len(retell(customers, at=at, known=known))


def retell(
    customers: Iterable[bytes], *, at: datetime, known: dict[bytes, encryption.Sealer] | None = None
) -> dict[bytes, Sequence[str | None]]:
    """`rebuild`; returns the golden values, parallel to PERSON_FIELDS, of those who have a profile."""
    ids = [UUID(bytes=raw) for raw in sorted(set(customers))]
    if not ids:
        return {}
    sealers = dict(known or {})
    missing = [i for i in ids if i.bytes not in sealers]
    sealers.update({i.bytes: sealer for i, sealer in subjects.sealers(missing).items()})
    names = misspelt.in_force()
    rows: list[Golden] = [
        (customer, *survive(mentions, names), min(len(mentions), 32_000))
        for customer, mentions in sorted(_mentions(ids).items())
        if customer in sealers
    ]
    _write(rows, sealers, at, new=False)
    return {row[0]: row[1] for row in rows}


def rebuild_outdated(progress: Progress = silent) -> int:
    """Rebuild profiles that miss a record linked to their customer since they were written, or what was learnt since
    about the sources that several records of theirs come from; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(_OUTDATED_SQL)
        outdated = [customer.bytes for (customer,) in cursor.fetchall()]
    done = 0
    for start in range(0, len(outdated), REBUILT_AT_ONCE):
        with transaction.atomic():
            done += rebuild(outdated[start : start + REBUILT_AT_ONCE], at=clock.now())
        progress(phase="golden", done=start, total=len(outdated))
    return done


def _person_values(landed: Landed, resolved: Resolved) -> list[tuple[str | None, ...]] | None:
    """The personal values of each mention, by PERSON_FIELDS. A feed without personal fields still gives those it
    created a number or an address to be known by."""
    absent: list[str | None] = [None] * len(landed)
    person = landed.person
    if not person:
        if not resolved.created.any():
            return None
        values = {k.keys.kind: k.keys.values for k in landed.keys}
        person = {
            "loyalty_number": values.get(IdentifierKind.LOYALTY_NUMBER, absent),
            "email": values.get(IdentifierKind.EMAIL, absent),
        }
    return list(zip(*(person.get(name, absent) for name in PERSON_FIELDS), strict=True))


def _split(
    resolved: Resolved, person: list[tuple[str | None, ...]]
) -> tuple[list[tuple[int, tuple[str | None, ...]]], set[bytes]]:
    """New customers with one mention, who are written as they are, and all others who must be replayed."""
    raw = resolved.customer.tobytes()
    mentions: dict[bytes, list[int]] = defaultdict(list)
    for i in np.flatnonzero(resolved.linked).tolist():
        mentions[raw[i * 16 : i * 16 + 16]].append(i)
    firsts, others = [], set()
    created = resolved.created.tolist()
    for customer, rows in mentions.items():
        if created[rows[0]]:
            firsts.append((rows[0], person[rows[0]]))
        if not created[rows[0]] or len(rows) > 1:
            others.add(customer)
    # By bucket, then in no order of time: who came together is later spoken of together, in one transaction, and on a
    # page of strangers the few new versions find room where a page of neighbours would be written twice.
    firsts.sort(key=lambda row: raw[row[0] * 16 : row[0] * 16 + 16][::-1])
    return firsts, others


def _mentions(ids: list[UUID]) -> dict[bytes, list[Mention]]:
    """The current records of these customers, opened, as witnesses."""
    trust = trust_by_source()
    sure = believed(trust)
    return {
        customer: [
            Mention(record, trust.get(source, 0.5), received_at, values, sure.get(source, ()))
            for record, source, received_at, values in rows
        ]
        for customer, rows in _stated(ids).items()
    }


def _stated(ids: list[UUID]) -> dict[bytes, list[tuple[bytes, int, datetime, list[str | None]]]]:
    """What the current records of these customers state: record, source, when it came, values by PERSON_FIELDS."""
    block = as_block(ids)
    with connection.cursor() as cursor:
        staging.stage(
            cursor,
            "golden_wanted",
            "bucket smallint, id uuid",
            {"bucket": copying.smallints(block[:, 15]), "id": copying.uuids(block)},
        )
        cursor.execute(_RECORDS_SQL)
        rows = cursor.fetchall()
    keys = subjects.landing_sealers({row[4] for row in rows})
    found: dict[bytes, list[tuple[bytes, int, datetime, list[str | None]]]] = defaultdict(list)
    for customer, record, source, received_at, key_id, cipher in rows:
        if key_id in keys:
            values = unpacked(keys[key_id].open(cipher, b"record:" + record.bytes))
            found[customer.bytes].append((record.bytes, source, received_at, values))
    return found


def learn_reliability(*, at: datetime) -> int:
    """Estimate how reliable each source is about each field; returns how many customers taught it."""
    customers = reliability.sample()
    trust = trust_by_source()
    questions = []
    for start in range(0, len(customers), REBUILT_AT_ONCE):
        ids = [UUID(bytes=raw) for raw in customers[start : start + REBUILT_AT_ONCE]]
        with transaction.atomic():
            for rows in _stated(ids).values():
                ordered = sorted(rows, key=lambda row: row[2])
                questions += reliability.questions_of([(source, values) for _, source, _, values in ordered])
    reliability.keep(reliability.estimate(questions, trust), at=at)
    return len(customers)


def trust_by_source() -> dict[int, float]:
    return {s.id: CONNECTORS[s.name].trust for s in Source.objects.all() if s.name in CONNECTORS}


def believed(trust: dict[int, float]) -> dict[int, tuple[float, ...]]:
    """source -> how far it is believed about each of PERSON_FIELDS. Airports and ticketing read what was booked."""
    sources = [(s.id, CONNECTORS[s.name]) for s in Source.objects.all() if s.name in CONNECTORS]
    repeating = [number for number, feed in sources if feed.family is Family.PSS and not feed.introduces]
    return reliability.known(trust, repeating)


def _write(rows: list[Golden], sealers: dict[bytes, encryption.Sealer], at: datetime, *, new: bool) -> None:
    if not rows:
        return
    columns = _columns(rows, sealers, at)
    with connection.cursor() as cursor:
        if new:
            copying.copy_in(cursor, "profiles_profile", columns)
        else:
            staging.stage(cursor, "golden_staged", _DEFINITION, columns)
            cursor.execute(_UPDATE_SQL)
            if cursor.rowcount < len(rows):
                cursor.execute(_UPSERT_SQL)


def _columns(rows: list[Golden], sealers: dict[bytes, encryption.Sealer], at: datetime) -> dict[str, copying.Column]:
    customers = [row[0] for row in rows]
    fields = list(zip(*(row[1] for row in rows), strict=True))
    by_field = dict(zip(PERSON_FIELDS, fields, strict=True))
    enrolled = np.array(by_field["enrolled_on"], dtype="datetime64[D]")
    blobs = packed_rows(_sealed(by_field, enrolled))
    ciphers = encryption.seal_each(
        [sealers[c] for c in customers], blobs, [b"profile:" + customer for customer in customers]
    )
    block = np.frombuffer(b"".join(customers), dtype=np.uint8).reshape(-1, 16)
    years = np.array([int(day[:4]) if day else 0 for day in by_field["birth_date"]])
    clear = {
        name: copying.texts([v[: _LONGEST[name]] if v else None for v in by_field[name]])
        for name in _CLEAR
        if name != "enrolled_on"
    }
    has_enrolled = ~np.isnat(enrolled)
    return {
        "bucket": copying.smallints(block[:, 15]),
        "id": copying.uuids(block),
        "cipher": copying.blobs(ciphers),
        "birth_year": copying.nullable(copying.smallints(years), years > 0),
        **clear,
        "enrolled_on": copying.nullable(
            copying.dates(np.where(has_enrolled, enrolled, np.datetime64("1970-01-01"))), has_enrolled
        ),
        "provenance": copying.blobs([row[2] for row in rows]),
        "records": copying.smallints([row[3] for row in rows]),
        "updated_at": copying.timestamps(np.full(len(rows), np.datetime64(at.replace(tzinfo=None)))),
    }


def _sealed(
    by_field: Mapping[str, Sequence[str | None]], enrolled: NDArray[np.datetime64]
) -> list[Sequence[str | None]]:
    """The columns by PERSON_FIELDS, without what a clear column says whole."""
    days = np.datetime_as_string(enrolled, unit="D").tolist()
    left: dict[str, Sequence[str | None]] = {
        "enrolled_on": [v if v != day else None for v, day in zip(by_field["enrolled_on"], days, strict=True)]
    }
    for name in BESIDE:
        if name in _LONGEST:
            most = _LONGEST[name]
            left[name] = [v if v and len(v) > most else None for v in by_field[name]]
    return [left.get(name, by_field[name]) for name in PERSON_FIELDS]
