"""What the API remembers between two calls: that a request with this key was begun, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class IdempotentRequest(models.Model):
    """One POST that named an Idempotency-Key. Kept for a day."""

    no_personal_data: ClassVar[str] = (
        "a keyed hash of the request; answers are kept only of started jobs and hold the job's id"
    )

    caller = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    begun_at = models.DateTimeField(default=timezone.now, db_index=True)
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    location = models.CharField(max_length=200, blank=True)
    body = models.BinaryField(null=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["caller", "key"], name="api_idempotent_caller_key"),
        ]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
