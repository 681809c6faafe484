"""Day tiles: what the features of the busiest customers are made of, folded by day, so that they cost what others do.

Truth stays in the events: tiles are made from them, and made again whenever they may differ.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.ANALYTICS, Sensitivity.DERIVED)
_REFERENCE = Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM)


class BusyCustomer(models.Model):
    """A customer with so many events that tiles pay, and how far their tiles reach.

    Tiles hold the days before `through`, made of `events` events; null: none were made yet. `stamp` is another one
    after every change of them. Changes of events are noted for everyone listed here; a transaction that was under way
    when the row came may not have seen it, so tiles are made once all before `settled_after` have ended.
    """

    personal_data: ClassVar[dict[str, Personal]] = {"id": _REFERENCE, "through": _DERIVED, "events": _DERIVED}

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField()
    settled_after = models.BigIntegerField(null=True)
    through = models.DateField(null=True)
    catalogue_version = models.IntegerField(null=True)
    events = models.IntegerField(default=0)
    stamp = models.UUIDField(default=uuid7)

    class Meta:
        db_table = "segmentation_busycustomer"

    def __str__(self) -> str:
        return f"{self.id} through {self.through}"


class DayTile(models.Model):
    """The events of one customer on one day of the airline, folded as `features.partials` says."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _REFERENCE,
        "day": _DERIVED,
        "events": _DERIVED,
        "partials": _DERIVED,
    }

    pk = models.CompositePrimaryKey("bucket", "customer_id", "day")
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    day = models.DateField()
    events = models.IntegerField()
    partials = models.BinaryField()

    class Meta:
        db_table = "segmentation_daytile"

    def __str__(self) -> str:
        return f"{self.customer_id} on {self.day}"


class OutdatedTile(models.Model):
    """An event of a busy customer that was changed or deleted: its day is made again. Written by triggers."""

    personal_data: ClassVar[dict[str, Personal]] = {"customer_id": _REFERENCE, "occurred_at": _DERIVED}

    id = models.BigAutoField(primary_key=True)
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "segmentation_outdatedtile"
        indexes = [models.Index(fields=["bucket", "customer_id"], name="segmentation_outdated_of")]

    def __str__(self) -> str:
        return f"{self.customer_id} at {self.occurred_at}"
