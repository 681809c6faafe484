"""Doorbells of privacy."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from iaros.lib import jobs, outbox
from iaros.lib.queues import Queue
from privacy import requests


@shared_task(queue=Queue.BATCH, ignore_result=True)
@outbox.doorbell
def answer_rights_request(*, job_id: str) -> None:
    """Carry out the request of this job; rung twice, it runs once."""
    job = jobs.take(job_id)
    if job is None:
        return
    with jobs.running(job) as progress:
        request = requests.answer(UUID(job.params["request_id"]), progress)
        job.result = {
            "state": request.state,
            "steps": {step.holder: step.counts for step in request.steps.all()},
        }
