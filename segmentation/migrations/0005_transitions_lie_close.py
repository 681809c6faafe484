"""A transition says by number which wording decided, and nobody addresses one by an id: half the bytes."""

from django.db import migrations, models

from iaros.lib.partitions import RelayTable

_VERSION = """
CASE WHEN o.why ->> 'because' = 'rule' THEN coalesce((o.why ->> 'version')::smallint, 0) ELSE 0 END::smallint
"""


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0004_rules_read_more"),
    ]

    operations = [
        RelayTable(
            "Transition",
            partition_by="bucket",
            key=[],
            values={"version": _VERSION},
            sort=["at", "customer_id"],
            changes=[
                migrations.AlterField(
                    "transition",
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "customer_id",
                        "segment_id",
                        "at",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                migrations.RemoveField("transition", "id"),
                migrations.RemoveField("transition", "why"),
                migrations.AddField(
                    "transition",
                    "version",
                    models.SmallIntegerField(help_text="of the rule that decided; 0 where the segment was retired"),
                    preserve_default=False,
                ),
            ],
        ),
    ]
