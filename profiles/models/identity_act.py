"""What people decided about who is who: customers merged, records split off, and either taken back."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose

_WHO = Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, erase=Erase.DELETE_ROW)


class ActKind(models.TextChoices):
    MERGE = "merge", "Merged"
    SPLIT = "split", "Split"


class IdentityAct(models.Model):
    """One decision of a person. Links, facts and consents tell what it did; what was derived before is kept as images
    for thirty days under the act's id (`iaros.lib.undo`).

    A merge folds `other_id` into `customer_id`; a split takes records of `customer_id` to `other_id`. While a split
    stands, no feed makes the two one again.
    """

    personal_data: ClassVar[dict[str, Personal]] = {"customer_id": _WHO, "other_id": _WHO}

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=5, choices=ActKind)
    customer_id = models.UUIDField()
    other_id = models.UUIDField()
    records = models.IntegerField(help_text="how many went from one to the other")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_constraint=False, db_index=False
    )
    undoes = models.UUIDField(null=True, blank=True, help_text="the act that this one takes back")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["customer_id", "at"], name="profiles_identityact_customer"),
            models.Index(fields=["other_id", "at"], name="profiles_identityact_other"),
            models.Index(fields=["at"], name="profiles_identityact_at"),
        ]
        permissions = [("merge_people", "Merge and split people, and take it back")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.customer_id} and {self.other_id}"
