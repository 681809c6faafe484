"""What profiles hold about a person, where, and how it goes. Tickets and what was paid stay, by law, untied."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, models
from django.db.models import Q

from iaros.lib import undo
from iaros.lib.ids import bucket_of
from iaros.lib.models import UndoRow
from privacy import subjects
from profiles import models as tables
from profiles.ingest import messages
from profiles.models.enrichment import DERIVED_FIELDS
from profiles.person_values import of_profile
from profiles.sources.contract import PERSON_FIELDS

_OWNED = (tables.Profile, tables.Enrichment, tables.SearchKeys, tables.Customer)
_FACTS = (tables.Event, tables.LoyaltyActivity, tables.ServiceRequest)
_KEPT = (tables.Passenger, tables.Coupon, tables.Ancillary)
_RECORDS_SQL = """
SELECT DISTINCT r.bucket, r.id FROM profiles_link l
JOIN profiles_sourcerecord r ON r.bucket = l.record_bucket AND r.id = l.record_id
WHERE l.bucket = ANY(%(buckets)s::smallint[]) AND l.customer_id = ANY(%(ids)s::uuid[])
"""
_SUPERSEDED_SQL = """
SELECT DISTINCT older.bucket, older.id
FROM profiles_sourcerecord r
JOIN profiles_sourcerecord older ON older.bucket = r.bucket AND older.native_key = r.native_key
WHERE r.bucket = ANY(%(buckets)s::smallint[]) AND r.id = ANY(%(ids)s::uuid[])
  AND NOT EXISTS (
    SELECT FROM profiles_link l
    WHERE l.record_id = older.id AND l.ended_at IS NULL AND NOT l.customer_id = ANY(%(customers)s::uuid[])
  )
