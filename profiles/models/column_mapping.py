"""By which names of the airline's own a feed's columns go."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class ColumnMapping(models.Model):
    """One wording; the highest version of a source is in force. A wording is never changed."""

    no_personal_data: ClassVar[str] = "names of columns"

    source = models.CharField(max_length=60)
    version = models.IntegerField()
    columns = models.JSONField(help_text="their name -> ours")
    saved_at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "version"], name="profiles_columnmapping_version"),
            models.CheckConstraint(condition=models.Q(version__gte=1), name="profiles_columnmapping_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.version}"
