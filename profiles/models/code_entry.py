"""The airline's own codes, which go before the defaults: its booking classes, brands, tiers."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class CodeEntry(models.Model):
    no_personal_data: ClassVar[str] = "what codes mean"

    table = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    carrier = models.CharField(max_length=3, blank=True, help_text="blank where it holds for any carrier")
    starts_on = models.DateField(null=True, blank=True, help_text="first day on which it holds")
    ends_on = models.DateField(null=True, blank=True, help_text="last day on which it holds")
    meaning = models.CharField(max_length=40)
    title = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)

    class Meta:
        verbose_name = "code"
        verbose_name_plural = "codes of our own"
        constraints = [
            models.UniqueConstraint(
                fields=["table", "code", "carrier", "starts_on"], nulls_distinct=False, name="profiles_codeentry_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(starts_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="profiles_codeentry_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(code="") & ~models.Q(meaning=""), name="profiles_codeentry_says_something"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.carrier} {self.code}".replace("  ", " ")
