"""Lay subjects close: columns without padding, and a primary key that is filled from one end since ids ascend in time.

Every row is kept; the table is locked while it is written anew.
"""

from django.db import migrations

from iaros.lib.partitions import RelayTable


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0003_consent_evidence"),
    ]

    operations = [
        RelayTable("Subject", partition_by="bucket", key=["id", "bucket"], sort=["id"]),
    ]
