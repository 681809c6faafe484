"""What each customer would be offered: one narrow row a customer and kind, rewritten by every refresh."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.PERSONALISATION, Sensitivity.DERIVED, retention_days=365)


class ItemKind(models.TextChoices):
    ROUTE = "route", "Route"
    ANCILLARY = "ancillary", "Ancillary"


class Recommendation(models.Model):
    """The ranked items of a customer, packed as `recommendations.ranking.packing` says; numbers of items are those
    of the version's catalogue."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "id": Personal(Purpose.PERSONALISATION, Sensitivity.PSEUDONYM, retention_days=365),
        "ranked": _DERIVED,
        "fallback_level": _DERIVED,
    }

    pk = models.CompositePrimaryKey("bucket", "id", "kind")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(help_text="the customer's id")
    kind = models.CharField(max_length=10, choices=ItemKind)
    ranked = models.BinaryField()
    fallback_level = models.SmallIntegerField()
    version_id = models.UUIDField()
    as_of = models.DateTimeField(help_text="nothing later than this was considered")
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} for {self.id}"
