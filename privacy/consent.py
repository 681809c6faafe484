"""The gate: whose data may be used for a purpose. Part of every query that reads people; it fails closed.

On the basis of consent unknown is no: there must be a granted state, for the channel or for all channels,
and no refusal of either. On contract and legitimate interest it is yes unless the person refused. A person
who is erased or unknown to us is never let through; one who is restricted only for what the law itself asks of
us, such as answering their own request (Article 18(2)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Exists, Func, IntegerField, Model, OuterRef, QuerySet

from iaros.lib import clock, sql
from iaros.lib.ids import bucket_of
from iaros.lib.purposes import BASIS, Channel, LawfulBasis, Purpose
from privacy.ledger import (
    ALL_CHANNELS,
    ConsentEntry,
    NotAConsent,
    give_back,
    move,
    move_all,
    rebuild_states,
    record,
)
from privacy.models import ConsentEvent, ConsentState, ConsentValue, Subject

__all__ = [
    "ALL_CHANNELS",
    "ConsentEntry",
    "Decision",
    "NotAConsent",
    "Standing",
    "decide",
    "gate",
    "gate_queryset",
    "give_back",
    "history",
    "move",
    "move_all",
    "rebuild_states",
    "record",
    "states",
]

M = TypeVar("M", bound=Model)

_SUBJECT = (
    "EXISTS (SELECT 1 FROM privacy_subject{part} gate_subject WHERE gate_subject.bucket = {bucket}{subjects} "
    "AND gate_subject.id = {customer} AND gate_subject.erased_at IS NULL{unrestricted})"
)
_UNRESTRICTED = " AND gate_subject.restricted_at IS NULL"
_SAID = (
    "EXISTS (SELECT 1 FROM privacy_consentstate{part} gate_state WHERE gate_state.bucket = {bucket}{states} "
    "AND gate_state.customer_id = {customer} AND gate_state.purpose = %({name})s "
    "AND gate_state.channel = ANY(%({name}_channels)s) AND gate_state.state {said} 'granted')"
)


_STANDING_SQL = """
SELECT s.restricted_at, s.erased_at, c.channel, c.state, c.occurred_at
FROM privacy_subject s
LEFT JOIN privacy_consentstate c
    ON c.bucket = s.bucket AND c.customer_id = s.id
    AND c.purpose = %(purpose)s AND c.channel = ANY(%(channels)s)
WHERE s.bucket = %(bucket)s AND s.id = %(id)s
"""


@dataclass(frozen=True)
class Decision:
    """May this person's data be used so, on which ground, and why; true at `as_of`."""

    allowed: bool
    basis: LawfulBasis
    reason: str
    as_of: datetime


@dataclass(frozen=True)
class Standing:
    """Where a person stands on one purpose and channel ("" is all channels), and since when."""

    purpose: str
    channel: str
    state: str
    since_at: datetime


def gate(
    purpose: Purpose | str,
    channel: Channel | str | None = None,
    *,
    customer: str = "c.id",
    bucket: str | None = None,
    within: str = "",
    part: str = "",
) -> tuple[str, dict[str, Any]]:
    """The gate as an SQL condition and its parameters; two gates of different purposes fit in one statement.

    `customer` is the column of the customer's id. `bucket` is its bucket's, by which Postgres goes to one
    partition; not given, it is the column `bucket` of the same table. `within` says again of which buckets the
    statement is ("{table}.bucket BETWEEN ..."): Postgres does not infer it, and would read the other partitions too.
    `part` ("_05") names the partition itself, which spares the planner the search.
    Names come from code, never from a user.
    """
    purpose, channels = Purpose(purpose), _channels(channel)
    name = "_".join(["gate", purpose.replace(".", "_"), *channels[1:]])
    near = {
        part: f" AND {within.format(table=f'gate_{part[:-1]}')}" if within else "" for part in ("subjects", "states")
    }
    names = {"customer": customer, "bucket": bucket or _bucket_beside(customer), "name": name, "part": part, **near}
    by_law = BASIS[purpose] is LawfulBasis.LEGAL_OBLIGATION
    conditions = [_SUBJECT.format(unrestricted="" if by_law else _UNRESTRICTED, **names)]
    if BASIS[purpose] is LawfulBasis.CONSENT:
        conditions.append(_SAID.format(said="=", **names))
    if not by_law:
        conditions.append("NOT " + _SAID.format(said="<>", **names))
    return f"({' AND '.join(conditions)})", {name: purpose.value, f"{name}_channels": channels}


