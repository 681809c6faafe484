"""Doorbells of segmentation: what is to be done stands in the job's parameters."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from celery import shared_task

from iaros.lib import clock, jobs, outbox
from iaros.lib.purposes import Channel, Purpose
from iaros.lib.queues import Queue
from segmentation import pipeline
from segmentation.features import day_tiles, parity
from segmentation.models import Activation
from segmentation.segments import activation, reach, rules
from segmentation.segments.clusters import living


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


@shared_task(name="segmentation.keep_tiles", queue=Queue.BATCH, ignore_result=True)
def keep_tiles() -> None:
    """Bring the day tiles of busy customers up to yesterday, before their first event of today asks for them."""
    day_tiles.keep(clock.airline_day(clock.now()))


PARITY = "segmentation.compare_features"


@shared_task(name="segmentation.nightly_parity", queue=Queue.BATCH, ignore_result=True)
def nightly_parity() -> None:
    """Write tonight's comparison of features down as a job and ring for it."""
    jobs.start(parity.JOB, {"customers": 500, "seed": clock.now().toordinal()}, task=PARITY, queue=Queue.BATCH)


@shared_task(name=PARITY, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def compare_features(*, job_id: str) -> None:
    """Compare stored, single and point-in-time values of random customers; the job's result says how many differ."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job):
        found = parity.compare(int(job.params["customers"]), int(job.params["seed"]))
        job.result = found.to_json()


FIND_CLUSTERS = "segmentation.find_clusters"


@shared_task(name="segmentation.weekly_clusters", queue=Queue.BATCH, ignore_result=True)
def weekly_clusters() -> None:
    """Write this week's look for behavioural groups down as a job and ring for it."""
    jobs.start(living.JOB, {"seed": 1}, task=FIND_CLUSTERS, queue=Queue.TRAINING)


@shared_task(name=FIND_CLUSTERS, queue=Queue.TRAINING, ignore_result=True)
@outbox.doorbell
def find_clusters(*, job_id: str) -> None:
    """Look for behavioural groups in the base and keep the segments that they are; the job's result is their map."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        job.result = living.refit(progress, int(job.params.get("seed", 1))).to_json()


@shared_task(queue=Queue.REALTIME, ignore_result=True)
@outbox.doorbell
def refresh_customer(*, customer_id: str) -> None:
    """Recompute one customer."""
    pipeline.refresh_customer(UUID(customer_id), clock.now())


@shared_task(name="segmentation.pass_boundaries", queue=Queue.BATCH, ignore_result=True)
def pass_boundaries() -> None:
    """Let those leave and enter whose windows ran out by the clock."""
    pipeline.pass_boundaries(clock.now())


@shared_task(name=pipeline.COUNT_REACH, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def count_reach(*, job_id: str) -> None:
    """Count a rule over everybody; the job's result has the steps and the conditions."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        tree = rules.read(job.params["rule"])
        found = reach.count_all(tree, _audience(job.params), progress)
        job.result = {
            "sentence": found.sentence,
            "customers": found.customers,
            "as_of": found.as_of.isoformat(),
            "steps": [asdict(step) for step in found.steps],
            "conditions": [asdict(one) for one in found.conditions],
        }


@shared_task(name=pipeline.ACTIVATE, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def activate(*, job_id: str) -> None:
    """Send a segment's members to a destination; what was sent before a worker died is not sent again."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        asked = Activation.objects.select_related("segment", "destination", "started_by")
        made = asked.get(id=job.params["activation"])
        job.result = {"activation": str(made.id), "counts": activation.run(made, progress), "power": made.power}


def _audience(params: dict[str, Any]) -> reach.Audience:
    return reach.Audience(
        Purpose(params["purpose"]), Channel(params["channel"]), params["holdout_percent"], params["slug"]
    )
