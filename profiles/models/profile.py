"""The golden profile: one wide row a customer. Names, contacts, documents and the full birth date are one blob under
the customer's own key; what lists sort and rules filter by stands in clear and is deleted on erasure."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose

CLEAR_FIELDS = (
    "birth_year",
    "gender",
    "country",
    "region",
    "home_airport",
    "language",
    "tier",
    "tier_status",
    "enrolled_on",
)


class Profile(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "cipher": Personal(Purpose.SERVICING, Sensitivity.IDENTITY, erase=Erase.SHRED),
        "provenance": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        **{name: Personal(Purpose.SERVICING, Sensitivity.NORMAL) for name in CLEAR_FIELDS},
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(help_text="the customer")
    cipher = models.BinaryField()
    birth_year = models.SmallIntegerField(null=True, blank=True)
    gender = models.CharField(max_length=1, null=True, blank=True)
    country = models.CharField(max_length=2, null=True, blank=True)
    region = models.CharField(max_length=60, null=True, blank=True)
    home_airport = models.CharField(max_length=3, null=True, blank=True)
    language = models.CharField(max_length=8, null=True, blank=True)
    tier = models.CharField(max_length=20, null=True, blank=True)
    tier_status = models.CharField(max_length=12, null=True, blank=True)
    enrolled_on = models.DateField(null=True, blank=True)
    provenance = models.BinaryField(help_text="which record gave which field, packed: profiles.golden.provenance")
    records = models.SmallIntegerField(default=1, help_text="how many mentions it is made of")
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.id)
