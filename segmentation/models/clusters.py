"""What is known of a segment that behaviour itself made: where it was found, how well its rule stands for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from segmentation.models.segments import Segment


class ClusterLevel(models.TextChoices):
    MACRO = "macro", "Macro group"
    GROUP = "group", "Group"


class BehaviouralCluster(models.Model):
    """A group of customers found in their habits, beside the segment that it is.

    The segment's rule is that of a shallow tree: `fidelity` is its F1 for the group on people the tree was not grown
    on, made of `precision` and `recall`. `overlap`: Jaccard of the rule with the one before the last refit.
    """

    no_personal_data: ClassVar[str] = "figures and words of a group of people"

    segment = models.OneToOneField(Segment, on_delete=models.CASCADE, primary_key=True, related_name="cluster")
    level = models.CharField(max_length=5, choices=ClusterLevel)
    parent = models.ForeignKey(Segment, null=True, blank=True, on_delete=models.SET_NULL, related_name="inner_clusters")
    fidelity = models.FloatField()
    precision = models.FloatField()
    recall = models.FloatField()
    distinct = models.FloatField(help_text="Mean silhouette.")
    traits = models.JSONField(default=list)
    outcomes = models.JSONField(default=dict, help_text="What the models that speak expect on average.")
    found_at = models.DateTimeField(help_text="Of the features in which it was found last.")
    refits = models.PositiveIntegerField(default=1, help_text="How often it was found.")
    overlap = models.FloatField(null=True, blank=True)

    class Meta:
        db_table = "segmentation_behaviouralcluster"

    def __str__(self) -> str:
        return str(self.segment_id)
