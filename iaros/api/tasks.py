"""Doorbells for the jobs of the API that no app has a bell for: each takes its job and calls one domain function."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task

from iaros import intelligence
from iaros.lib import jobs, outbox
from iaros.lib.queues import Queue
from segmentation.ml import registry
from segmentation.models import ModelVersion


@shared_task(queue=Queue.REALTIME, ignore_result=True)
@outbox.doorbell
def deploy(*, job_id: str) -> None:
    """Make the version named by the job the champion; short of its gate, the job fails and says so."""
    if (job := jobs.take(job_id)) is None:
        return
    with jobs.running(job):
        asked: dict[str, Any] = job.params
        version = ModelVersion.objects.get(name=asked["model"], number=asked["version"])
        alias = registry.promote(version, asked["by"])
        job.result = {"model": version.name, "version": version.number, "since": alias.since.isoformat()}


@shared_task(queue=Queue.REALTIME, ignore_result=True)
@outbox.doorbell
def enrich_customer(*, job_id: str) -> None:
    """Bring the customer named by the job up to date, from the records to the recommendations."""
    if (job := jobs.take(job_id)) is None:
        return
    with jobs.running(job) as progress:
        as_of = intelligence.bring_up_to_date(UUID(job.params["customer_id"]), progress)
        job.result = {"as_of": as_of.isoformat()}
