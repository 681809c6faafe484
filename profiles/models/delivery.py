"""Files on their way in: what was sent, sealed until it has landed, and what is fetched by the clock."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class Way(models.TextChoices):
    UPLOAD = "upload", "Uploaded"
    BATCH = "batch", "Sent to the API"
    WEBHOOK = "webhook", "Webhook"
    PULL = "pull", "Fetched"


class DeliveryState(models.TextChoices):
    RECEIVING = "receiving", "Receiving"
    WAITING = "waiting", "Waiting"
    TRIED = "tried", "Tried"
    TAKEN = "taken", "Taken in"
    REFUSED = "refused", "Refused"


class Delivery(models.Model):
    """A file that was sent: complete when `received` equals `size`. Its parts go once it has landed."""

    no_personal_data: ClassVar[str] = "name and size of a file; what is in it is in its parts"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(max_length=60)
    name = models.CharField(max_length=255)
    way = models.CharField(max_length=8, choices=Way)
    sender = models.CharField(max_length=255, blank=True, help_text="the user or client who sent it")
    key = models.CharField(max_length=128, help_text="by which the sender names it; once for each sender")
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.RECEIVING)
    size = models.BigIntegerField(null=True, blank=True)
    received = models.BigIntegerField(default=0)
    dry_run = models.BooleanField(default=False, db_default=False)
    job_id = models.UUIDField(null=True, blank=True)
    problem = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["way", "sender", "source", "key"], name="profiles_delivery_once"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="profiles_delivery_newest")]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class DeliveryPart(models.Model):
    """A piece of a file that has not landed yet, sealed under the landing key of source and day."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "cipher": Personal(Purpose.SERVICING, Sensitivity.IDENTITY, retention_days=7, erase=Erase.SHRED, export=False),
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="parts")
    starts_at = models.BigIntegerField(help_text="byte of the file with which it begins")
    length = models.IntegerField()
    key_id = models.UUIDField()
    cipher = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "starts_at"], name="profiles_deliverypart_once")]

    def __str__(self) -> str:
        return f"{self.length} bytes from {self.starts_at}"


class CursorKind(models.TextChoices):
    """How a pull goes on from where it was."""

    ETAG = "etag", "The whole file again, where its ETag changed"
    SINCE = "since", "What changed since the last pull began"
    NEXT = "next", "Pages, each naming the next"


class Pull(models.Model):
    """A file that is fetched by the clock. `{cursor}` in the address stands for where it goes on."""

    no_personal_data: ClassVar[str] = "addresses of files and times"

    id = models.SmallAutoField(primary_key=True)
    source = models.CharField(max_length=60)
    url = models.CharField(max_length=500)
    cursor_kind = models.CharField(max_length=5, choices=CursorKind, default=CursorKind.ETAG)
    next_member = models.CharField(max_length=60, blank=True, help_text="JSON member that names the next page")
    header_name = models.CharField(max_length=60, blank=True, help_text="sent with each request")
    secret_name = models.CharField(max_length=60, blank=True, help_text="environment variable with the header's value")
    every_minutes = models.IntegerField(default=60)
    enabled = models.BooleanField(default=True)
    cursor = models.CharField(max_length=500, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    pulled_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "url"], name="profiles_pull_once"),
            models.CheckConstraint(condition=models.Q(every_minutes__gte=1), name="profiles_pull_not_too_often"),
        ]

    def __str__(self) -> str:
        return f"{self.source} from {self.url}"
