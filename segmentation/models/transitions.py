"""Who entered or left which segment, when, and by which wording: written together, read one by one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import models

from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Purpose

_DERIVED = Personal(Purpose.ANALYTICS, Sensitivity.DERIVED)
_REFERENCE = Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM)

# A move is one number: the segment's position, whether it was left, and above both the version of the rule.
PLACES, LEFT, VERSION_SHIFT = 0x7FFF, 0x8000, 16
# Every move that %(segment)s can have, for the index of moves: `moves && {OF_SEGMENT_SQL}`.
OF_SEGMENT_SQL = f"""
(SELECT array_agg(number << {VERSION_SHIFT} | way | s.position)
 FROM segmentation_segment s
 CROSS JOIN LATERAL generate_series(
     0, (SELECT coalesce(max(v.number), 0) FROM segmentation_segmentversion v WHERE v.segment_id = s.id)) AS number
 CROSS JOIN (VALUES (0), ({LEFT})) AS w (way)
 WHERE s.id = %(segment)s)
"""


class Direction(models.TextChoices):
    ENTERED = "entered", "Entered"
    LEFT = "left", "Left"


class Moves(models.Model):
    """All segments that a customer entered or left at one moment; `moves` as PLACES, LEFT and VERSION_SHIFT say.

    A refresh moves somebody in several segments at once, at the first of them in dozens: one row instead. Found by
    customer, by segment or by time: the primary key is a declaration to the ORM, not an index.
    """

    personal_data: ClassVar[dict[str, Personal]] = {"customer_id": _REFERENCE, "at": _DERIVED, "moves": _DERIVED}

    pk = models.CompositePrimaryKey("bucket", "customer_id", "at")
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    at = models.DateTimeField()
    moves = ArrayField(models.IntegerField())

    class Meta:
        db_table = "segmentation_moves"
        indexes = [
            models.Index(fields=["bucket", "customer_id"], name="segmentation_moves_of"),
            # A list of 64 kB of what is not yet sorted in: the usual 4 MB would stand in each part for good.
            GinIndex(fields=["moves"], gin_pending_list_limit=64, name="segmentation_moves_in"),
            # Rows are written in the order of time.
            BrinIndex(fields=["at"], name="segmentation_moves_at"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} at {self.at:%Y-%m-%d %H:%M}"


class Transition(models.Model):
    """A customer entered or left a segment: a view that tells the moves one by one. Nothing is written here."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": _REFERENCE,
        "segment_id": _DERIVED,
        "at": _DERIVED,
        "direction": _DERIVED,
        "version": _DERIVED,
    }

    pk = models.CompositePrimaryKey("bucket", "customer_id", "segment_id", "at")
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    segment_id = models.UUIDField()
    at = models.DateTimeField()
    direction = models.CharField(max_length=8, choices=Direction)
    version = models.SmallIntegerField(help_text="of the rule that decided; 0 where the segment was retired")

    class Meta:
        managed = False
        db_table = "segmentation_transition"

    def __str__(self) -> str:
        return f"{self.customer_id} {self.direction}"

    @property
    def why(self) -> dict[str, object]:
        return because(self.version)


def because(version: int) -> dict[str, object]:
    """What decided a transition, in words."""
    return {"because": "rule", "version": version} if version else {"because": "retired"}
