"""Where members of segments are sent, what was sent when, and to whom."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose
from segmentation.models.segments import Segment


class DestinationKind(models.TextChoices):
    FILE = "file", "File"
    WEBHOOK = "webhook", "Signed webhook"
    AD_AUDIENCE = "ad_audience", "Ad audience"


class FileFormat(models.TextChoices):
    CSV = "csv", "CSV"
    PARQUET = "parquet", "Parquet"


class Destination(models.Model):
    """A place to which members may be sent. An ad audience gets hashed addresses, all others ids."""

    no_personal_data: ClassVar[str] = "addresses of systems; the secret stands in the environment"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=DestinationKind)
    file_format = models.CharField(max_length=8, choices=FileFormat, default=FileFormat.CSV)
    url = models.URLField(max_length=500, blank=True)
    secret_name = models.CharField(max_length=60, blank=True, help_text="environment variable with the signing secret")
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "segmentation_destination"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind=DestinationKind.FILE) | (~models.Q(url="") & ~models.Q(secret_name="")),
                name="segmentation_destination_signed",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Activation(models.Model):
    """One sending of a segment's members to a destination, with what became of them.

    `counts`: people by outcome. `power`: what difference the holdout can show, see `segments.power`.
    """

    no_personal_data: ClassVar[str] = "counts; who was sent stands in the emissions"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    segment = models.ForeignKey(Segment, on_delete=models.PROTECT, related_name="activations")
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="activations")
    version = models.PositiveIntegerField(help_text="the wording that stood")
    purpose = models.CharField(max_length=24, choices=Purpose)
    channel = models.CharField(max_length=8, choices=Channel)
    holdout_percent = models.DecimalField(max_digits=5, decimal_places=2)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    job_id = models.UUIDField(null=True, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    power = models.JSONField(null=True, blank=True)
    file_name = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "segmentation_activation"
        indexes = [models.Index(fields=["segment", "-began_at"], name="segmentation_activation_of")]

    def __str__(self) -> str:
        return f"{self.segment} to {self.destination}"


class Outcome(models.TextChoices):
    SENT = "sent", "Sent"
    NO_ADDRESS = "no_address", "No address"
    NO_CONSENT = "no_consent", "No consent"
    HELD_OUT = "held_out", "Held out"
    CAPPED = "capped", "Contacted too often"
    NOT_EXPORTABLE = "not_exportable", "Not to be exported"


class Emission(models.Model):
    """What became of one member in one activation."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": Personal(Purpose.MARKETING, Sensitivity.PSEUDONYM),
        "activation_id": Personal(Purpose.MARKETING),
        "outcome": Personal(Purpose.MARKETING),
        "at": Personal(Purpose.MARKETING),
    }

    pk = models.CompositePrimaryKey("bucket", "customer_id", "activation_id")
    bucket = models.SmallIntegerField()
    customer_id = models.UUIDField()
    activation_id = models.UUIDField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    at = models.DateTimeField()

    class Meta:
        db_table = "segmentation_emission"
        indexes = [models.Index(fields=["activation_id", "outcome"], name="segmentation_emission_of")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.outcome}"
