"""What a unit of the airline's currency cost on a day, by which amounts are made comparable."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ExchangeRate(models.Model):
    no_personal_data: ClassVar[str] = "published rates"

    id = models.BigAutoField(primary_key=True)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    units_per_base = models.FloatField(help_text="units of the currency for one unit of the airline's")
    run_id = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["currency", "day"], name="profiles_exchangerate_once"),
            models.CheckConstraint(condition=models.Q(units_per_base__gt=0), name="profiles_exchangerate_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day}"
