"""Rights of a person: what they ask, until when we must answer, and the answer.

Comes in: a request for a customer. Goes out: the act, or the package. Refuses: to act before the identity is
verified, which is checked where the act runs and not only where it is ordered.
"""

from __future__ import annotations

import hashlib
from calendar import monthrange
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from iaros.accounts.models import User
from iaros.lib import clock, jobs
from iaros.lib.models import Job
from iaros.lib.purposes import Purpose
from iaros.lib.queues import Queue
from privacy import audit, data_holders, erasure, ledger, subjects
from privacy.erasure import CannotAnswer, IdentityNotVerified, Progress
from privacy.models import ConsentValue, RequestKind, RequestState, RightsRequest

JOB_KIND = "rights request"
TASK = "privacy.tasks.answer_rights_request"


def open_request(
    kind: RequestKind | str,
    customer_id: UUID,
    *,
    purpose: str = "",
    channel: str = "",
    received_at: datetime | None = None,
    received_through: str = "",
    by: User | None = None,
) -> RightsRequest:
    """Take a request in and start its clock: one calendar month from the day it arrived."""
    received = received_at or clock.now()
    with transaction.atomic():
        request = RightsRequest.objects.create(
            kind=RequestKind(kind),
            customer_id=customer_id,
            purpose=purpose,
            channel=channel,
            received_at=received,
            due_at=a_month_after(received),
            received_through=received_through,
        )
        _note(request, "request received", by)
    return request


def verify_identity(request: RightsRequest, *, how: str, by: User) -> None:
    """Write down that the one who asks is the person, how that was checked, and by whom."""
    if not how.strip():
        raise CannotAnswer("Say how the identity was checked.")
    with transaction.atomic():
        request.verification, request.verified_by, request.verified_at = how, by, clock.now()
        request.state = RequestState.VERIFIED
        request.save(update_fields=["verification", "verified_by", "verified_at", "state"])
        _note(request, "identity verified", by)


@transaction.atomic
def run_as_job(request: RightsRequest, *, by: User | None = None) -> Job:
    """Order the answer; a worker carries it out. A request that is running or done is not ordered again."""
    request = RightsRequest.objects.select_for_update().get(id=request.id)
    if request.verified_at is None:
        raise IdentityNotVerified("The identity is not verified.")
    if request.state not in (RequestState.VERIFIED, RequestState.FAILED, RequestState.RUNNING):
        raise CannotAnswer(f"The request is {request.get_state_display().lower()}.")
    under_way = Job.objects.filter(id=request.job_id).first() if request.job_id else None
    if under_way and not jobs.finished(under_way):
        raise CannotAnswer("Its job is still under way.")
    job = jobs.start(JOB_KIND, {"request_id": str(request.id)}, owner=by, task=TASK, queue=Queue.BATCH)
    request.job_id = job.id
    request.save(update_fields=["job_id"])
    return job


def answer(request_id: UUID, progress: Progress | None = None) -> RightsRequest:
    """Carry the request out. Answering a completed one again changes nothing."""
    request = RightsRequest.objects.get(id=request_id)
    if request.verified_at is None:
        raise IdentityNotVerified("The identity is not verified.")
    if request.kind == RequestKind.ERASURE:
        return erasure.erase(request_id, progress)
    if request.state != RequestState.COMPLETED:
        _answer_at_once(request)
    return request


@transaction.atomic
def _answer_at_once(request: RightsRequest) -> None:
    acts: dict[str, Callable[[RightsRequest], None]] = {
        RequestKind.ACCESS: _pack,
        RequestKind.OBJECTION: _object,
        RequestKind.RESTRICTION: lambda r: subjects.restrict(r.customer_id),
    }
    acts[request.kind](request)
    request.state, request.completed_at, request.problem = RequestState.COMPLETED, clock.now(), ""
    request.save()
    _note(request, f"{request.kind} carried out", None)


def package_of(request: RightsRequest, *, by: User) -> bytes:
    """The JSON that answers an access request. Handing it out is audited; after an erasure it is gone."""
    sealer = subjects.sealers([request.customer_id]).get(request.customer_id)
    if request.package is None or sealer is None:
        raise CannotAnswer("There is no package: it was not made yet, or the person was erased since.")
    _note(request, "access package handed out", by)
    return sealer.open(request.package, _place(request))


def collect(customer_id: UUID) -> dict[str, Any]:
    """Everything the connected apps hold about the person, by app."""
    return {holder.name: holder.export(customer_id) for holder in data_holders.connected()}


def a_month_after(moment: datetime) -> datetime:
    """The same day of the next month, or its last day where there is no such day (Article 12(3) GDPR)."""
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _pack(request: RightsRequest) -> None:
    sealer = subjects.sealers([request.customer_id]).get(request.customer_id)
    if sealer is None:
        raise CannotAnswer("We know no such person, or they were erased.")
    package = orjson.dumps(
        {"customer_id": request.customer_id, "as_of": clock.now(), "data": collect(request.customer_id)},
        default=str,
        option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS,
    )
    # Under the person's own key, so that an erasure after the answer takes the answer with it.
    request.package = sealer.seal(package, _place(request))
    request.package_sha256 = hashlib.sha256(package).hexdigest()


def _object(request: RightsRequest) -> None:
    ledger.record(
        [
            ledger.ConsentEntry(
                customer_id=request.customer_id,
                purpose=request.purpose,
                channel=request.channel,
                state=ConsentValue.OBJECTED,
                occurred_at=request.received_at,
                method="rights request",
                source="privacy",
            )
        ]
    )


def _place(request: RightsRequest) -> bytes:
    return b"privacy_rightsrequest.package:" + request.id.bytes


def _note(request: RightsRequest, action: str, by: User | None) -> None:
    audit.record(
        action=action,
        actor=by,
        purpose=Purpose.LEGAL_OBLIGATION,
        ids=[request.customer_id],
        details={"request": str(request.id), "kind": request.kind},
    )
