"""Long work as rows: started, watched, cancelled, and found again when its worker died.

A job runs under `running(job)`; the work calls `job_progress` as often as it likes, the row is written once a second.
"""

from __future__ import annotations

import threading
import time
import traceback
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from iaros.lib import outbox
from iaros.lib.models import FINISHED, Job, JobState
from iaros.lib.queues import Queue

LOST_AFTER = timedelta(minutes=5)
BEAT_SECONDS, APART_SECONDS, WRITE_SECONDS = 30.0, 1.0, 1.0


class JobCancelled(Exception):
    """Raised inside the work when somebody asked the job to stop."""


class AlreadyRunning(Exception):
    """The job was taken by another worker or has ended."""


@transaction.atomic
def start(
    kind: str,
    params: dict[str, Any] | None = None,
    *,
    owner: Any = None,
    task: str | None = None,
    queue: Queue = Queue.BATCH,
) -> Job:
    """Write the job down and, if a `task` is named, ring for it once the transaction is committed.

    The task is called with `job_id`.
    """
    job = Job.objects.create(kind=kind, params=params or {}, owner=owner)
    if task:
        outbox.ring(task, queue=queue, job_id=str(job.id))
    return job


def cancel(job: Job) -> None:
    """Ask the job to stop: at once if it still waits, at its next progress if it runs."""
    now = timezone.now()
    waiting = Job.objects.filter(id=job.id, state=JobState.QUEUED)
    if not waiting.update(state=JobState.CANCELLED, cancel_requested_at=now, finished_at=now):
        Job.objects.filter(id=job.id, state=JobState.RUNNING).update(cancel_requested_at=now)
    job.refresh_from_db()


class JobProgress:
    """Told by the work how far it is; writes the row at most once a second and stops the work when it was cancelled."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.phase = ""
        self.phase_began = self.written = 0.0

    def __call__(self, *, phase: str, done: int = 0, total: int = 0) -> None:
        now = time.monotonic()
        new_phase = phase != self.phase
        if new_phase:
            self.phase, self.phase_began = phase, now
        if new_phase or now - self.written >= WRITE_SECONDS or done == total:
            self.written = now
            self._write(done, total, now - self.phase_began)

    def _write(self, done: int, total: int, seconds: float) -> None:
        self._set(**_measured(self.phase, done, total, seconds))

    def _set(self, **fields: Any) -> None:
        Job.objects.filter(id=self.job.id).update(**fields)
        if Job.objects.filter(id=self.job.id, cancel_requested_at__isnull=False).exists():
            raise JobCancelled(self.job.kind)


class ProgressApart(JobProgress):
    """For work that is one transaction: what it writes itself nobody sees before its end, so the heart writes it."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        self.latest: dict[str, Any] = {}
        self.cancelled = False

    def _set(self, **fields: Any) -> None:
        self.latest = fields
        if self.cancelled:
            raise JobCancelled(self.job.kind)

    def beat(self) -> None:
        """Write what was told last; called from the heart's thread, on a connection of its own."""
        if self.latest:
            Job.objects.filter(id=self.job.id).update(**self.latest)
        self.cancelled = Job.objects.filter(id=self.job.id, cancel_requested_at__isnull=False).exists()


def _measured(phase: str, done: int, total: int, seconds: float) -> dict[str, Any]:
    rate = done / seconds if seconds > 0.2 else 0.0
    eta = timezone.now() + timedelta(seconds=(total - done) / rate) if rate and total > done else None
    now = timezone.now()
    return {"phase": phase[:80], "done": done, "total": total, "rate": rate, "eta_at": eta, "heartbeat_at": now}


@contextmanager
def running(job: Job, *, apart: bool = False) -> Iterator[JobProgress]:
    """Take the job, run the block, and write down how it ended; `job.result` set inside is kept.

    A cancelled job ends the block quietly: who must know sets something at its end. `apart` is for a block that is one
    transaction: its progress is written from outside it.

    Raises AlreadyRunning if another worker has it. A failure is written with its traceback's last line and raised on.
    """
    now = timezone.now()
    takeable = Job.objects.filter(id=job.id, state__in=[JobState.QUEUED, JobState.LOST])
    begun = {"state": JobState.RUNNING, "started_at": now, "heartbeat_at": now, "attempts": F("attempts") + 1}
    if not takeable.update(**begun, finished_at=None, problem=None):
        raise AlreadyRunning(f"job {job.id} is not waiting to be run")
    job.refresh_from_db()
    progress = ProgressApart(job) if apart else JobProgress(job)
    try:
        with _beating(job.id, progress):
            yield progress
    except JobCancelled:
        _finish(job, JobState.CANCELLED)
    except BaseException as error:
        cause = traceback.extract_tb(error.__traceback__)[-1]
        _finish(
            job,
            JobState.FAILED,
            problem={
                "title": type(error).__name__,
                "detail": str(error)[:2000],
                "where": f"{cause.name}, line {cause.lineno}",
            },
        )
        raise
    else:
        _finish(job, JobState.SUCCEEDED)


@contextmanager
def _beating(job_id: uuid.UUID, progress: JobProgress) -> Iterator[None]:
    """Say every half minute that the worker lives, also while one long step reports no progress."""
    over = threading.Event()
    apart = progress if isinstance(progress, ProgressApart) else None

    def beat() -> None:
        while not over.wait(APART_SECONDS if apart else BEAT_SECONDS):
            Job.objects.filter(id=job_id).update(heartbeat_at=timezone.now())
            if apart:
                apart.beat()
        connection.close()

    heart = threading.Thread(target=beat, daemon=True, name="job heartbeat")
    heart.start()
    try:
        yield
    finally:
        over.set()
        heart.join(timeout=5)


def _finish(job: Job, state: JobState, problem: dict[str, Any] | None = None) -> None:
    job.state, job.problem, job.finished_at, job.eta_at = state, problem, timezone.now(), None
    job.save(update_fields=["state", "problem", "finished_at", "eta_at", "result"])


def take(job_id: str | uuid.UUID) -> Job | None:
    """The job, if it is still waiting to be run; None when another worker has it or it has ended."""
    return Job.objects.filter(id=job_id, state__in=[JobState.QUEUED, JobState.LOST]).first()


def reap() -> int:
    """Mark as lost every job whose worker has been silent for five minutes, so that nothing runs for ever on a page."""
    silent = Job.objects.filter(state=JobState.RUNNING, heartbeat_at__lt=timezone.now() - LOST_AFTER)
    problem = {"title": "Lost", "detail": "Its worker went silent; start it again, it continues where it was."}
    return silent.update(state=JobState.LOST, finished_at=timezone.now(), problem=problem, eta_at=None)


def finished(job: Job) -> bool:
    return job.state in FINISHED
