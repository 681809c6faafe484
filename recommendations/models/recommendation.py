"""What each customer would be offered: one narrow row a customer and kind, rewritten by every refresh."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.PERSONALISATION, Sensitivity.DERIVED, retention_days=365)


class ItemKind(models.TextChoices):
    ROUTE = "route", "Route"
    ANCILLARY = "ancillary", "Ancillary"


KIND_NUMBERS = {ItemKind.ANCILLARY: 1, ItemKind.ROUTE: 2}  # a number never changes its meaning
_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}


class KindField(models.SmallIntegerField):
    """A kind of item, stored as its number; to a migration it is a number."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.SmallIntegerField", args, kwargs

    def from_db_value(self, value: int | None, *_: Any) -> ItemKind | None:
        return None if value is None else _KINDS[value]

    def to_python(self, value: Any) -> ItemKind | None:
        return None if value is None else ItemKind(value)

    def get_prep_value(self, value: Any) -> int | None:
        return None if value is None else KIND_NUMBERS[ItemKind(value)]


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
    kind = KindField()
    ranked = models.BinaryField()
    fallback_level = models.SmallIntegerField()
    version = models.SmallIntegerField(help_text="the number of the version of this kind")
    as_of = models.DateTimeField(help_text="nothing later than this was considered")
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} for {self.id}"