"""
_QUARANTINED_SQL = """
SELECT id, key_id, fingerprint, cipher FROM profiles_quarantinedrow
UNION ALL
SELECT i.id, i.key_id, i.fingerprint, i.cipher
FROM lib_undorow u, LATERAL jsonb_populate_record(NULL::profiles_quarantinedrow, u.image) i
WHERE u.table_name = 'profiles_quarantinedrow'
"""


class ProfilesHolder:
    """Connected by `iaros.wiring`; see `privacy.data_holders.DataHolder`."""

    name = "profiles"
    models: ClassVar[Sequence[type[models.Model]]] = (
        *_OWNED,
        *_FACTS,
        *_KEPT,
        tables.Booking,
        tables.Identifier,
        tables.IdentityAct,
        tables.Link,
        tables.Message,
        tables.QuarantinedRow,
        tables.SourceRecord,
        tables.UnlinkedKey,
        tables.ReviewPair,
        tables.SharedIdentifier,
        tables.DeliveryPart,
        UndoRow,
    )

    def export(self, customer_id: UUID) -> dict[str, Any]:
        """Everything held: the profile, what the sources said, what happened, and what the law keeps."""
        of = {"bucket": bucket_of(customer_id), "customer_id": customer_id}
        records = _records([customer_id])
        return {
            "profile": _profile(customer_id),
            "derived": list(
                tables.Enrichment.objects.filter(bucket=bucket_of(customer_id), id=customer_id).values(
                    "as_of", *DERIVED_FIELDS
                )
            ),
            "identifiers": _identifiers(customer_id),
            "merged_and_split": list(
                tables.IdentityAct.objects.filter(Q(customer_id=customer_id) | Q(other_id=customer_id))
                .order_by("at", "id")
                .values("kind", "at", "reason", "undone_at")
            ),
            "source_records": _as_received(records),
            "events": _events(tables.Event.objects.filter(**of)),
            "loyalty_activity": list(
                tables.LoyaltyActivity.objects.filter(**of)
                .order_by("month", "record_id")
                .values("month", "flights_flown", "points_earned", "points_redeemed")
            ),
            "service_requests": _services(customer_id),
            "tickets": list(
                tables.Coupon.objects.filter(**of)
                .order_by("ticket_number", "number", "record_id")
                .values("ticket_number", "number", "status", "fare_minor", "currency")
            ),
        }

    def erase(self, customer_ids: Sequence[UUID]) -> dict[str, int]:
        """Delete all but tickets and payments, which stay without the person (bookkeeping law)."""
        counts: dict[str, int] = {}
        ids, buckets = list(customer_ids), [bucket_of(each) for each in customer_ids]
        records = _records(ids)
        known_by = tables.Identifier.objects.filter(customer_id__in=ids).values_list("lookup", flat=True)
        lookups = {bytes(lookup) for lookup in known_by}
        counts["profiles_message"] = messages.redact(records, lookups)
        # That others share it is found again as soon as it matters.
        counts["profiles_sharedidentifier"] = tables.SharedIdentifier.objects.filter(lookup__in=lookups)._raw_delete(
            "default"
        )
        pairs = tables.ReviewPair.objects.filter(Q(one_id__in=ids) | Q(other_id__in=ids))
        counts["profiles_reviewpair"] = pairs.delete()[0]
        counts["profiles_quarantinedrow"] = _erase_quarantined(ids)
        counts["lib_undorow"] = _erase_images(ids, records)
        for kept in _KEPT:
            rows = kept._default_manager.filter(bucket__in=buckets, customer_id__in=ids)
            untied = {"customer_id": None}
            if kept is tables.Passenger:
                untied |= {"purpose": None, "purpose_confidence": None}
            counts[kept._meta.db_table] = rows.update(**untied)
        for fact in (*_FACTS, tables.Link):
            counts[fact._meta.db_table] = _delete(fact, buckets, customer_id__in=ids)
        counts["profiles_identifier"] = tables.Identifier.objects.filter(customer_id__in=ids)._raw_delete("default")
        acts = tables.IdentityAct.objects.filter(Q(customer_id__in=ids) | Q(other_id__in=ids))
        counts["profiles_identityact"] = acts._raw_delete("default")
        counts["profiles_sourcerecord"] = _delete(
            tables.SourceRecord, [r.bucket for r in records], id__in=[r.id for r in records]
        )
        for owned in _OWNED:
            counts[owned._meta.db_table] = _delete(owned, buckets, id__in=ids)
        return counts


class ProfilesLocator:
    """Finds the whole person before the first delete; see `privacy.data_holders.Locator`."""

    def customers(self, customer_id: UUID) -> list[UUID]:
        """The customer and those folded into it, or into which it was folded."""
        row = tables.Customer.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
        survivor = row.merged_into if row and row.merged_into else customer_id
        folded = tables.Customer.objects.filter(merged_into=survivor).values_list("id", flat=True)
        return [survivor, *folded]

    def lookups(self, customer_ids: Sequence[UUID]) -> list[bytes]:
        """What these people alone are known by: what they claim, and devices on which nobody else signed in.

        A shared address would shut out all who share it.
        """
        mine = tables.Identifier.objects.filter(customer_id__in=customer_ids)
        devices = [bytes(d) for d in mine.filter(kind=tables.IdentifierKind.DEVICE).values_list("lookup", flat=True)]
        others = tables.Identifier.objects.filter(kind=tables.IdentifierKind.DEVICE, lookup__in=devices)
        shared = {bytes(d) for d in others.exclude(customer_id__in=customer_ids).values_list("lookup", flat=True)}
        claimed = [bytes(lookup) for lookup in mine.filter(claims=True).values_list("lookup", flat=True)]
        return [*claimed, *(device for device in devices if device not in shared)]


def _delete(model: type[models.Model], buckets: Iterable[int], **which: Any) -> int:
    # Composite keys have no Python-side cascade to collect; the rows go in one statement.
    return int(model._default_manager.filter(bucket__in=set(buckets), **which)._raw_delete("default"))


def _profile(customer_id: UUID) -> dict[str, Any]:
    """The golden values, opened without the gate: a right is answered for those whose data is frozen too."""
    row = tables.Profile.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
    sealer = subjects.sealers([customer_id]).get(customer_id) if row else None
    if row is None or sealer is None:
        return {}
    stated = of_profile(sealer.open(row.cipher, b"profile:" + customer_id.bytes), vars(row))
    return {name: value for name, value in zip(PERSON_FIELDS, stated, strict=False) if value}


def _services(customer_id: UUID) -> list[dict[str, Any]]:
    """Special services, those of the special categories opened."""
    rows = tables.ServiceRequest.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id).order_by("id")
    sealer = subjects.sealers([customer_id]).get(customer_id)
    told = []
    for row in rows:
        code, text = row.code, None
        if row.cipher and sealer:
            code, text = orjson.loads(sealer.open(row.cipher, b"service:" + customer_id.bytes))
        told.append({"code": code, "status": row.status, "text": text})
    return told


def _events(events: models.QuerySet[tables.Event]) -> list[dict[str, Any]]:
    """What happened, each amount in the currency in which it was paid."""
    names = ("occurred_at", "kind", "item", "value_minor", "currency", "quantity", "channel", "cabin")
    told = list(events.order_by("occurred_at", "id").values(*names, "value_base_minor"))
    for row in told:
        in_ours = row.pop("value_base_minor")
        if row["value_minor"] is None and in_ours is not None:
            row["value_minor"], row["currency"] = in_ours, settings.BASE_CURRENCY
    return told


def _identifiers(customer_id: UUID) -> list[dict[str, Any]]:
    rows = tables.Identifier.objects.filter(customer_id=customer_id).order_by("kind", "record_id", "lookup")
    known_by = list(rows.values("kind", "verified_at", "purpose", "record_id"))
    records = [row["record_id"] for row in known_by]
    told = messages.origins(tables.SourceRecord.objects.filter(id__in=records))
    named = [{name: row[name] for name in ("kind", "verified_at", "purpose")} for row in known_by]
    first_seen = [told[record].received_at if record in told else None for record in records]
    return [{**row, "first_seen_at": at} for row, at in zip(named, first_seen, strict=True)]


def _as_received(records: Sequence[tables.SourceRecord]) -> list[dict[str, Any]]:
    lines, told = messages.raw_lines(records), messages.origins(records)
    return [
        {"received_at": told[r.id].received_at, "line": lines.get(r.id, b"").decode("utf-8", "replace")}
        for r in records
        if r.id in told
    ]


def _records(customer_ids: Sequence[UUID]) -> list[tables.SourceRecord]:
    """Every record ever linked to these customers, superseded versions of them included."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORDS_SQL, {"ids": list(customer_ids), "buckets": [bucket_of(c) for c in customer_ids]})
        found = cursor.fetchall()
        if found:
            # A later version may have been corrected to somebody else: that one is not theirs.
            whose = {"buckets": [b for b, _ in found], "ids": [i for _, i in found], "customers": list(customer_ids)}
            cursor.execute(_SUPERSEDED_SQL, whose)
            found = sorted({*found, *cursor.fetchall()})
    buckets, ids = {b for b, _ in found}, [i for _, i in found]
    # Ids ascend in time, so this is the order in which the records came.
    return list(tables.SourceRecord.objects.filter(bucket__in=buckets, id__in=ids).order_by("id"))


