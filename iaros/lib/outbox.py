"""The outbox: a doorbell is a row first, so that a crash after the commit or a broker that is down loses nothing.

`ring` writes the row and sends after the commit; the task calls `answered` when its work is committed; the sweeper
rings again whatever is due and unanswered.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.utils import timezone

from iaros.lib.models import Outbox
from iaros.lib.queues import Queue

log = structlog.get_logger(__name__)
RING_AGAIN_AFTER = timedelta(minutes=2)
GIVE_UP_AFTER = 20


def ring(task: str, *, queue: Queue, **arguments: Any) -> Outbox:
    """Ask for `task` with `arguments` (ids and ISO dates). Call inside the transaction that makes the work."""
    row = Outbox.objects.create(
        task=task, queue=queue.value, arguments=arguments, due_at=timezone.now() + RING_AGAIN_AFTER
    )
    transaction.on_commit(lambda: _send(row))
    return row


def _send(row: Outbox) -> None:
    # Imported here: the floor is below Celery's application, which is configured by the settings.
    from celery import current_app

    try:
        current_app.send_task(
            row.task, kwargs={**row.arguments, "outbox_id": str(row.id)}, queue=row.queue, retry=False
        )
    except Exception as error:  # The broker is down: the sweeper rings again when it is due.
        log.warning("doorbell not rung", task=row.task, error=str(error))
        Outbox.objects.filter(id=row.id).update(last_error=str(error)[:500])


def answered(outbox_id: str) -> None:
    """The work behind the doorbell is done."""
    Outbox.objects.filter(id=outbox_id, done_at__isnull=True).update(done_at=timezone.now())


def doorbell(function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a task's body: runs it without `outbox_id` and marks the doorbell as answered when it returns."""

    @functools.wraps(function)
    def answer(*, outbox_id: str | None = None, **arguments: Any) -> None:
        function(**arguments)
        if outbox_id:
            answered(outbox_id)

    return answer


def sweep() -> int:
    """Ring again for everything due and unanswered; each row is taken by one sweeper. Returns how many rang."""
    with transaction.atomic():
        due = list(
            Outbox.objects.select_for_update(skip_locked=True)
            .filter(done_at__isnull=True, due_at__lte=timezone.now(), attempts__lt=GIVE_UP_AFTER)
            .order_by("due_at")[:500]
        )
        for row in due:
            row.attempts += 1
            row.due_at = timezone.now() + RING_AGAIN_AFTER * row.attempts
        Outbox.objects.bulk_update(due, ["attempts", "due_at"])
    for row in due:
        _send(row)
    return len(due)


def forget_answered(older_than: timedelta = timedelta(days=7)) -> int:
    """Delete answered doorbells of the past."""
    deleted, _ = Outbox.objects.filter(done_at__lt=timezone.now() - older_than).delete()
    return deleted


def oldest_unanswered_seconds() -> float:
    """Age of the oldest doorbell nobody answered, in seconds; 0 when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM lib_outbox WHERE done_at IS NULL"
        )
        return float(cursor.fetchone()[0])
