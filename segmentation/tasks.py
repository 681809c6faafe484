"""Doorbells of segmentation: what is to be done stands in the job's parameters."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from celery import shared_task

from iaros.lib import clock, jobs, outbox
from iaros.lib.queues import Queue
from segmentation import pipeline
from segmentation.features import parity


@shared_task(queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def refresh(*, job_id: str) -> None:
    """Refresh features, scores and segments; `params`: as_of (ISO), train (bool or "missing")."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        as_of = clock.parse_as_of(job.params.get("as_of"))
        reports = pipeline.refresh(as_of, train=job.params.get("train", False), progress=progress)
        job.result = {"stages": [report.as_dict() for report in reports]}


@shared_task(queue=Queue.TRAINING, ignore_result=True)
@outbox.doorbell
def retrain(*, job_id: str) -> None:
    """Train the model named in `params`; a version short of its gate is kept, and does not speak."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        as_of = clock.parse_as_of(job.params.get("as_of"))
        report = pipeline.retrain(job.params["model"], as_of, progress, by=job.params.get("by", ""))
        job.result = report.as_dict()


PARITY = "segmentation.compare_features"


@shared_task(name="segmentation.nightly_parity", queue=Queue.BATCH, ignore_result=True)
def nightly_parity() -> None:
    """Write tonight's comparison of features down as a job and ring for it."""
    jobs.start("feature parity", {"customers": 500, "seed": clock.now().toordinal()}, task=PARITY, queue=Queue.BATCH)


@shared_task(name=PARITY, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def compare_features(*, job_id: str) -> None:
    """Compare stored, single and point-in-time values of random customers; the job's result says how many differ."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job):
        found = parity.compare(int(job.params["customers"]), int(job.params["seed"]))
        job.result = {**asdict(found), "mismatch_rate": found.rate}


@shared_task(queue=Queue.REALTIME, ignore_result=True)
@outbox.doorbell
def refresh_customer(*, customer_id: str) -> None:
    """Recompute one customer."""
    pipeline.refresh_customer(UUID(customer_id), clock.now())
