"""Erasure: freeze, tombstones, every holder backwards, proof, and the key last.

Comes in: a verified request. Goes out: nothing about the person but what the law keeps. Refuses: an unverified
request, and to begin while an installed app with personal fields has no holder. Each step commits by itself; after
a failure or a crash, running the request again goes on with the steps that are not done.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, transaction

from iaros.lib import clock
from iaros.lib.purposes import Purpose
from privacy import audit, data_holders, subjects
from privacy.models import RequestKind, RequestState, RequestStep, RightsRequest, StepState, Tombstone

KEPT_BY_LAW = "kept_by_law"

_TOMBSTONED_SQL = """
SELECT t.lookup
FROM unnest(string_to_array(%(lookups)s, ',')) AS wanted (digits)
JOIN privacy_tombstone t ON t.lookup = decode(wanted.digits, 'hex')
"""


class CannotAnswer(Exception):
    """The request cannot be carried out; the message says why."""


class IdentityNotVerified(CannotAnswer):
    """Nobody has checked that the one who asks is the person."""


class ErasureFailed(Exception):
    """A holder could not erase, or still held something afterwards. Running the request again goes on from there."""


class Progress(Protocol):
    def __call__(self, *, phase: str, done: int = 0, total: int = 0) -> None: ...


def erase(request_id: UUID, progress: Progress | None = None) -> RightsRequest:
    """Carry an erasure out; the request says how it ended. Raises ErasureFailed with the request set to failed."""
    request = _begin(request_id)
    if request.state == RequestState.COMPLETED:
        return request
    try:
        _walk(request, progress)
        _verify(request)
    except Exception as error:
        RightsRequest.objects.filter(id=request.id).update(
            state=RequestState.FAILED, problem=f"{type(error).__name__}: {error}"[:2000]
        )
        raise
    return _finish(request)


def anyone_erased() -> bool:
    """Is there a tombstone at all? Feeds ask before they look each row up."""
    return Tombstone.objects.exists()


def tombstoned(lookups: Iterable[bytes]) -> set[bytes]:
    """Those of `lookups` (from `encryption.lookup_keys`) that belonged to an erased person: do not take them in."""
    # As one text of hexadecimals: a list of byte strings takes many times as long to hand over.
    with connection.cursor() as cursor:
        cursor.execute(_TOMBSTONED_SQL, {"lookups": ",".join(lookup.hex() for lookup in lookups)})
        return {bytes(lookup) for (lookup,) in cursor.fetchall()}


@transaction.atomic
def _begin(request_id: UUID) -> RightsRequest:
    """Freeze the person and lay the tombstones, before anything is deleted."""
    request = RightsRequest.objects.select_for_update().get(id=request_id)
    if request.kind != RequestKind.ERASURE:
        raise CannotAnswer("This is not a request for erasure.")
    if request.verified_at is None:
        raise IdentityNotVerified("The identity is not verified.")
    if request.state == RequestState.COMPLETED:
        return request
    locator = _everything_is_joined()
    if not request.subject_ids:
        # Taken once: a second run would find less, and what it no longer finds could never be finished.
        request.subject_ids = sorted({request.customer_id, *locator.customers(request.customer_id)})
    _lay_tombstones(request, locator.lookups(request.subject_ids))
    for customer_id in request.subject_ids:
        subjects.restrict(customer_id)
    for position, holder in enumerate(reversed(data_holders.connected())):
        RequestStep.objects.get_or_create(request=request, holder=holder.name, defaults={"position": position})
    request.state, request.problem = RequestState.RUNNING, ""
    request.save(update_fields=["state", "problem", "subject_ids"])
    return request


def _everything_is_joined() -> data_holders.Locator:
    forgotten = data_holders.missing()
    if forgotten:
        raise CannotAnswer(f"No data holder erases {', '.join(forgotten)}; an erasure would leave them behind.")
    locator = data_holders.locator()
    if locator is None:
        raise CannotAnswer("No locator is connected, so the person's identifiers could not be found.")
    return locator


def _lay_tombstones(request: RightsRequest, lookups: Sequence[bytes]) -> None:
    stones = [Tombstone(lookup=lookup, request_id=request.id) for lookup in lookups]
    Tombstone.objects.bulk_create(stones, ignore_conflicts=True)


def _walk(request: RightsRequest, progress: Progress | None) -> None:
    holders = {holder.name: holder for holder in data_holders.connected()}
    steps = list(request.steps.order_by("position", "id"))
    for number, step in enumerate(steps):
        if progress:
            progress(phase=f"erasing from {step.holder}", done=number, total=len(steps))
        if step.state != StepState.DONE:
            _take(step, holders[step.holder], request.subject_ids)


def _take(step: RequestStep, holder: data_holders.DataHolder, customer_ids: list[UUID]) -> None:
    step.attempts += 1
    try:
        with transaction.atomic():
            counts = holder.erase(customer_ids)
            step.state, step.error, step.finished_at = StepState.DONE, "", clock.now()
            step.counts = {table: step.counts.get(table, 0) + rows for table, rows in counts.items()}
            step.save()
    except Exception as error:
        step.state, step.error = StepState.FAILED, f"{type(error).__name__}: {error}"[:2000]
        step.save(update_fields=["state", "error", "attempts"])
        raise ErasureFailed(f"{holder.name} could not erase: {error}") from error


def _verify(request: RightsRequest) -> None:
    """Ask every holder once more; one that still holds something has to erase again at the next run."""
    for holder in data_holders.connected():
        left = sorted({name for each in request.subject_ids for name in _still_held(holder.export(each))})
        if left:
            problem = f"still holds {', '.join(left)}"
            request.steps.filter(holder=holder.name).update(state=StepState.FAILED, error=problem)
            raise ErasureFailed(f"{holder.name} {problem}")


def _still_held(export: dict[str, Any]) -> list[str]:
    return [name for name, held in export.items() if name != KEPT_BY_LAW and held]


@transaction.atomic
def _finish(request: RightsRequest) -> RightsRequest:
    for customer_id in request.subject_ids:
        subjects.destroy_key(customer_id)
    request.state, request.completed_at, request.problem = RequestState.COMPLETED, clock.now(), ""
    request.save(update_fields=["state", "completed_at", "problem"])
    audit.record(
        action="erasure carried out",
        purpose=Purpose.LEGAL_OBLIGATION,
        ids=request.subject_ids,
        details={"request": str(request.id), "deleted": {s.holder: s.counts for s in request.steps.all()}},
    )
    return request
