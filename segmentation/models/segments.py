"""Segments, their versions, who is in them, and who came and went."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from guardian.models import GroupObjectPermissionBase, UserObjectPermissionBase

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose

_DERIVED = Personal(Purpose.ANALYTICS, Sensitivity.DERIVED)
_REFERENCE = Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM)


class SegmentKind(models.TextChoices):
    RULE = "rule", "Rule"
    RFM = "rfm", "RFM"
    LATTICE = "lattice", "Lattice"
    CLUSTER = "cluster", "Cluster"


class SegmentStatus(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    RETIRED = "retired", "Retired"


class SegmentQuerySet(models.QuerySet["Segment"]):
    def published(self) -> SegmentQuerySet:
        return self.filter(status=SegmentStatus.PUBLISHED)

    def for_list_page(self) -> SegmentQuerySet:
        """With their owners, largest first."""
        return self.select_related("owner").order_by("-size", "name", "id")


class Segment(models.Model):
    """A named group of customers, computed under `analytics`, used only for its own purpose and channel.

    `position` is its bit in every membership bitmap: given once, never used again.
    """

    no_personal_data: ClassVar[str] = "a definition and counts; the owner is a user of the platform"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    is_system = models.BooleanField(default=False, help_text="Comes with the platform and is kept up by it.")
    purpose = models.CharField(max_length=24, choices=Purpose)
    channel = models.CharField(max_length=8, choices=Channel)
    kind = models.CharField(max_length=8, choices=SegmentKind, default=SegmentKind.RULE)
    status = models.CharField(max_length=10, choices=SegmentStatus, default=SegmentStatus.DRAFT)
    position = models.PositiveSmallIntegerField(unique=True)
    size = models.BigIntegerField(default=0, help_text="Members at the last refresh.")
    reach = models.BigIntegerField(default=0, help_text="Members who may be reached for its purpose.")
    counted_at = models.DateTimeField(null=True, blank=True)
    holdout_percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=10,
        db_default=10,
        help_text="Members who are never sent what is sent to the rest.",
    )
    expires_at = models.DateTimeField(null=True, blank=True, help_text="From then on it is retired.")
    stability = models.FloatField(null=True, blank=True, help_text="Mean Jaccard with itself over refits.")
    confidence = models.FloatField(null=True, blank=True, help_text="Mean chance that a member would be one again.")
    created_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Segment]] = SegmentQuerySet.as_manager()

    class Meta:
        db_table = "segmentation_segment"
        permissions = [("publish_segment", "Can publish and retire segments")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(purpose="") & ~models.Q(channel=""),
                name="segmentation_segment_purpose_and_channel",
            ),
            models.CheckConstraint(
                condition=models.Q(holdout_percent__gte=0, holdout_percent__lte=50),
                name="segmentation_segment_holdout",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SegmentVersion(models.Model):
    """One wording of a segment's rule, never changed. A change is the next number; the highest stands."""

    no_personal_data: ClassVar[str] = "a rule and its sentence"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField()
    sentence = models.TextField()
    depends_on = models.JSONField(default=list, help_text="Features, scores and attributes the rule reads.")
    published_at = models.DateTimeField(default=timezone.now)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        db_table = "segmentation_segmentversion"
        constraints = [models.UniqueConstraint(fields=["segment", "number"], name="segmentation_segmentversion_number")]

    def __str__(self) -> str:
        return f"{self.segment_id} version {self.number}"


class Membership(models.Model):
    """Which segments a customer is in: bit `position % 8` of byte `position // 8`, lowest bit first.

    Missing bytes are zeros; a customer in no segment has no row.
    """

    personal_data: ClassVar[dict[str, Personal]] = {"id": _REFERENCE, "bitmap": _DERIVED}

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField()
    bitmap = models.BinaryField()
    as_of = models.DateTimeField()

    class Meta:
        db_table = "segmentation_membership"

    def __str__(self) -> str:
        return str(self.id)


class MembershipRun(models.Model):
    """One refresh of memberships. Without `finished_at` it runs, as long as its heart beats; `problem`: what failed."""

    no_personal_data: ClassVar[str] = "times and counts"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    as_of = models.DateTimeField()
    began_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    segments = models.PositiveIntegerField(default=0)
    profiles = models.BigIntegerField(default=0)
    changes = models.BigIntegerField(default=0)
    problem = models.TextField(blank=True)

    class Meta:
        db_table = "segmentation_membershiprun"
        indexes = [models.Index(fields=["-began_at"], name="segmentation_memberrun_newest")]

    def __str__(self) -> str:
        return f"memberships as of {self.as_of:%Y-%m-%d %H:%M}"


class BoundaryPass(models.Model):
    """Up to when members were let go whose windows ran out by the clock; one row."""

    no_personal_data: ClassVar[str] = "a time"

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()

    class Meta:
        db_table = "segmentation_boundarypass"

    def __str__(self) -> str:
        return f"boundaries up to {self.until:%Y-%m-%d %H:%M}"


class CustomerList(models.Model):
    """A list of customers that somebody brought, for rules to name."""

    no_personal_data: ClassVar[str] = "a name; who stands on it is in its entries"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "segmentation_customerlist"

    def __str__(self) -> str:
        return self.name


class CustomerListEntry(models.Model):
    """A customer stands on a list."""

    personal_data: ClassVar[dict[str, Personal]] = {"customer_id": _REFERENCE, "list_id": _DERIVED}

    pk = models.CompositePrimaryKey("bucket", "list_id", "customer_id")
    bucket = models.SmallIntegerField()
    list_id = models.UUIDField()
    customer_id = models.UUIDField()

    class Meta:
        db_table = "segmentation_customerlistentry"
        indexes = [models.Index(fields=["bucket", "customer_id"], name="segmentation_listed_customer")]

    def __str__(self) -> str:
        return str(self.customer_id)


class SegmentUserPermission(UserObjectPermissionBase):
    """What one user may do with one segment."""

    no_personal_data: ClassVar[str] = "users of the platform, not customers"

    content_object = models.ForeignKey(Segment, on_delete=models.CASCADE)

    class Meta(UserObjectPermissionBase.Meta):
        db_table = "segmentation_segmentuserpermission"


class SegmentGroupPermission(GroupObjectPermissionBase):
    """What one group may do with one segment."""

    no_personal_data: ClassVar[str] = "groups of the platform's users"

    content_object = models.ForeignKey(Segment, on_delete=models.CASCADE)

    class Meta(GroupObjectPermissionBase.Meta):
        db_table = "segmentation_segmentgrouppermission"
