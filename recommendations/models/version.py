"""Trained recommenders: what was learnt, how good it was on a time split, and which of them serves."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from recommendations.models.recommendation import ItemKind


class Policy(models.TextChoices):
    """What a version serves. A model that is not better than popularity on the time split does not serve."""

    HYBRID = "hybrid", "Hybrid"
    COLLABORATIVE = "collaborative", "Collaborative"
    CONTENT_BASED = "content_based", "Content based"
    POPULARITY = "popularity", "Popularity"


class RecommenderVersion(models.Model):
    """One training of one kind of item. The artifact is an .npz of item factors and counts, never pickled objects."""

    no_personal_data: ClassVar[str] = "item factors and counts over all travellers; nobody's own row is in it"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=10, choices=ItemKind)
    number = models.PositiveIntegerField()
    policy = models.CharField(max_length=16, choices=Policy)
    artifact = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    params = models.JSONField(default=dict)
    metrics = models.JSONField(default=dict)
    as_of = models.DateTimeField(help_text="the model knows nothing later than this")
    trained_at = models.DateTimeField(default=timezone.now)
    train_seconds = models.FloatField(default=0)
    is_champion = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="recommendations_version_number"),
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_champion=True), name="recommendations_one_champion"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """How answers name the version, e.g. `route-3`."""
        return f"{self.kind}-{self.number}"
