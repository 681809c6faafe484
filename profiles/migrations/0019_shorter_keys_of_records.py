"""Records are found by shorter keys, and shares that are derived take four bytes.

The keyed hash of a native key has thirteen bytes: beside the bucket that is what fits an index entry of sixteen. The
primary key of records becomes a declaration to the ORM; an index by id alone takes its place. Every row is kept; each
table is locked while it is written anew.
"""

from django.db import migrations, models

from iaros.lib.fields import RealField
from iaros.lib.partitions import RelayTable

# What a run kept to be taken back is in the form of the table: \x and two letters a byte.
_IMAGES = """
UPDATE lib_undorow SET image = jsonb_set(image, '{native_key}', to_jsonb(left(image ->> 'native_key', 28)))
WHERE table_name = 'profiles_sourcerecord' AND image ->> 'native_key' IS NOT NULL
"""
_SHARES = {
    "business_share": "of trips, each by its probability",
    "holiday_trip_share": "",
    "home_airport_confidence": "",
    "party_type_share": "",
    "warmer_by_c": "degrees warmer where trips go than where they begin",
}


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("profiles", "0018_households_and_surroundings"),
    ]

    operations = [
        RelayTable(
            "SourceRecord",
            partition_by="bucket",
            key=(),
            values={"native_key": "substring(o.native_key FROM 1 FOR 13)"},
            sort=["id"],
            changes=[
                migrations.AlterField("sourcerecord", "native_key", models.BinaryField(max_length=13)),
                migrations.AddIndex("sourcerecord", models.Index(fields=["id"], name="profiles_sourcerecord_id")),
            ],
        ),
        RelayTable(
            "Enrichment",
            partition_by="bucket",
            sort=["bucket", "id"],
            changes=[
                migrations.AlterField("enrichment", name, RealField(blank=True, null=True, help_text=told))
                for name, told in _SHARES.items()
            ],
        ),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
    ]
