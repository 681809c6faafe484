"""What is derived about a customer from trips, points and calendars: one narrow row, rebuilt at each refresh."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.fields import RealField
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

DERIVED_FIELDS = (
    "points_to_next_tier",
    "points_expiring",
    "points_expire_on",
    "lead_days",
    "unused_coupons",
    "business_share",
    "holiday_trip_share",
    "home_airport_confidence",
    "party_type_share",
    "home_airport",
    "party_type",
    "booking_channel",
    "lifecycle",
    "next_tier",
    "household_size",
    "companions",
    "home_metro",
    "area_income_minor",
    "warmer_by_c",
)


class Enrichment(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        name: Personal(Purpose.ANALYTICS, Sensitivity.DERIVED) for name in DERIVED_FIELDS
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(help_text="the customer")
    as_of = models.DateTimeField()
    points_to_next_tier = models.IntegerField(null=True, blank=True)
    points_expiring = models.IntegerField(null=True, blank=True, help_text="within ninety days")
    points_expire_on = models.DateField(null=True, blank=True)
    lead_days = models.SmallIntegerField(null=True, blank=True, help_text="days a median trip is booked ahead")
    unused_coupons = models.SmallIntegerField(help_text="open though the flight has left")
    business_share = RealField(null=True, blank=True, help_text="of trips, each by its probability")
    holiday_trip_share = RealField(null=True, blank=True)
    home_airport_confidence = RealField(null=True, blank=True)
    party_type_share = RealField(null=True, blank=True)
    home_airport = models.CharField(max_length=3, null=True, blank=True)
    party_type = models.CharField(max_length=6, null=True, blank=True)
    booking_channel = models.CharField(max_length=8, null=True, blank=True)
    lifecycle = models.CharField(max_length=8)
    next_tier = models.CharField(max_length=20, null=True, blank=True)
    household_size = models.SmallIntegerField(null=True, blank=True, help_text="people of one surname and address")
    companions = models.SmallIntegerField(null=True, blank=True, help_text="others on two trips or more")
    home_metro = models.CharField(max_length=3, null=True, blank=True, help_text="of the home airport")
    area_income_minor = models.BigIntegerField(null=True, blank=True, help_text="median of the region lived in")
    warmer_by_c = RealField(null=True, blank=True, help_text="degrees warmer where trips go than where they begin")

    def __str__(self) -> str:
        return str(self.id)
