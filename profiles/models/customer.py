"""Who is one person. A customer is a view over links: its own is only an id, which never changes its meaning."""

from __future__ import annotations

from typing import ClassVar, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Func, Value, When
from django.utils import timezone

from iaros.lib.fields import PurposeField
from iaros.lib.ids import uuid7
from iaros.lib.personal_data import Erase, Personal, Sensitivity
from iaros.lib.purposes import Channel, Purpose
from privacy import consent


class CustomerQuerySet(models.QuerySet["Customer"]):
    def living(self) -> Self:
        """Customers that were not folded into another one."""
        return self.filter(merged_into__isnull=True)

    def allowed_for(self, purpose: Purpose, channel: Channel | None = None) -> Self:
        """Customers whose data may be read for `purpose`: the gate, as part of the query. Fails closed."""
        return cast("Self", consent.gate_queryset(self, purpose, channel, field="id"))


class Customer(models.Model):
    personal_data: ClassVar[dict[str, Personal]] = {
        "id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, erase=Erase.DELETE_ROW),
        "first_source": Personal(Purpose.SERVICING, export=True),
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(default=uuid7)
    created_at = models.DateTimeField(default=timezone.now)
    merged_into = models.UUIDField(null=True, blank=True)
    first_source = models.SmallIntegerField(help_text="the source that mentioned the person first")

    objects = CustomerQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="profiles_customer_merged"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class IdentifierKind(models.IntegerChoices):
    LOYALTY_NUMBER = 1, "Loyalty number"
    EMAIL = 2, "E-mail"
    PHONE = 3, "Phone"
    DEVICE = 4, "Device"
    PASSPORT = 5, "Passport"
    LOGIN = 6, "Login"  # the airline's own account
    TRAVELLER = 7, "Name in a booking"
    ACCOUNT = 8, "Account in another system"  # with the system's name before it: zendesk:2207

    @property
    def keyed_as(self) -> str:
        """The name under which look-ups of this kind are keyed; part of the hash, so it never changes."""
        return self.name.lower()


# A customer in eight bytes: with sixteen an entry of the index would be padded by six more.
_NOBODY = Value(0, output_field=models.BigIntegerField())
_HOLDER = Func(F("customer_id"), Value(0), function="uuid_hash_extended", output_field=models.BigIntegerField())


class Identifier(models.Model):
    """By what a person is found: the keyed hash only. The value itself stands in the source record and the profile.

    `claims` says that this look-up identifies one person (a loyalty number, a verified e-mail): the database lets only
    one customer claim it, so two workers cannot create the same person twice.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "lookup": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "customer_id": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM),
        "kind": Personal(Purpose.SERVICING),
        "verified_at": Personal(Purpose.SERVICING),
        "purpose": Personal(Purpose.SERVICING),
    }

    pk = models.CompositePrimaryKey("lookup", "kind", "customer_id")
    lookup = models.BinaryField(max_length=16)
    kind = models.SmallIntegerField(choices=IdentifierKind)
    customer_id = models.UUIDField(db_index=True)
    record_id = models.UUIDField(help_text="the first that had it: says when, and by which source")
    claims = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    purpose = PurposeField(default=Purpose.SERVICING)

    class Meta:
        constraints = [
            # One index for two rules: of those who claim a look-up there is one, of those who only hold it any number,
            # each once.
            models.UniqueConstraint(
                "lookup",
                "kind",
                Case(When(claims=True, then=_NOBODY), default=_HOLDER),
                name="profiles_identifier_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.customer_id}"


class SearchKeys(models.Model):
    """Keyed hashes of the surname, its phonetic key and some of its prefixes, truncated to 8 bytes.

    One table, not divided by bucket: a name is looked up among all customers at once. `match_keys` are hashes of what
    two mentions of one person nearly always share (how the surname sounds with the birth date, say): customers who
    have one in common are compared. It is none where it has not been worked out yet. `household` hashes surname and
    address: who has the same lives in the same household, which is an edge between people and never a reason to join.
    """

    personal_data: ClassVar[dict[str, Personal]] = {
        "keys": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "match_keys": Personal(Purpose.SERVICING, Sensitivity.PSEUDONYM, export=False),
        "household": Personal(Purpose.ANALYTICS, Sensitivity.PSEUDONYM, export=False),
    }

    pk = models.CompositePrimaryKey("bucket", "id")
    bucket = models.SmallIntegerField()
    id = models.UUIDField(help_text="the customer")
    keys = ArrayField(models.BigIntegerField())
    made_at = models.DateTimeField()
    match_keys = ArrayField(models.BigIntegerField(), null=True, blank=True)
    household = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [
            GinIndex(fields=["keys"], name="profiles_searchkeys_keys"),
            # Looked up by every new customer, so nothing may wait in a list that each look-up would read through.
            GinIndex(fields=["match_keys"], name="profiles_searchkeys_match", fastupdate=False),
            models.Index(
                fields=["household"],
                condition=models.Q(household__isnull=False),
                name="profiles_searchkeys_household",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)
