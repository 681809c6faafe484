"""What a customer entered and left at one moment becomes one row: a table beside the transitions, empty as yet."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.db import migrations, models

from iaros.lib.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0007_clusters_live"),
    ]

    operations = [
        CreatePartitionedModel(
            name="Moves",
            partition_by="bucket",
            # In the order in which no column needs padding.
            fields=[
                ("customer_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                ("bucket", models.SmallIntegerField()),
                ("moves", ArrayField(base_field=models.IntegerField(), size=None)),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "customer_id",
                        "at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={
                "db_table": "segmentation_moves",
                "indexes": [
                    models.Index(fields=["bucket", "customer_id"], name="segmentation_moves_of"),
                    GinIndex(fields=["moves"], gin_pending_list_limit=64, name="segmentation_moves_in"),
                    BrinIndex(fields=["at"], name="segmentation_moves_at"),
                ],
            },
        ),
        # A declaration to the ORM: nobody addresses a row by it.
        migrations.RunSQL(
            "ALTER TABLE segmentation_moves DROP CONSTRAINT segmentation_moves_pkey", migrations.RunSQL.noop
        ),
    ]
