"""Doorbells of profiles."""

from __future__ import annotations

from celery import shared_task

from iaros.lib import clock
from iaros.lib.queues import Queue
from profiles import retention


@shared_task(name="profiles.enforce_retention", queue=Queue.BATCH, ignore_result=True)
def enforce_retention() -> None:
    """Drop events older than the ceiling."""
    retention.enforce(clock.now())
