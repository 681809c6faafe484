"""Who did what, and who read whom, for which purpose. Written once; the database refuses changes."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class AuditEvent(models.Model):
    """One request or one run. Names of actors are copied, so that the row outlives the account.

    `ids` are the customers it read or changed; a batch that touches everybody names its job instead.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        # Erasure keeps it: the airline must be able to show who read what, also about people it no longer knows.
        "ids": Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.PSEUDONYM, erase=Erase.KEEP_BY_LAW),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    occurred_at = models.DateTimeField(default=timezone.now)
    action = models.CharField(max_length=60)
    actor = models.CharField(max_length=150, blank=True)
    client = models.CharField(max_length=255, blank=True)
    purpose = models.CharField(max_length=24, choices=Purpose, blank=True)
    ids = ArrayField(models.UUIDField(), default=list, blank=True)
    route = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    details = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "privacy_auditevent"
        indexes = [
            GinIndex(fields=["ids"], name="privacy_auditevent_ids"),
            models.Index(fields=["-occurred_at"], name="privacy_auditevent_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor or self.client or 'the platform'}"
