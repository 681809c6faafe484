"""Merging and splitting people by hand, and taking it back: what a person decides about who is who.

Each act is one transaction: links end and begin, facts and consents follow, survivorship is replayed, and what is
derived follows by itself. Before it, what was derived is kept, so that taking it back restores it to the byte as long
as nothing was told of the people meanwhile; after that, or after thirty days, it is derived anew. It refuses people
whose data is restricted, two passengers of one booking, and acts that later acts were built on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Q

from iaros.accounts.models import User
from iaros.lib import clock, undo
from iaros.lib.ids import bucket_of, uuid7
from iaros.lib.undo import Owned
from privacy import audit, consent, subjects
from profiles import blast_radius, followers, rereading
from profiles.blast_radius import BlastRadius
from profiles.enrichment import derived
from profiles.golden import assemble
from profiles.identity import merge, review, search_keys, split
from profiles.identity.contradiction import Known, contradict, known_people
from profiles.ingest import code_entries
from profiles.models import ActKind, Customer, Enrichment, IdentityAct, Link
from profiles.sources import codes

_OURS = (
    Owned("profiles_identifier", "customer_id", by_bucket=False),
    Owned("profiles_profile", "id"),
    Owned("profiles_enrichment", "id"),
    Owned("profiles_searchkeys", "id"),
    Owned("profiles_servicerequest", "customer_id"),
)
_TOGETHER_SQL = """
SELECT b.locator FROM profiles_passenger p
JOIN profiles_passenger o ON o.booking_id = p.booking_id AND o.record_id <> p.record_id
JOIN profiles_booking b ON b.bucket = get_byte(uuid_send(p.booking_id), 15) AND b.id = p.booking_id
WHERE p.bucket = get_byte(uuid_send(%(one)s::uuid), 15) AND p.customer_id = %(one)s
  AND o.bucket = get_byte(uuid_send(%(other)s::uuid), 15) AND o.customer_id = %(other)s
