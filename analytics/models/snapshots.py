"""What was measured, so that pages need not measure it again and a line can be drawn of yesterday's figures."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class Snapshot(models.Model):
    """The newest answer of one topic over the whole base; rewritten by every refresh."""

    no_personal_data: ClassVar[str] = "counts and sums over all customers"

    topic = models.CharField(max_length=40, primary_key=True)
    as_of = models.DateTimeField(help_text="nothing later than this was counted")
    computed_at = models.DateTimeField(default=timezone.now)
    payload = models.JSONField()

    def __str__(self) -> str:
        return f"{self.topic} as of {self.as_of:%Y-%m-%d}"


class KpiDay(models.Model):
    """One figure of the home page on one day of the data: the last measurement of that day stands."""

    no_personal_data: ClassVar[str] = "counts and sums over all customers"

    name = models.CharField(max_length=40)
    day = models.DateField()
    value = models.FloatField()
    measured_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="analytics_kpiday_name_day")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"
