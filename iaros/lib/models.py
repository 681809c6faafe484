"""Jobs, which people watch, the outbox, from which doorbells are rung again, and what a run changed, to undo it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class JobState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    LOST = "lost", "Lost"


FINISHED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.LOST)


class Job(models.Model):
    """A piece of long work: what is to be done, how far it is, and how it ended."""

    no_personal_data: ClassVar[str] = "parameters are ids and dates; the owner is a user of the platform"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    phase = models.CharField(max_length=80, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    rate = models.FloatField(default=0, help_text="units a second since the phase began")
    eta_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    result = models.JSONField(null=True, blank=True)
    problem = models.JSONField(null=True, blank=True)
    cancel_requested_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["state", "heartbeat_at"], name="lib_job_state_heartbeat"),
            models.Index(fields=["-created_at"], name="lib_job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def finished(self) -> bool:
        return self.state in FINISHED

    @property
    def share_done(self) -> float:
        """How much of the phase is done, 0 to 1."""
        return min(self.done / self.total, 1.0) if self.total else 0.0


class Outbox(models.Model):
    """A doorbell that is to be rung: written with the change that asks for it, sent after the commit, sent again by
    the sweeper while nobody answered."""

    no_personal_data: ClassVar[str] = "task names, ids and dates"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.CharField(max_length=120)
    queue = models.CharField(max_length=20)
    arguments = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["due_at"], name="lib_outbox_due", condition=models.Q(done_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.task} due {self.due_at:%Y-%m-%d %H:%M}"


class UndoRow(models.Model):
    """A row as it was before a run changed it, or (`existed` false) a row that the run made. See iaros.lib.undo."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "owner": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, retention_days=30, export=False),
        "image": Personal(
            Purpose.SERVICING, Sensitivity.IDENTITY, retention_days=30, erase=Erase.DELETE_ROW, export=False
        ),
    }

    id = models.BigAutoField(primary_key=True)
    run_id = models.UUIDField(db_index=True)
    table_name = models.CharField(max_length=63)
    owner = models.UUIDField(null=True, blank=True, help_text="the customer, record or booking it is about")
    existed = models.BooleanField()
    image = models.JSONField()
    kept_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["owner"], condition=models.Q(owner__isnull=False), name="lib_undorow_owner"),
            BrinIndex(fields=["kept_at"], name="lib_undorow_kept_at"),
        ]

    def __str__(self) -> str:
        return f"{self.table_name} of {self.owner}"
