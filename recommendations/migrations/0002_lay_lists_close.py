"""Lay ranked lists close: one kind after the other in the key, as they are written, and columns without padding.

Every row is kept; the table is locked while it is written anew.
"""

from django.db import migrations

from iaros.lib.partitions import RelayTable


class Migration(migrations.Migration):
    dependencies = [
        ("recommendations", "0001_versions_lists_decisions"),
    ]

    operations = [
        RelayTable(
            "Recommendation", partition_by="bucket", key=["kind", "bucket", "id"], sort=["kind", "bucket", "id"]
        ),
    ]
