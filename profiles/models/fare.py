"""What a seat cost in the market, ours and others': observed prices, about nobody."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import uuid7


class FareObservation(models.Model):
    no_personal_data: ClassVar[str] = "published prices"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    native_key = models.BinaryField(max_length=16, unique=True)
    content_hash = models.BinaryField(max_length=16)
    run_id = models.UUIDField()
    observed_at = models.DateTimeField()
    carrier = models.CharField(max_length=3, blank=True, help_text="blank where several fly it, or nobody knows who")
    origin = models.CharField(max_length=3)
    destination = models.CharField(max_length=3)
    departure_date = models.DateField()
    cabin = models.CharField(max_length=1, blank=True)
    brand = models.CharField(max_length=20, blank=True)
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    price_base_minor = models.BigIntegerField(null=True, blank=True)
    source = models.CharField(max_length=40)
    return_date = models.DateField(null=True, blank=True, help_text="of a price for both ways")
    minutes = models.IntegerField(null=True, blank=True, help_text="of the journey")
    airline = models.CharField(
        max_length=60, blank=True, db_default="", help_text="as the seller names it, where it names no carrier"
    )

    class Meta:
        indexes = [
            models.Index(fields=["origin", "destination", "departure_date"], name="profiles_fare_market"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(price_minor__gt=0), name="profiles_fare_price_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier} {self.origin}-{self.destination} {self.departure_date}"
