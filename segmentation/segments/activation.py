"""Send a segment's members somewhere, for its purpose and on its channel.

Every member is looked at again in the statement that takes them: membership, address, consent, holdout, how often they
were contacted, age. What became of each is logged with the sending, in one transaction a batch; a run that died goes
on with those who are not in the log. Who is held out follows from a draw of the segment's own, which never changes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from iaros.accounts.models import User
from iaros.lib import clock, sql
from iaros.lib.ids import BUCKETS, bucket_of
from iaros.lib.purposes import Purpose
from iaros.lib.reports import Progress, silent
from privacy import audit, consent
from profiles.models import EventKind
from segmentation.models import (
    Activation,
    Destination,
    DestinationKind,
    Emission,
    Outcome,
    Segment,
    SegmentStatus,
)
from segmentation.segments import destinations, power, reach

BATCH = 500
KEPT = timedelta(days=7)
_BASELINE_DAYS = 30
_RANGES = 32

# The order in which a member is turned away; whoever passes all is sent.
_OUTCOMES = """
SELECT s.id, CASE WHEN NOT s.identified THEN 'no_address' WHEN NOT (s.consented AND {shared}) THEN 'no_consent'
    WHEN NOT s.not_held_out THEN 'held_out' WHEN NOT s.under_cap THEN 'capped'
    WHEN NOT s.exportable THEN 'not_exportable' ELSE 'sent' END AS outcome
FROM stepped s
WHERE NOT EXISTS (SELECT 1 FROM segmentation_emission x WHERE x.bucket = s.bucket AND x.customer_id = s.id
                  AND x.activation_id = %(activation)s)
ORDER BY s.bucket, s.id
"""
_BASELINE_SQL = """
SELECT count(*) AS members, count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM profiles_event e WHERE e.bucket = m.bucket AND e.customer_id = m.id AND e.kind = %(kind)s
    AND e.occurred_at >= %(since)s AND e.occurred_at < %(at)s)) AS booked
