"""A month of a member's account with the loyalty programme."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.personal_data import Personal
from iaros.lib.purposes import Purpose


class LoyaltyActivity(models.Model):
    """One month, told by one record. Found by its customer; the primary key is a declaration, not an index."""

    personal_data: ClassVar[dict[str, Personal]] = {
        name: Personal(Purpose.SERVICING)
        for name in (
            "customer_id",
            "month",
            "flights_booked",
            "flights_with_companions",
            "flights_flown",
            "distance_km",
            "points_earned",
            "points_redeemed",
            "redeemed_value_minor",
        )
    }

    pk = models.CompositePrimaryKey("bucket", "record_id")
    bucket = models.SmallIntegerField(help_text="of the customer")
    customer_id = models.UUIDField()
    record_id = models.UUIDField()
    month = models.DateField()
    flights_booked = models.SmallIntegerField()
    flights_with_companions = models.SmallIntegerField()
    flights_flown = models.SmallIntegerField()
    distance_km = models.IntegerField()
    points_earned = models.IntegerField()
    points_redeemed = models.IntegerField()
    redeemed_value_minor = models.IntegerField()

    class Meta:
        verbose_name_plural = "loyalty activities"
        indexes = [models.Index(fields=["customer_id"], name="profiles_loyalty_customer")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
