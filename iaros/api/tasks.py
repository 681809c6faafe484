"""Doorbells for the jobs that the API starts. Each takes its job, calls one domain function and writes how it ended."""

from __future__ import annotations

from typing import Any

from celery import shared_task

from iaros.lib import clock, jobs, outbox
from iaros.lib.queues import Queue
from segmentation.ml import registry, training
from segmentation.ml.catalogue import SPECS
from segmentation.models import ModelVersion


@shared_task(queue=Queue.TRAINING, ignore_result=True)
@outbox.doorbell
def retrain(*, job_id: str) -> None:
    """Train the model named by the job; the new version gets the place that its gate allows."""
    if (job := jobs.take(job_id)) is None:
        return
    with jobs.running(job) as progress:
        spec, as_of = SPECS[job.params["model"]], clock.parse_as_of(job.params["as_of"])
        version = training.train(spec, as_of, progress, trained_by=job.params["by"])
        job.result = {"model": version.name, "version": version.number, "status": version.status}


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
