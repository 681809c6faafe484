"""Doorbells of profiles."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from iaros.lib import clock, jobs, outbox
from iaros.lib.queues import Queue
from profiles import pipeline, replaying, retention


@shared_task(name="profiles.enforce_retention", queue=Queue.BATCH, ignore_result=True)
def enforce_retention() -> None:
    """Drop events older than the ceiling."""
    retention.enforce(clock.now())


@shared_task(name=replaying.TASK, queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def replay(*, job_id: str) -> None:
    """Take in again the waiting rows that the job names."""
    if (job := jobs.take(job_id)) is None:
        return
    asked = job.params
    rows = [UUID(row) for row in asked.get("rows", ())]
    pipeline.replay(rows=rows, source=asked.get("source", ""), code_table=asked.get("code_table", ""), job=job)