def _erase_images(customer_ids: Sequence[UUID], records: Sequence[tables.SourceRecord]) -> int:
    """Forget what runs kept of these people to be undone; former tickets stay without the person, as tickets do."""
    undo.untie((model._meta.db_table for model in _KEPT), customer_ids)
    return undo.forget_owners([*customer_ids, *(record.id for record in records)])


def _erase_quarantined(customer_ids: Sequence[UUID]) -> int:
    """Delete the rows in quarantine that name these people by a number or an address of theirs, former ones too."""
    said = [value for each in customer_ids for name, value in _profile(each).items() if name in _TELLING]
    if not said:
        return 0
    words = [word.encode() for word in said]
    with connection.cursor() as cursor:
        cursor.execute(_QUARANTINED_SQL)
        rows = cursor.fetchall()
    keys = subjects.landing_sealers({key_id for _, key_id, _, _ in rows})
    gone = []
    for row, key_id, fingerprint, cipher in rows:
        sealer = keys.get(key_id)
        raw = sealer.open(cipher, b"quarantine:" + bytes(fingerprint)) if sealer else b""
        if any(word in raw for word in words):
            gone.append(row)
    undo.forget_owners(gone)
    return tables.QuarantinedRow.objects.filter(id__in=gone).delete()[0]


_TELLING = ("loyalty_number", "email", "phone")
