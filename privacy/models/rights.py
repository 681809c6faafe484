"""What people ask of us about their data, how far the answer is, and who must not be created again."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose

_KEPT = Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.PSEUDONYM, erase=Erase.KEEP_BY_LAW)


class RequestKind(models.TextChoices):
    ACCESS = "access", "Access (Art. 15)"
    ERASURE = "erasure", "Erasure (Art. 17)"
    RESTRICTION = "restriction", "Restriction (Art. 18)"
    OBJECTION = "objection", "Objection (Art. 21)"


class RequestState(models.TextChoices):
    RECEIVED = "received", "Received"
    VERIFIED = "verified", "Identity verified"
    RUNNING = "running", "Running"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed, can be run again"
    REFUSED = "refused", "Refused"


class RightsRequest(models.Model):
    """One request of one person, with its clock. Nothing runs before `verified_at` is set."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _KEPT,
        "subject_ids": _KEPT,
        "package": Personal(
            Purpose.LEGAL_OBLIGATION, Sensitivity.IDENTITY, retention_days=90, erase=Erase.SHRED, export=False
        ),
        "verification": Personal(Purpose.LEGAL_OBLIGATION, erase=Erase.KEEP_BY_LAW),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=RequestKind)
    customer_id = models.UUIDField(db_index=True)
    purpose = models.CharField(
        max_length=24, choices=Purpose, blank=True, help_text="To what the person objects; objections only."
    )
    channel = models.CharField(max_length=8, choices=Channel, blank=True, help_text="Empty: all channels.")
    state = models.CharField(max_length=10, choices=RequestState, default=RequestState.RECEIVED)
    received_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()
    received_through = models.CharField(max_length=40, blank=True, help_text="For example e-mail, letter, phone.")
    verification = models.CharField(
        max_length=200, blank=True, help_text="How the identity was checked. Never a copy of a document."
    )
    verified_at = models.DateTimeField(null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    subject_ids = ArrayField(models.UUIDField(), default=list, blank=True)
    job_id = models.UUIDField(null=True, blank=True)
    problem = models.TextField(blank=True)
    package = models.BinaryField(null=True)
    package_sha256 = models.CharField(max_length=64, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "privacy_rightsrequest"
        constraints = [
            # Whatever code comes later: a request of an unverified person cannot be carried out.
            models.CheckConstraint(
                condition=models.Q(verified_at__isnull=False)
                | models.Q(state__in=[RequestState.RECEIVED, RequestState.REFUSED]),
                name="privacy_rightsrequest_verified",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind=RequestKind.OBJECTION) | ~models.Q(purpose=""),
                name="privacy_rightsrequest_objects_to",
            ),
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="privacy_rightsrequest_due")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer_id}"


class StepState(models.TextChoices):
    PENDING = "pending", "Pending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class RequestStep(models.Model):
    """One holder's part of an erasure: what it deleted, or why it could not."""

    no_personal_data: ClassVar[str] = "counts by table"

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(RightsRequest, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    holder = models.CharField(max_length=60)
    state = models.CharField(max_length=8, choices=StepState, default=StepState.PENDING)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "privacy_requeststep"
        constraints = [models.UniqueConstraint(fields=["request", "holder"], name="privacy_requeststep_holder")]

    def __str__(self) -> str:
        return f"{self.holder}: {self.get_state_display()}"


class Tombstone(models.Model):
    """The keyed hash of an identifier of an erased person. A feed that brings it again is not taken in."""

    personal_data: ClassVar[dict[str, Personal]] = {"lookup": _KEPT}

    lookup = models.BinaryField(max_length=16, primary_key=True)
    request_id = models.UUIDField()
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "privacy_tombstone"

    def __str__(self) -> str:
        return bytes(self.lookup).hex()
