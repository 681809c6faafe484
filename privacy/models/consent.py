"""What people said about the use of their data: the ledger of statements, and the state that follows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose

_EVIDENCE = Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.NORMAL, erase=Erase.DELETE_ROW)
_REFERENCE = Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.PSEUDONYM, erase=Erase.DELETE_ROW)


class ConsentValue(models.TextChoices):
    """What a statement says. From the most to the least permissive: at a tie the later of these wins."""

    GRANTED = "granted", "Granted"
    DENIED = "denied", "Denied"
    WITHDRAWN = "withdrawn", "Withdrawn"
    OBJECTED = "objected", "Objected"


class PolicyText(models.Model):
    """The exact words a person agreed to; written once."""

    no_personal_data: ClassVar[str] = "the airline's own published words"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.CharField(max_length=40)
    language = models.CharField(max_length=12)
    text = models.TextField()
    sha256 = models.CharField(max_length=64)
    effective_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "privacy_policytext"
        constraints = [
            models.UniqueConstraint(fields=["version", "language"], name="privacy_policytext_version_language")
        ]

    def __str__(self) -> str:
        return f"{self.version} ({self.language})"


class Statement(models.Model):
    """One statement of one person. Written once; the database refuses to change it (see docs/privacy.md).

    `record_id` is the source record that carried it and never changes; `recorded_for` is the customer it was
    first written for; `customer_id` follows merges and splits. An empty channel speaks of all channels.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _REFERENCE,
        "recorded_for": _REFERENCE,
        "record_id": _REFERENCE,
        "purpose": _EVIDENCE,
        "channel": _EVIDENCE,
        "state": _EVIDENCE,
        "occurred_at": _EVIDENCE,
        "received_at": _EVIDENCE,
        "method": _EVIDENCE,
        "policy_version": _EVIDENCE,
        "language": _EVIDENCE,
        "source": _EVIDENCE,
    }

    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    recorded_for = models.UUIDField()
    record_id = models.UUIDField(null=True)
    purpose = models.CharField(max_length=24, choices=Purpose)
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    state = models.CharField(max_length=10, choices=ConsentValue)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    method = models.CharField(max_length=40)
    policy_version = models.CharField(max_length=40)
    language = models.CharField(max_length=12)
    source = models.CharField(max_length=60)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel or 'all channels'} {self.state}"


class ConsentEvent(Statement):
    """The ledger."""

    pk = models.CompositePrimaryKey("bucket", "id")
    id = models.UUIDField(default=uuid7, editable=False)

    class Meta:
        db_table = "privacy_consentevent"
        indexes = [
            models.Index(
                fields=["customer_id", "purpose", "channel", "occurred_at"],
                name="privacy_consentevent_customer",
            )
        ]


class ConsentEvidence(Statement):
    """The ledger as the administration pages read it: they need a key of one column."""

    id = models.UUIDField(primary_key=True, editable=False)

    class Meta:
        managed = False
        db_table = "privacy_consentevent"
        verbose_name = "consent statement"
        verbose_name_plural = "consent evidence"


class ConsentState(models.Model):
    """Where a person stands on a purpose and channel: the newest statement, or at a tie the stricter one."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _REFERENCE,
        "purpose": _EVIDENCE,
        "channel": _EVIDENCE,
        "state": _EVIDENCE,
        "occurred_at": _EVIDENCE,
    }

    pk = models.CompositePrimaryKey("bucket", "customer_id", "purpose", "channel")
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    purpose = models.CharField(max_length=24, choices=Purpose)
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    state = models.CharField(max_length=10, choices=ConsentValue)
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "privacy_consentstate"

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel or 'all channels'} {self.state}"
