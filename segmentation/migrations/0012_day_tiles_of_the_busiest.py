"""Days of the busiest customers, folded; the function that notes which of them changed (`day_tiles.watch` calls it)."""

from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import CreatePartitionedModel

# Most airlines have no or few of them, so a statement that changes events looks there first and is done.
_OUTDATE = """
CREATE FUNCTION segmentation_outdate_tiles() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM segmentation_busycustomer) THEN
        INSERT INTO segmentation_outdatedtile (bucket, customer_id, occurred_at)
        SELECT o.bucket, o.customer_id, o.occurred_at
        FROM old_rows o JOIN segmentation_busycustomer b ON b.bucket = o.bucket AND b.id = o.customer_id;
        IF TG_OP = 'UPDATE' THEN
            INSERT INTO segmentation_outdatedtile (bucket, customer_id, occurred_at)
            SELECT n.bucket, n.customer_id, n.occurred_at
            FROM new_rows n JOIN segmentation_busycustomer b ON b.bucket = n.bucket AND b.id = n.customer_id;
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0020_passengers_lie_closer"),
        ("segmentation", "0011_read_vectors_that_name_a_value_once"),
    ]

    operations = [
        migrations.CreateModel(
            name="BusyCustomer",
            fields=[
                ("id", models.UUIDField()),
                ("stamp", models.UUIDField(default=iaros.lib.ids.uuid7)),
                ("settled_after", models.BigIntegerField(null=True)),
                ("through", models.DateField(null=True)),
                ("catalogue_version", models.IntegerField(null=True)),
                ("events", models.IntegerField(default=0)),
                ("bucket", models.SmallIntegerField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
            ],
            options={"db_table": "segmentation_busycustomer"},
        ),
        CreatePartitionedModel(
            name="DayTile",
            partition_by="bucket",
            fields=[
                ("customer_id", models.UUIDField()),
                ("day", models.DateField()),
                ("events", models.IntegerField()),
                ("bucket", models.SmallIntegerField()),
                ("partials", models.BinaryField()),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "customer_id",
                        "day",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
            options={"db_table": "segmentation_daytile"},
        ),
        migrations.CreateModel(
            name="OutdatedTile",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("bucket", models.SmallIntegerField()),
                ("customer_id", models.UUIDField()),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "db_table": "segmentation_outdatedtile",
                "indexes": [models.Index(fields=["bucket", "customer_id"], name="segmentation_outdated_of")],
            },
        ),
        migrations.RunSQL(_OUTDATE, "DROP FUNCTION segmentation_outdate_tiles() CASCADE"),
    ]
