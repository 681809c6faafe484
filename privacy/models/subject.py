"""Who we hold data about, each with a key of their own, and the keys under which raw messages land."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class Subject(models.Model):
    """One person's key and standing; `id` is the customer's. A destroyed key is null with `erased_at` set."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "id": Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.PSEUDONYM, erase=Erase.KEEP_BY_LAW, export=True),
        "wrapped_key": Personal(Purpose.LEGAL_OBLIGATION, Sensitivity.PSEUDONYM, erase=Erase.SHRED, export=False),
        "restricted_at": Personal(Purpose.LEGAL_OBLIGATION, erase=Erase.KEEP_BY_LAW),
        "erased_at": Personal(Purpose.LEGAL_OBLIGATION, erase=Erase.KEEP_BY_LAW),
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField()
    wrapped_key = models.BinaryField(null=True)
    key_version = models.SmallIntegerField()
    restricted_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "privacy_subject"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=False) | models.Q(wrapped_key__isnull=False),
                name="privacy_subject_living_has_key",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class LandingKey(models.Model):
    """The key of a source's messages of one day, whose people are not yet known; it leaves with them."""

    no_personal_data: ClassVar[str] = "a key of a source and a day"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(max_length=60)
    day = models.DateField()
    wrapped_key = models.BinaryField()
    key_version = models.SmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "privacy_landingkey"
        constraints = [models.UniqueConstraint(fields=["source", "day"], name="privacy_landingkey_source_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"
