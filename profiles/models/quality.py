"""How good a source's data is, as its rules measured it; one row a rule and measurement, so that it has a trend."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Dimension(models.TextChoices):
    VALIDITY = "validity", "Validity"
    COMPLETENESS = "completeness", "Completeness"
    FRESHNESS = "freshness", "Freshness"
    VOLUME = "volume", "Volume"
    DUPLICATES = "duplicates", "Duplicates"
    REFERENCES = "references", "References"
    OVERALL = "overall", "Overall"


class QualityMeasure(models.Model):
    no_personal_data: ClassVar[str] = "counts of a source"

    id = models.BigAutoField(primary_key=True)
    source_id = models.SmallIntegerField()
    run_id = models.UUIDField(null=True, blank=True, help_text="the run after which it was measured, if after one")
    rule = models.CharField(max_length=40)
    dimension = models.CharField(max_length=12, choices=Dimension)
    checked = models.BigIntegerField()
    failed = models.BigIntegerField()
    value = models.FloatField(help_text="share that is as it should be, 0 to 1")
    kept = models.BooleanField(help_text="whether the rule is kept")
    said = models.CharField(max_length=200, blank=True)
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["source_id", "rule", "-measured_at"], name="profiles_quality_newest")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.value:.4f}"
