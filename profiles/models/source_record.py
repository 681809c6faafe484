"""What the sources said, untouched: messages, the mentions of people in them, and the ledger that links mentions to
customers. Records never move; links begin and end."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, BTreeIndex
from django.db import models
from django.utils import timezone

from iaros.lib.fields import RealField
from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Purpose


class Source(models.Model):
    """A feed, by a number small enough to stand on every record."""

    no_personal_data: ClassVar[str] = "names of feeds"

    id = models.SmallAutoField(primary_key=True)
    name = models.CharField(max_length=60, unique=True)
    brand = models.CharField(max_length=20, blank=True)
    market = models.CharField(max_length=20, blank=True)

    def __str__(self) -> str:
        return self.name


class Message(models.Model):
    """Raw lines as they came, some hundreds together: compressed, then sealed under the landing key of source and day.

    A record points to its line. Erasure opens the message, blanks the person's lines and seals it again. What all the
    records of a message share stands here only: source, run, moment, key. So a message outlives its lines.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "cipher": Personal(Purpose.SERVICING, Sensitivity.IDENTITY, erase=Erase.SHRED),
    }

    id = models.AutoField(primary_key=True)  # four bytes: it stands on every record
    sealed_as = models.UUIDField(default=uuid7, editable=False, help_text="by what name the lines are sealed")
    source_id = models.SmallIntegerField()
    run_id = models.UUIDField()
    received_at = models.DateTimeField(default=timezone.now)
    first_row = models.BigIntegerField(help_text="row in the file of the message's first line, the header being row 1")
    lines = models.IntegerField()
    key_id = models.UUIDField()
    cipher = models.BinaryField()

    class Meta:
        indexes = [BrinIndex(fields=["run_id"], name="profiles_message_run")]
        permissions = [("view_raw", "See what sources sent, word by word")]

    def __str__(self) -> str:
        return f"{self.lines} lines from row {self.first_row}"


class SourceRecord(models.Model):
    """One mention of one person by one source. A changed mention is a new record; the old one is superseded and stays.

    `bucket` is the first byte of the native key's hash: here the key decides the partition, since the person is not
    yet known. The hash is keyed by source, so a key of two sources is two keys. Source, run, moment and the key of
    `cipher` are those of the message.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "native_key": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "content_hash": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "cipher": Personal(Purpose.SERVICING, Sensitivity.IDENTITY, erase=Erase.DELETE_ROW),
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(default=uuid7)
    native_key = models.BinaryField(max_length=13)
    content_hash = models.BinaryField(max_length=7, help_text="compared with the version before, with nothing else")
    message_id = models.IntegerField()
    line = models.IntegerField(help_text="which line of the message, from 0")
    superseded_at = models.DateTimeField(null=True, blank=True)
    cipher = models.BinaryField(null=True, blank=True, help_text="standardised personal fields, if it has any")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["bucket", "native_key"],
                condition=models.Q(superseded_at__isnull=True),
                name="profiles_sourcerecord_current",
            ),
        ]
        indexes = [
            # Asked by id alone; the primary key is a declaration to the ORM. Ids ascend: no page need have room.
            BTreeIndex(fields=["id"], name="profiles_sourcerecord_id", fillfactor=100),
            # Messages and rows grow together, so a block range of the table is of few runs: by it a run's are found.
            BrinIndex(fields=["message_id"], name="profiles_sourcerecord_message"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class LinkRule(models.IntegerChoices):
    """Why a mention was taken for this customer."""

    FIRST_MENTION = 1, "First mention"
    LOYALTY_NUMBER = 2, "Same loyalty number"
    VERIFIED_EMAIL = 3, "Same verified e-mail"
    DEVICE = 4, "Same signed-in device"
    SAME_RECORD = 5, "A new version of a record already linked"
    MERGE = 6, "Customers were merged"
    MANUAL = 7, "Decided by a person"
    LOGIN = 8, "Same login"
    ACCOUNT = 9, "Same account in another system"
    TRAVELLER = 10, "Same name in the same booking"
    WAITED = 11, "Waited for somebody known by its key"
    PROBABLE = 12, "Everything taken together"


class Link(models.Model):
    """record -> customer, from one moment to another. The only place that says who is who.

    Nobody addresses a link but by its record or its customer: the primary key is a declaration, not an index.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "customer_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM),
        "record_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM),
        "evidence": Personal(Purpose.SERVICING, Sensitivity.DERIVED),
    }

    pk = models.CompositePrimaryKey("bucket", "customer_id", "record_id", "linked_at")
    bucket = models.SmallIntegerField(help_text="of the customer")
    customer_id = models.UUIDField()
    record_id = models.UUIDField()
    record_bucket = models.SmallIntegerField()
    linked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    rule = models.SmallIntegerField(choices=LinkRule)
    score = RealField(null=True, blank=True, help_text="none where the rule is certain")
    evidence = models.JSONField(null=True, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, db_constraint=False, db_index=False
    )

    class Meta:
        indexes = [
            BTreeIndex(fields=["record_id"], name="profiles_link_record", fillfactor=100),
            models.Index(fields=["bucket", "customer_id"], name="profiles_link_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.record_id} -> {self.customer_id}"


class UnlinkedKey(models.Model):
    """By what a mention could be linked and nobody claims yet: an anonymous device, say. Tried at each refresh."""

    personal_data: ClassVar[dict[str, Personal]] = {
        "lookup": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
    }

    id = models.BigAutoField(primary_key=True)
    record_id = models.UUIDField()
    record_bucket = models.SmallIntegerField()
    kind = models.SmallIntegerField()
    lookup = models.BinaryField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["lookup", "kind"], name="profiles_unlinkedkey_lookup")]

    def __str__(self) -> str:
        return str(self.record_id)


class SourceReliability(models.Model):
    """How often a source is right about a field, as the agreement between sources has taught."""

    no_personal_data: ClassVar[str] = "about sources"

    id = models.AutoField(primary_key=True)
    source_id = models.SmallIntegerField()
    field = models.CharField(max_length=20)
    reliability = models.FloatField()
    statements = models.IntegerField(help_text="how many were judged")
    estimated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "field"], name="profiles_sourcereliability_once"),
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.reliability:.3f}"
