"""What a model said about a customer or a booking, addressed by the model's name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.ANALYTICS, Sensitivity.DERIVED)
_REFERENCE = Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM)


class EntityKind(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    BOOKING = "booking", "Booking"


class Score(models.Model):
    """One model's answer with its interval and its three strongest reasons.

    `bucket` is the customer's, also for a booking, so that whatever is said about a person lies together; a
    booking has one score per passenger.
    `reasons`: [{"feature", "contribution", "value"}], the strongest first.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _REFERENCE,
        "entity_id": _REFERENCE,
        "value": _DERIVED,
        "low": _DERIVED,
        "high": _DERIVED,
        "reasons": _DERIVED,
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(default=uuid7, editable=False)
    entity_kind = models.CharField(max_length=12, choices=EntityKind)
    entity_id = models.UUIDField()
    customer_id = models.UUIDField(null=True)
    name = models.CharField(max_length=60)
    value = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    reasons = models.JSONField(default=list)
    model_version_id = models.UUIDField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "segmentation_score"
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "entity_kind", "entity_id", "customer_id", "name"],
                name="segmentation_score_one_each",
            )
        ]
        indexes = [
            models.Index(fields=["bucket", "customer_id", "name"], name="segmentation_score_customer"),
            models.Index(fields=["name", "-value"], name="segmentation_score_ranking"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value:.3f}"
