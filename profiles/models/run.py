"""A file that was taken in, and the rows of it that wait to be repaired."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"
    FAILED = "failed", "Failed"
    INTERRUPTED = "interrupted", "Interrupted"
    CANCELLED = "cancelled", "Cancelled"
    ROLLED_BACK = "rolled_back", "Rolled back"


class IngestRun(models.Model):
    """read = new + updated + unchanged + quarantined, always."""

    no_personal_data: ClassVar[str] = "counts of a file"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source_id = models.SmallIntegerField()
    file_name = models.CharField(max_length=255)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.RUNNING)
    read = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    rolled_back_at = models.DateTimeField(null=True, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    problem = models.TextField(blank=True)
    header = models.TextField(blank=True, help_text="the names of the columns, where the file has them")

    class Meta:
        indexes = [models.Index(fields=["source_id", "-started_at"], name="profiles_ingestrun_newest")]
        permissions = [
            ("load_files", "Load files of sources"),
            ("roll_back_runs", "Take a run back"),
        ]

    def __str__(self) -> str:
        return f"{self.file_name} {self.state}"


class QuarantinedRow(models.Model):
    """A row that could not go in: its raw form (sealed), where it stands, which field, why, and what was expected.

    Found again by `fingerprint`, so the same bad row sent twice waits once.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "cipher": Personal(Purpose.SERVICING, Sensitivity.IDENTITY, retention_days=90, erase=Erase.SHRED),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source_id = models.SmallIntegerField()
    run_id = models.UUIDField()
    fingerprint = models.BinaryField(max_length=16)
    row = models.BigIntegerField(help_text="row in the file, the header being row 1")
    field = models.CharField(max_length=60)
    reason = models.CharField(max_length=200)
    expected = models.CharField(max_length=200)
    key_id = models.UUIDField()
    cipher = models.BinaryField()
    code_table = models.CharField(max_length=40, blank=True, help_text="whose lack of an entry is the reason")
    quarantined_at = models.DateTimeField(default=timezone.now)
    last_seen_run_id = models.UUIDField()
    mended_at = models.DateTimeField(null=True, blank=True)
    mended_by = models.CharField(max_length=150, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "fingerprint"], name="profiles_quarantinedrow_once"),
        ]
        indexes = [models.Index(fields=["last_seen_run_id", "row"], name="profiles_quarantine_run")]
        permissions = [("mend_rows", "Mend, take in again and discard rows in quarantine")]

    def __str__(self) -> str:
        return f"row {self.row}: {self.field}: {self.reason}"
