"""What a merge or split would change, found out by doing it for real in a transaction that is taken back.

Comes in: an act. Goes out: what would read otherwise afterwards: golden values (masked), consents, and all that
followers derive (segments, scores, what may be sent, offers). Nothing stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction

from iaros.lib.ids import bucket_of
from iaros.lib.purposes import Channel, Purpose
from privacy import consent, subjects
from profiles import followers, masking
from profiles.models import Event, IdentityAct, Link, Profile
from profiles.person_values import of_profile
from profiles.sources.contract import DISRUPTION_CONTACTS, PERSON_FIELDS

PROFILE, CONSENT, TOLD = "profile", "consent", "told"


@dataclass(frozen=True)
class Change:
    """One thing that reads otherwise afterwards, for one of the people; an empty side is nothing."""

    customer_id: UUID
    kind: str
    name: str
    before: str
    after: str


@dataclass(frozen=True)
class BlastRadius:
    """What an act would change; `warnings` are reasons to look twice."""

    kind: str
    customers: Sequence[UUID]
    records: int
    changes: Sequence[Change]
    warnings: Sequence[str] = ()
    by_kind: Mapping[str, list[Change]] = field(default_factory=dict)


def preview(act: Callable[[], IdentityAct], *, customers: Sequence[UUID], warnings: Sequence[str] = ()) -> BlastRadius:
    """Carry the act out, compare, and take it back. Raises what the act raises."""
    with transaction.atomic():
        before = _standing(customers)
        done = act()
        everybody = list(dict.fromkeys([*customers, done.customer_id, done.other_id]))
        after = _standing(everybody)
        transaction.set_rollback(True)
    # Who is folded away is compared with the one who stays: what of theirs would be lost?
    reads_as = {each: each if after[each] else done.customer_id for each in everybody}
    changes = [
        change for each in everybody for change in _changes(each, before.get(each) or {}, after[reads_as[each]] or {})
    ]
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change)
    return BlastRadius(done.kind, everybody, done.records, changes, list(warnings), by_kind)


def _changes(
    customer_id: UUID, before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> list[Change]:
    found = []
    for kind in dict.fromkeys([*before, *after]):
        was, would_be = before.get(kind, {}), after.get(kind, {})
        for name in dict.fromkeys([*was, *would_be]):
            one, other = was.get(name, ""), would_be.get(name, "")
            if one != other:
                found.append(Change(customer_id, kind, name, one, other))
    return found


def _standing(customers: Sequence[UUID]) -> dict[UUID, dict[str, Mapping[str, str]]]:
    """How these people read; nothing for those who were folded away or are not there."""
    told: dict[UUID, dict[str, Mapping[str, str]]] = {each: _own(each) for each in customers}
    living = [each for each, own in told.items() if own]
    for follower in followers.connected():
        for each, standing in follower.standing(living).items():
            told[each] |= standing
    return told


def _own(customer_id: UUID) -> dict[str, Mapping[str, str]]:
    where = {"bucket": bucket_of(customer_id), "customer_id": customer_id}
    links = Link.objects.filter(**where, ended_at__isnull=True).count()
    if not links:
        return {}
    events = Event.objects.filter(**where).count()
    return {
        PROFILE: _values(customer_id),
        CONSENT: {_named(s): s.state for s in consent.states(customer_id)},
        TOLD: {"records": str(links), "events": str(events)},
    }


def _named(standing: consent.Standing) -> str:
    channel = f", {Channel(standing.channel).label}" if standing.channel else ""
    return f"{Purpose(standing.purpose).label}{channel}"


def _values(customer_id: UUID) -> dict[str, str]:
    row = Profile.objects.filter(bucket=bucket_of(customer_id), id=customer_id).first()
    sealer = subjects.sealers([customer_id]).get(customer_id) if row else None
    if row is None or sealer is None:
        return {}
    values = zip(
        PERSON_FIELDS, of_profile(sealer.open(row.cipher, b"profile:" + customer_id.bytes), vars(row)), strict=False
    )
    return {
        name: masking.masked(name, value) or "" for name, value in values if value and name not in DISRUPTION_CONTACTS
    }