LIMIT 1
"""
# Something was told of these people since, by a feed or by another act.
_TOLD_SINCE_SQL = """
SELECT EXISTS (
    SELECT FROM profiles_link l WHERE l.bucket = ANY(%(buckets)s::smallint[]) AND l.customer_id = ANY(%(ids)s::uuid[])
      AND (l.linked_at > %(at)s OR l.ended_at > %(at)s)
) OR EXISTS (
    SELECT FROM profiles_event e WHERE e.bucket = ANY(%(buckets)s::smallint[]) AND e.customer_id = ANY(%(ids)s::uuid[])
      AND e.ingested_at > %(at)s
)
"""


class CannotMerge(Exception):
    """The two cannot be made one; the message says why."""


class CannotSplit(Exception):
    """The records cannot be taken off; the message says why."""


class CannotUndo(Exception):
    """The act cannot be taken back; the message says why."""


@transaction.atomic
def merge_customers(*, one: UUID, other: UUID, by: User, reason: str) -> IdentityAct:
    """Make two customers one: the older id survives, the younger leads to it. Raises CannotMerge."""
    undo.alone()
    _check_merge(one, other)
    return _merge(one, other, by=by, reason=reason)


@transaction.atomic
def split_customer(
    *, customer_id: UUID, records: Sequence[UUID], by: User, reason: str, into: UUID | None = None
) -> IdentityAct:
    """Take records off a customer: to somebody new, or back to `into`, who was folded into this one.

    Without records, `into` gets back all that came with them. Raises CannotSplit.
    """
    undo.alone()
    records = list(records) or (split.came_with(customer_id, into) if into else [])
    _check_split(customer_id, records, into)
    return _split(customer_id, records, into, by=by, reason=reason)


@transaction.atomic
def undo_act(*, act_id: UUID, by: User, reason: str) -> IdentityAct:
    """Take a merge or a split back, in one act. Raises CannotUndo."""
    undo.alone()
    act = IdentityAct.objects.select_for_update().filter(id=act_id).first()
    _check_undo(act)
    assert act is not None
    kept = undo.has_rows(act.id)
    told = _told_since(act)
    if act.kind == ActKind.MERGE:
        records = _theirs(act)
        back = _split(act.customer_id, records, act.other_id, by=by, reason=reason, undoes=act, follow=not kept)
        review.reopen(act.customer_id, act.other_id)
    else:
        back = _merge(act.customer_id, act.other_id, by=by, reason=reason, undoes=act, follow=not kept)
    both = [act.customer_id, act.other_id]
    if kept:
        renewed = any(follower.renewed_since(act.at) for follower in followers.connected())
        # What was logged meanwhile of the one who stayed is history; only who comes back gets an earlier one again.
        undo.put_back_rows(act.id, followers.tables(), [act.other_id] if told or renewed else both)
        if told or renewed:
            _catch_up(both, at=back.at)
        else:
            undo.put_back_rows(act.id, _OURS, both)
    act.undone_at = back.at
    act.save(update_fields=["undone_at"])
    return back


def preview_merge(*, one: UUID, other: UUID, by: User) -> BlastRadius:
    """What `merge_customers` would change. Raises CannotMerge."""
    warnings = merge_warnings(one, other)
    return blast_radius.preview(
        lambda: merge_customers(one=one, other=other, by=by, reason="preview"),
        customers=sorted((one, other)),
        warnings=warnings,
    )


def preview_split(*, customer_id: UUID, records: Sequence[UUID], by: User, into: UUID | None = None) -> BlastRadius:
    """What `split_customer` would change. Raises CannotSplit."""
    return blast_radius.preview(
        lambda: split_customer(customer_id=customer_id, records=records, by=by, reason="preview", into=into),
        customers=[customer_id],
    )


def preview_undo(*, act_id: UUID, by: User) -> BlastRadius:
    """What `undo_act` would change. Raises CannotUndo."""
    act = IdentityAct.objects.filter(id=act_id).first()
    _check_undo(act)
    assert act is not None
    living = [act.customer_id, *([act.other_id] if act.kind == ActKind.SPLIT else [])]
    return blast_radius.preview(lambda: undo_act(act_id=act_id, by=by, reason="preview"), customers=living)


def merge_warnings(one: UUID, other: UUID) -> list[str]:
    """Reasons to look twice before the two are made one."""
    known = known_people([one.bytes, other.bytes])
    if contradict(known.get(one.bytes, Known()), known.get(other.bytes, Known())):
        return ["Names or birth dates contradict: no feed would ever make these two one."]
    return []


def acts_of(customer_id: UUID, limit: int = 20) -> list[IdentityAct]:
    """What was decided about this customer, newest first."""
    mine = Q(customer_id=customer_id) | Q(other_id=customer_id)
    return list(IdentityAct.objects.filter(mine).select_related("actor").order_by("-at", "-id")[:limit])


def _merge(
    one: UUID, other: UUID, *, by: User, reason: str, undoes: IdentityAct | None = None, follow: bool = True
) -> IdentityAct:
    survivor, duplicate = sorted((one, other))
    if undoes is not None:
        survivor, duplicate = undoes.customer_id, undoes.other_id
    act = _act(ActKind.MERGE, survivor, duplicate, by=by, reason=reason, undoes=undoes)
    act.records = _linked(duplicate)
    _keep(act)
    act.save()
    merge.fold([(survivor, duplicate)], at=act.at, by=by)
    _split_no_more(act)
    if follow:
        _catch_up([survivor, duplicate], at=act.at)
    _tell(act, "merged customers" if undoes is None else "took a split back")
    return act


def _split(
    customer_id: UUID,
    records: Sequence[UUID],
    into: UUID | None,
    *,
    by: User,
    reason: str,
    undoes: IdentityAct | None = None,
    follow: bool = True,
) -> IdentityAct:
    at = clock.now()
    other = split.open_customer(customer_id, into=into, at=at)
    act = _act(ActKind.SPLIT, customer_id, other, by=by, reason=reason, undoes=undoes, at=at)
    _keep(act)
    moved = split.detach(customer_id=customer_id, into=other, records=records, at=at, by=by)
    act.records = _linked(other)
    act.save()
    split.part_identifiers(
        customer_id=customer_id,
        into=other,
        theirs=rereading.keys_of_customer(other),
        rest=rereading.keys_of_customer(customer_id),
        moved=moved,
    )
    if follow:
        _catch_up([customer_id, other], at=at)
    _tell(act, "split a customer" if undoes is None else "took a merge back")
    return act


def _theirs(act: IdentityAct) -> list[UUID]:
    """The records that came with the one who was folded away, and those since that name nobody but them."""
    came = split.came_with(act.customer_id, act.other_id)
    since = split.linked_since(act.customer_id, act.at)
    if not since:
        return came
    told = rereading.keys_of(split.linked_to(act.customer_id))
    claimed = split.claimed_by(act.customer_id)
    named = {record: claimed & set(keys) for record, keys in told.items()}
    theirs = {key for record in came for key in named.get(record, ())}
    others = {key for record, keys in named.items() if record not in {*came, *since} for key in keys}
    return [*came, *(r for r in since if named.get(r, set()) & theirs and not named[r] & others)]


def _act(
    kind: ActKind,
    customer_id: UUID,
    other: UUID,
    *,
    by: User,
    reason: str,
    undoes: IdentityAct | None,
    at: datetime | None = None,
) -> IdentityAct:
    return IdentityAct(
        id=uuid7(),
        kind=kind,
        customer_id=customer_id,
        other_id=other,
        records=0,
        reason=reason[:500],
        at=at or clock.now(),
        actor=by,
        undoes=undoes.id if undoes else None,
    )


def _keep(act: IdentityAct) -> None:
    undo.keep_rows(act.id, [*_OURS, *followers.tables()], [act.customer_id, act.other_id])


def _catch_up(customers: Sequence[UUID], *, at: datetime) -> None:
    """Replay survivorship for these customers, and let everything that is derived of them follow."""
    as_of = _derived_as_of(customers) or at
    assemble.rebuild([each.bytes for each in _living(customers)], at=at)
    with codes.using(code_entries.snapshot()):
        derived.refresh_customers(customers, as_of)
    search_keys.refresh_customers(_living(customers))
    for follower in followers.connected():
        follower.follow(customers)


def _derived_as_of(customers: Sequence[UUID]) -> datetime | None:
    """The moment of the last refresh of these people, so that they do not look older than all others."""
    rows = Enrichment.objects.filter(bucket__in=[bucket_of(each) for each in customers], id__in=list(customers))
    moment: datetime | None = rows.aggregate(newest=Max("as_of"))["newest"]
    return moment


def _living(customers: Sequence[UUID]) -> list[UUID]:
    rows = Customer.objects.living().filter(bucket__in=[bucket_of(c) for c in customers], id__in=list(customers))
    return list(rows.values_list("id", flat=True))


def _linked(customer_id: UUID) -> int:
    return Link.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id, ended_at__isnull=True).count()


def _split_no_more(act: IdentityAct) -> None:
    """Who is merged by hand is no longer kept apart by an earlier split."""
    either = Q(customer_id=act.customer_id, other_id=act.other_id) | Q(
        customer_id=act.other_id, other_id=act.customer_id
    )
    IdentityAct.objects.filter(either, kind=ActKind.SPLIT, undone_at__isnull=True).update(undone_at=act.at)


def _tell(act: IdentityAct, action: str) -> None:
    audit.record(
        action=action,
        actor=act.actor,
        ids=[act.customer_id, act.other_id],
        reason=act.reason,
        details={"act": str(act.id), "records": act.records},
    )


def _told_since(act: IdentityAct) -> bool:
    both = [act.customer_id, act.other_id]
    params: dict[str, Any] = {"ids": both, "buckets": [bucket_of(each) for each in both], "at": act.at}
    with connection.cursor() as cursor:
        cursor.execute(_TOLD_SINCE_SQL, params)
        (told,) = cursor.fetchone()
    return bool(told) or any(said.since_at > act.at for each in both for said in consent.states(each))


def _check_merge(one: UUID, other: UUID) -> None:
    if one == other:
        raise CannotMerge("This is one and the same customer.")
    if len(_living([one, other])) < 2:
        raise CannotMerge("One of the two is not there, or was folded into another already.")
    if subjects.frozen([one, other]):
        raise CannotMerge("The data of one of the two is restricted or erased; it is stored, and nothing else.")
    with connection.cursor() as cursor:
        cursor.execute(_TOGETHER_SQL, {"one": one, "other": other})
        found = cursor.fetchone()
    if found:
        raise CannotMerge(f"Both travel on booking {found[0]}: two passengers of one booking are two people.")


def _check_split(customer_id: UUID, records: Sequence[UUID], into: UUID | None) -> None:
    if not _living([customer_id]):
        raise CannotSplit("This customer is not there, or was folded into another.")
    if subjects.frozen([customer_id]):
        raise CannotSplit("This customer's data is restricted or erased; it is stored, and nothing else.")
    folded = Customer.objects.filter(bucket=bucket_of(into), id=into).first() if into else None
    if into and (folded is None or folded.merged_into != customer_id):
        raise CannotSplit("Nobody of that id was folded into this customer.")
    where = {"bucket": bucket_of(customer_id), "customer_id": customer_id, "ended_at__isnull": True}
    mine = set(Link.objects.filter(**where).values_list("record_id", flat=True))
    if not mine & set(records):
        raise CannotSplit("None of these records is linked to this customer.")
    if mine <= set(records):
        raise CannotSplit("At least one record has to stay: with all of them gone, nobody would be left.")


def _check_undo(act: IdentityAct | None) -> None:
    if act is None:
        raise CannotUndo("There is no such act.")
    if act.undone_at:
        raise CannotUndo(f"This was taken back already, at {act.at:%d %b %Y, %H:%M} UTC.")
    if act.undoes:
        raise CannotUndo("This took another act back; merge or split again instead.")
    both = [act.customer_id, act.other_id]
    if subjects.frozen(both):
        raise CannotUndo("The data of one of them is restricted or erased; it is stored, and nothing else.")
    later = IdentityAct.objects.filter(
        Q(customer_id__in=both) | Q(other_id__in=both), at__gt=act.at, undone_at__isnull=True, undoes__isnull=True
    )
    if later.exists():
        raise CannotUndo("A later merge or split of these people stands; take that one back first.")
    place = Customer.objects.filter(bucket=bucket_of(act.other_id), id=act.other_id).first()
    expected = act.customer_id if act.kind == ActKind.MERGE else None
    if place is None or place.merged_into != expected:
        raise CannotUndo("These people were merged further since; take that back first.")
