"""Which models were trained, what they are worth, and which one speaks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7


class VersionStatus(models.TextChoices):
    PASSED = "passed", "Passed its gate"
    SHORT = "short", "Short of its gate"


class Alias(models.TextChoices):
    CHAMPION = "champion", "Champion"
    CHALLENGER = "challenger", "Challenger"


class ModelVersion(models.Model):
    """One training of one model, never changed: the model itself, its figures, and what the gate said.

    `gate`: {"passed": bool, "checks": [{"name", "value", "limit", "rule", "passed"}]}.
    """

    no_personal_data: ClassVar[str] = "trees and figures learnt from sets of customers; no row of any of them"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    as_of = models.DateTimeField()
    trained_by = models.CharField(max_length=150, blank=True)
    status = models.CharField(max_length=8, choices=VersionStatus)
    sha256 = models.CharField(max_length=64)
    artifact = models.BinaryField()
    features = models.JSONField()
    metrics = models.JSONField()
    gate = models.JSONField()
    card = models.JSONField()

    class Meta:
        db_table = "segmentation_modelversion"
        constraints = [
            models.UniqueConstraint(fields=["name", "number"], name="segmentation_modelversion_number"),
            models.CheckConstraint(
                condition=models.Q(status__in=["passed", "short"]), name="segmentation_modelversion_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class ModelAlias(models.Model):
    """From `since` on, `version` is the champion or the challenger of its name; the newest row stands."""

    no_personal_data: ClassVar[str] = "which model speaks; `set_by` is a user of the platform or a job"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=60)
    alias = models.CharField(max_length=10, choices=Alias)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    previous = models.ForeignKey(ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    set_by = models.CharField(max_length=150, blank=True)

    class Meta:
        db_table = "segmentation_modelalias"
        indexes = [models.Index(fields=["name", "alias", "-since"], name="segmentation_alias_newest")]

    def __str__(self) -> str:
        return f"{self.alias} of {self.name}"
