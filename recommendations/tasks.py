"""Doorbells: the work is in `pipeline`."""

from __future__ import annotations

import uuid

from celery import shared_task

from iaros.lib import clock, outbox
from iaros.lib.queues import Queue
from recommendations import pipeline
from recommendations.models import ItemKind
from recommendations.selectors import RANK_AGAIN


@shared_task(name=RANK_AGAIN, queue=Queue.REALTIME, ignore_result=True)
@outbox.doorbell
def rank_again(*, customer_id: str, kind: str) -> None:
    """Rank one customer on everything known by now."""
    version = pipeline.champion(ItemKind(kind))
    if version is not None:
        pipeline.rank_one(version, uuid.UUID(customer_id), clock.now())


@shared_task(name="recommendations.refresh_all", queue=Queue.TRAINING, ignore_result=True)
def refresh_all(*, as_of: str | None = None, train: bool = False) -> None:
    """Train (where there is no champion, or on request) and rank everybody."""
    pipeline.refresh(clock.parse_as_of(as_of), train=train)
