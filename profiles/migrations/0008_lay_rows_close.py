"""Lay rows close. What a message says for all its records leaves the records, facts that nobody addresses lose their
id, indexes hold only what is looked up, and columns stand in the order in which none needs padding.

Every row is kept. Each table is locked while it is written anew; docs/performance.md says what that saves.
"""

from uuid import UUID

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

from iaros.lib.fields import PurposeField, RealField
from iaros.lib.partitions import RelayTable

_NUMBERS = """
CASE o.purpose
    WHEN 'servicing' THEN 1 WHEN 'servicing.irops' THEN 2 WHEN 'personalisation' THEN 3 WHEN 'marketing' THEN 4
    WHEN 'analytics' THEN 5 WHEN 'sharing' THEN 6 ELSE 7
END::smallint
"""


# What a run kept to be taken back is in the form of the tables.
_IMAGES = """
UPDATE lib_undorow SET image = jsonb_set(image, '{content_hash}', to_jsonb(left(image ->> 'content_hash', 18)))
WHERE table_name = 'profiles_sourcerecord';
UPDATE lib_undorow o SET image = jsonb_set(o.image, '{purpose}', to_jsonb(n.number))
FROM (VALUES ('servicing', 1), ('servicing.irops', 2), ('personalisation', 3), ('marketing', 4), ('analytics', 5),
    ('sharing', 6), ('legal_obligation', 7)) AS n (purpose, number)
WHERE o.table_name = 'profiles_identifier' AND o.image ->> 'purpose' = n.purpose;
"""


def _key(*columns):
    return models.CompositePrimaryKey(*columns, blank=True, editable=False, primary_key=True, serialize=False)


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("profiles", "0007_flights_name_who_flies_them"),
    ]

    operations = [
        RelayTable(
            "SourceRecord",
            partition_by="bucket",
            key=["id", "bucket"],
            values={"content_hash": "substring(o.content_hash FROM 1 FOR 8)"},
            sort=["id"],
            changes=[
                migrations.RemoveConstraint("sourcerecord", "profiles_sourcerecord_current"),
                migrations.RemoveIndex("sourcerecord", "profiles_sourcerecord_run"),
                migrations.RemoveField("sourcerecord", "source_id"),
                migrations.RemoveField("sourcerecord", "run_id"),
                migrations.RemoveField("sourcerecord", "received_at"),
                migrations.RemoveField("sourcerecord", "key_id"),
                migrations.AlterField(
                    "sourcerecord",
                    "content_hash",
                    models.BinaryField(help_text="compared with the version before, with nothing else", max_length=8),
                ),
                migrations.AddConstraint(
                    "sourcerecord",
                    models.UniqueConstraint(
                        condition=models.Q(("superseded_at__isnull", True)),
                        fields=("bucket", "native_key"),
                        name="profiles_sourcerecord_current",
                    ),
                ),
                migrations.AddIndex(
                    "sourcerecord", BrinIndex(fields=["message_id"], name="profiles_sourcerecord_message")
                ),
            ],
        ),
        RelayTable(
            "Link",
            partition_by="bucket",
            key=(),
            sort=["bucket", "customer_id", "linked_at"],
            changes=[
                migrations.AlterField("link", "score", RealField(default=1.0)),
                migrations.AddIndex(
                    "link", models.Index(fields=["bucket", "customer_id"], name="profiles_link_customer")
                ),
            ],
        ),
        RelayTable(
            "Event",
            partition_by="month",
            key=(),
            sort=["occurred_at"],
            changes=[
                migrations.RemoveIndex("event", "profiles_event_customer"),
                migrations.AddIndex(
                    "event", models.Index(fields=["bucket", "customer_id"], name="profiles_event_customer")
                ),
            ],
        ),
        RelayTable(
            "Passenger",
            partition_by="bucket",
            key=(),
            sort=["bucket", "customer_id"],
            changes=[
                migrations.AlterField("passenger", "pk", _key("bucket", "record_id")),
                migrations.RemoveField("passenger", "id"),
            ],
        ),
        RelayTable(
            "Coupon",
            partition_by="bucket",
            key=(),
            sort=["bucket", "customer_id"],
            changes=[
                migrations.AlterField("coupon", "pk", _key("bucket", "record_id", "ticket_number", "number")),
                migrations.RemoveField("coupon", "id"),
            ],
        ),
        RelayTable(
            "LoyaltyActivity",
            partition_by="bucket",
            key=(),
            sort=["bucket", "customer_id", "month"],
            changes=[
                migrations.AlterField("loyaltyactivity", "pk", _key("bucket", "record_id")),
                migrations.RemoveField("loyaltyactivity", "id"),
            ],
        ),
        RelayTable("FlightLeg", partition_by="bucket", key=(), sort=["booking_id", "number"]),
        RelayTable(
            "Booking",
            partition_by="bucket",
            key=["id", "bucket"],
            sort=["id"],
            changes=[
                migrations.RemoveIndex("booking", "profiles_booking_locator"),
                migrations.AddIndex("booking", models.Index(fields=["locator"], name="profiles_booking_locator")),
            ],
        ),
        RelayTable("Ancillary", partition_by="bucket", key=(), sort=["bucket", "customer_id"]),
        RelayTable(
            "Identifier",
            partition_by="lookup",
            key=(),
            values={"purpose": _NUMBERS},
            sort=["lookup"],
            changes=[
                migrations.RemoveConstraint("identifier", "profiles_identifier_claim"),
                migrations.RemoveField("identifier", "source_id"),
                migrations.RemoveField("identifier", "first_seen_at"),
                migrations.AlterField(
                    "identifier",
                    "record_id",
                    models.UUIDField(help_text="the first that had it: says when, and by which source"),
                ),
                migrations.AlterField("identifier", "purpose", PurposeField(default="servicing")),
                migrations.AddConstraint(
                    "identifier",
                    models.UniqueConstraint(
                        models.F("lookup"),
                        models.F("kind"),
                        models.Case(
                            models.When(claims=True, then=models.Value(UUID(int=0))), default=models.F("customer_id")
                        ),
                        name="profiles_identifier_once",
                    ),
                ),
            ],
        ),
        RelayTable("Profile", partition_by="bucket", key=["id", "bucket"], sort=["id"]),
        RelayTable("Customer", partition_by="bucket", key=["id", "bucket"], sort=["id"]),
        # A name is looked up among all customers: sixteen parts would hold each key sixteen times.
        RelayTable("SearchKeys", partition_by=None, sort=["bucket", "id"]),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
    ]
