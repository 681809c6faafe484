"""Doorbells of the house itself: the sweepers, and the refresh of everything."""

from __future__ import annotations

from celery import shared_task

from iaros import pipeline
from iaros.api import idempotency
from iaros.lib import clock, jobs, outbox, packing
from iaros.lib.queues import Queue

REFRESH = "iaros.refresh"


@shared_task(name=REFRESH, queue=Queue.TRAINING, ignore_result=True)
@outbox.doorbell
def refresh(*, job_id: str) -> None:
    """Run the refresh that a job describes: `as_of` (ISO) and `train` are its parameters."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        as_of = clock.parse_as_of(job.params.get("as_of"))
        reports = pipeline.refresh(as_of, train=job.params.get("train", "missing"), progress=progress)
        job.result = pipeline.as_result(reports)


@shared_task(name="iaros.nightly_refresh", queue=Queue.BATCH, ignore_result=True)
def nightly_refresh() -> None:
    """Write tonight's refresh down as a job and ring for it."""
    jobs.start("refresh", {"as_of": clock.now().isoformat()}, task=REFRESH, queue=Queue.TRAINING)


@shared_task(name="iaros.sweep_outbox", queue=Queue.REALTIME, ignore_result=True)
def sweep_outbox() -> None:
    outbox.sweep()


@shared_task(name="iaros.reap_jobs", queue=Queue.REALTIME, ignore_result=True)
def reap_jobs() -> None:
    jobs.reap()


@shared_task(name="iaros.forget_answered_doorbells", queue=Queue.BATCH, ignore_result=True)
def forget_answered_doorbells() -> None:
    outbox.forget_answered()


@shared_task(name="iaros.forget_idempotency_keys", queue=Queue.BATCH, ignore_result=True)
def forget_idempotency_keys() -> None:
    idempotency.forget_old()


@shared_task(name="iaros.pack_indexes", queue=Queue.BATCH, ignore_result=True)
def pack_indexes() -> None:
    packing.pack()
