"""The log of what was answered, with the chance each item had: without it no policy can be judged afterwards."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose

_DERIVED = Personal(Purpose.PERSONALISATION, Sensitivity.DERIVED, retention_days=730)


class Decision(models.Model):
    """One answer to one request: the items in order, their propensities, the policy and version that ranked them."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": Personal(Purpose.PERSONALISATION, Sensitivity.PSEUDONYM, retention_days=730),
        "items": _DERIVED,
        "at": _DERIVED,
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(default=uuid7, editable=False)
    customer_id = models.UUIDField()
    items = ArrayField(models.CharField(max_length=32))
    propensities = ArrayField(models.FloatField())
    policy = models.CharField(max_length=24)
    version = models.CharField(max_length=40, blank=True)
    fallback_level = models.SmallIntegerField()
    purpose = models.CharField(max_length=24, choices=Purpose)
    channel = models.CharField(max_length=8, choices=Channel, blank=True)
    client = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["customer_id", "at"], name="recommendations_decision_who")]

    def __str__(self) -> str:
        return f"{self.policy} for {self.customer_id} at {self.at:%Y-%m-%d %H:%M}"
