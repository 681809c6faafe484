"""What the feature store holds: one packed vector per customer, and the runs that wrote them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.ANALYTICS, Sensitivity.DERIVED)
_REFERENCE = Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM)


class FeatureVector(models.Model):
    """Every feature of one customer as of one moment.

    `values` is packed as `features.packing` says, in the order of the catalogue version. A vector of
    another catalogue version than today's is stale and read by nobody.
    """

    personal_data: ClassVar[dict[str, Personal]] = {"id": _REFERENCE, "values": _DERIVED}

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField()
    as_of = models.DateTimeField()
    catalogue_version = models.IntegerField()
    values = models.BinaryField()

    class Meta:
        db_table = "segmentation_featurevector"

    def __str__(self) -> str:
        return f"{self.id} as of {self.as_of:%Y-%m-%d}"


class FeatureRun(models.Model):
    """One materialisation of the base: its catalogue, and the quintile limits that a recomputation needs."""

    no_personal_data: ClassVar[str] = "names of features and limits of the whole base"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    as_of = models.DateTimeField()
    catalogue_version = models.IntegerField()
    names = models.JSONField()
    rfm_limits = models.JSONField()
    profiles = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "segmentation_featurerun"
        indexes = [models.Index(fields=["-finished_at"], name="segmentation_run_newest")]

    def __str__(self) -> str:
        return f"features as of {self.as_of:%Y-%m-%d %H:%M}"