def gate_queryset(
    queryset: QuerySet[M], purpose: Purpose | str, channel: Channel | str | None = None, *, field: str = "id"
) -> QuerySet[M]:
    """The rows of `queryset` whose customer (`field`) may be used for the purpose."""
    purpose = Purpose(purpose)
    bucket = _outer_bucket(queryset.model, field)
    said = ConsentState.objects.filter(
        bucket=bucket, customer_id=OuterRef(field), purpose=purpose, channel__in=_channels(channel)
    )
    subject = Subject.objects.filter(bucket=bucket, id=OuterRef(field), erased_at__isnull=True)
    if BASIS[purpose] is LawfulBasis.LEGAL_OBLIGATION:
        return queryset.filter(Exists(subject))
    allowed = queryset.filter(Exists(subject.filter(restricted_at__isnull=True)))
    if BASIS[purpose] is LawfulBasis.CONSENT:
        allowed = allowed.filter(Exists(said.filter(state=ConsentValue.GRANTED)))
    return allowed.exclude(Exists(said.exclude(state=ConsentValue.GRANTED)))


def decide(customer_id: UUID, purpose: Purpose | str, channel: Channel | str | None = None) -> Decision:
    """The gate for one person, with the reason in words; one query."""
    purpose = Purpose(purpose)
    basis = BASIS[purpose]
    rows = sql.query(
        _STANDING_SQL,
        {
            "bucket": bucket_of(customer_id),
            "id": customer_id,
            "purpose": purpose.value,
            "channels": _channels(channel),
        },
    )
    refusal = _unknown_or_erased(rows)
    if refusal is None and basis is not LawfulBasis.LEGAL_OBLIGATION:
        said = [Standing(purpose, row["channel"], row["state"], row["occurred_at"]) for row in rows if row["state"]]
        refusal = _restricted(rows[0]["restricted_at"]) or _refusal(said, basis)
    return Decision(refusal is None, basis, refusal or _ground(basis), clock.now())


def states(customer_id: UUID) -> list[Standing]:
    """Where the person stands, purpose by purpose."""
    rows = ConsentState.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
    return [
        Standing(row.purpose, row.channel, row.state, row.occurred_at) for row in rows.order_by("purpose", "channel")
    ]


def history(customer_id: UUID) -> list[ConsentEntry]:
    """Everything the person said, newest first, with where and how it was said."""
    rows = ConsentEvent.objects.filter(bucket=bucket_of(customer_id), customer_id=customer_id)
    return [_entry(row) for row in rows.order_by("-occurred_at", "id")]


def _channels(channel: Channel | str | None) -> list[str]:
    return [ALL_CHANNELS] if channel is None else [ALL_CHANNELS, Channel(channel).value]


def _bucket_beside(customer: str) -> str:
    table, dot, _ = customer.rpartition(".")
    return f"{table}{dot}bucket"


def _outer_bucket(model: type[Model], field: str) -> Any:
    if any(each.name == "bucket" for each in model._meta.get_fields()):
        return OuterRef("bucket")
    last_byte = "get_byte(uuid_send(%(expressions)s), 15)::smallint"
    return Func(OuterRef(field), template=last_byte, output_field=IntegerField())


def _unknown_or_erased(rows: list[dict[str, Any]]) -> str | None:
    if not rows:
        return "We know no such person."
    return "This person was erased." if rows[0]["erased_at"] else None


def _restricted(restricted_at: datetime | None) -> str | None:
    return f"Restricted since {restricted_at:%d %B %Y}: stored, and nothing else." if restricted_at else None


def _refusal(said: list[Standing], basis: LawfulBasis) -> str | None:
    refused = [s for s in said if s.state != ConsentValue.GRANTED]
    if refused:
        newest = max(refused, key=lambda s: s.since_at)
        where = f" for {Channel(newest.channel).label}" if newest.channel else ""
        return f"{ConsentValue(newest.state).label}{where} on {newest.since_at:%d %B %Y}."
    if basis is LawfulBasis.CONSENT and not said:
        return "Nothing is known: without consent, no."
    return None


def _ground(basis: LawfulBasis) -> str:
    return "Consent was given." if basis is LawfulBasis.CONSENT else f"{basis.label}, and nobody objected."


def _entry(row: ConsentEvent) -> ConsentEntry:
    return ConsentEntry(
        customer_id=row.customer_id,
        purpose=row.purpose,
        state=row.state,
        occurred_at=row.occurred_at,
        channel=row.channel,
        record_id=row.record_id,
        method=row.method,
        policy_version=row.policy_version,
        language=row.language,
        source=row.source,
    )
