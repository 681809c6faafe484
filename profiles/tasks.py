"""Doorbells of profiles."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task

from iaros.lib import clock, jobs, outbox
from iaros.lib.queues import Queue
from profiles import deliveries, inbox, pipeline, pulling, replaying, retention
from profiles.quality import scorecard

log = structlog.get_logger(__name__)


@shared_task(name="profiles.enforce_retention", queue=Queue.BATCH, ignore_result=True)
def enforce_retention() -> None:
    """Drop events older than the ceiling, and what was sent longer ago than it may lie."""
    retention.enforce(clock.now())
    deliveries.forget_older_than(clock.now() - timedelta(days=inbox.KEPT_DAYS))
    inbox.forget_old()


@shared_task(name=replaying.TASK, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def replay(*, job_id: str) -> None:
    """Take in again the waiting rows that the job names."""
    if (job := jobs.take(job_id)) is None:
        return
    asked = job.params
    rows = [UUID(row) for row in asked.get("rows", ())]
    pipeline.replay(rows=rows, source=asked.get("source", ""), code_table=asked.get("code_table", ""), job=job)


@shared_task(name=deliveries.TASK, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def take_delivery(*, job_id: str) -> None:
    """Take in the file that was sent for this job."""
    if (job := jobs.take(job_id)) is not None:
        deliveries.take(job)


@shared_task(name="profiles.look_into_inbox", queue=Queue.BATCH, ignore_result=True)
def look_into_inbox() -> None:
    """Take in what lies in the watched folder."""
    inbox.look()


@shared_task(name="profiles.pull_due", queue=Queue.BATCH, ignore_result=True)
def pull_due() -> None:
    """Fetch what is due; one that fails says so on its row and does not hold up the others."""
    for row in pulling.due():
        try:
            pulling.pull(row)
        except Exception as error:
            log.warning("pull failed", source=row.source, error=str(error))


@shared_task(name="profiles.measure_quality", queue=Queue.BATCH, ignore_result=True)
def measure_quality() -> None:
    """Measure every rule of every source."""
    scorecard.measure()
    scorecard.forget_old()


@shared_task(name="profiles.roll_back", queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def roll_back(*, job_id: str) -> None:
    """Take back the run that the job names; what stands in the way is the job's problem."""
    if (job := jobs.take(job_id)) is None:
        return
    with jobs.running(job):
        later = bool(job.params.get("later"))
        reports = pipeline.roll_back(UUID(job.params["run"]), by=job.owner, later=later)
        job.result = {"rolled_back": [report.as_dict() for report in reports]}