FROM segmentation_membership m
WHERE length(m.bitmap) > %(byte)s AND get_bit(m.bitmap, %(bit)s) = 1 AND {gate}
"""


class CannotActivate(Exception):
    """The segment or the destination is not ready; the message says why."""


def prepare(segment: Segment, destination: Destination, by: User | None = None) -> Activation:
    """Write the sending down. Raises CannotActivate."""
    version = segment.versions.order_by("-number").first()
    if segment.status != SegmentStatus.PUBLISHED or version is None:
        raise CannotActivate(f"{segment.name} is not published")
    if segment.counted_at is None:
        raise CannotActivate(f"{segment.name} was not counted yet; it is with the next refresh")
    try:
        destinations.check(destination)
    except destinations.CannotSend as error:
        raise CannotActivate(str(error)) from None
    return Activation.objects.create(
        segment=segment,
        destination=destination,
        version=version.number,
        purpose=segment.purpose,
        channel=segment.channel,
        holdout_percent=segment.holdout_percent,
        started_by=by,
    )


def run(activation: Activation, progress: Progress = silent) -> dict[str, int]:
    """Send whoever may be sent; returns people by outcome. Raises destinations.CannotSend: what was sent stays sent."""
    destinations.check(activation.destination)
    _forget_old_files()
    if activation.destination.kind == DestinationKind.FILE:
        _to_file(activation, progress)
    else:
        _by_batches(activation, progress)
    counts = dict(
        Counter(Emission.objects.filter(activation_id=activation.id).values_list("outcome", flat=True).iterator())
    )
    activation.counts, activation.finished_at = counts, clock.now()
    activation.power = asdict(_power(activation, counts))
    activation.save(update_fields=["counts", "finished_at", "power", "file_name"])
    return counts


@transaction.atomic
def _to_file(activation: Activation, progress: Progress) -> None:
    """All in one transaction: the log names those in the file, and nobody else."""
    sent: list[UUID] = []
    for found in _looked_at(activation, progress):
        _log(activation, found)
        sent += [one for one, outcome in found if outcome == Outcome.SENT]
    told = [str(activation.segment.slug), str(activation.version), clock.now().isoformat()]
    rows = [[str(one), *told] for one in sent]
    activation.file_name = destinations.write(str(activation.id), rows, activation.destination.file_format)
    _audit(activation, sent)


def _by_batches(activation: Activation, progress: Progress) -> None:
    for found in _looked_at(activation, progress):
        for start in range(0, len(found), BATCH):
            _send(activation, found[start : start + BATCH])


@transaction.atomic
def _send(activation: Activation, found: list[tuple[UUID, str]]) -> None:
    """Log and send a batch; if it is not taken, nothing of it was logged."""
    sent = _still_agreed(activation, [one for one, outcome in found if outcome == Outcome.SENT])
    found = [
        (one, Outcome.NO_CONSENT.value if outcome == Outcome.SENT and one not in sent else outcome)
        for one, outcome in found
    ]
    _log(activation, found)
    if not sent:
        return
    _audit(activation, sorted(sent))
    document: dict[str, Any] = {
        "type": "segment.members",
        "segment": activation.segment.slug,
        "version": activation.version,
        "purpose": activation.purpose,
        "channel": activation.channel,
    }
    if activation.destination.kind == DestinationKind.AD_AUDIENCE:
        document["members"] = destinations.hashed(sorted(sent), Purpose(activation.purpose))
    else:
        document["members"] = [{"customer_id": str(one)} for one in sorted(sent)]
    destinations.post(activation.destination, f"{activation.id}.{min(sent)}", document, clock.now())


def _still_agreed(activation: Activation, ids: Sequence[UUID]) -> set[UUID]:
    """The gate once more, in the transaction that sends: minutes may lie between a range and its last batch."""
    if not ids:
        return set()
    gate, params = consent.gate(activation.purpose, activation.channel, customer="c.id")
    shared, more = _shared(activation, "c.id")
    statement = (
        "SELECT c.id FROM profiles_customer c "
        f"WHERE c.bucket = ANY(%(buckets)s::smallint[]) AND c.id = ANY(%(ids)s::uuid[]) AND {gate} AND {shared}"
    )
    params |= {**more, "ids": list(ids), "buckets": sorted({bucket_of(one) for one in ids})}
    return {row["id"] for row in sql.query(statement, params)}


def _looked_at(activation: Activation, progress: Progress) -> Iterator[list[tuple[UUID, str]]]:
    """Members who are not in the log yet, each with what becomes of them, range of buckets by range."""
    width = BUCKETS // _RANGES
    for nth in range(_RANGES):
        progress(phase="sending", done=nth, total=_RANGES)
        yield _outcomes(activation, nth * width, (nth + 1) * width - 1)


def _outcomes(activation: Activation, low: int, high: int) -> list[tuple[UUID, str]]:
    shared, more = _shared(activation, "s.id")
    # Contacts are counted up to this moment, not up to the last refresh.
    statement, params = reach.members_by_step(activation.segment, clock.now(), low, high)
    params |= {**more, "activation": activation.id}
    return [(row["id"], row["outcome"]) for row in sql.query(statement + _OUTCOMES.format(shared=shared), params)]


def _shared(activation: Activation, customer: str) -> tuple[str, dict[str, Any]]:
    """An ad audience is handed to somebody else, which is a purpose of its own."""
    if activation.destination.kind != DestinationKind.AD_AUDIENCE:
        return "true", {}
    return consent.gate(Purpose.SHARING, customer=customer)


def _log(activation: Activation, found: Sequence[tuple[UUID, str]]) -> None:
    now = clock.now()
    Emission.objects.bulk_create(
        [
            Emission(bucket=bucket_of(one), customer_id=one, activation_id=activation.id, outcome=outcome, at=now)
            for one, outcome in found
        ],
        batch_size=1_000,
    )


def _audit(activation: Activation, sent: Sequence[UUID]) -> None:
    audit.record(
        action="activate segment",
        actor=activation.started_by,
        purpose=activation.purpose,
        ids=sent,
        details={"segment": activation.segment.slug, "destination": activation.destination.slug},
    )


def _power(activation: Activation, counts: dict[str, int]) -> power.Power:
    at: datetime = reach.moment()
    gate, params = consent.gate(Purpose.ANALYTICS, customer="m.id")
    position = activation.segment.position
    params |= {
        "kind": int(EventKind.BOOKING_MADE),
        "since": at - timedelta(days=_BASELINE_DAYS),
        "at": at,
        "byte": position // 8,
        "bit": position,
    }
    row = sql.query(_BASELINE_SQL.format(gate=gate), params)[0]
    baseline = row["booked"] / row["members"] if row["members"] else 0.0
    return power.power(counts.get(Outcome.SENT, 0), counts.get(Outcome.HELD_OUT, 0), baseline)


def _forget_old_files() -> None:
    """A file of members is to be fetched, not kept."""
    for path in destinations.folder().iterdir():
        if path.stat().st_mtime < (clock.now() - KEPT).timestamp():
            path.unlink(missing_ok=True)
