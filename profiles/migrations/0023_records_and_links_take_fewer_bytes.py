"""Messages have a number of four bytes, links say only what is not certain, and whom a look-up is held by has eight.

Every row is kept; each table is locked while it is written anew. What the lines of a message are sealed under was its
id, and stays, as `sealed_as`.
"""

from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.fields import RealField
from iaros.lib.partitions import RelayTable

# The next message comes after those that stand.
_NEXT = """
SELECT setval(pg_get_serial_sequence('profiles_message', 'id'), coalesce(max(id), 0) + 1, false) FROM profiles_message
"""
_INDEX = "CREATE UNIQUE INDEX profiles_message_renumbered ON profiles_message (sealed_as)"
_NO_INDEX = "DROP INDEX profiles_message_renumbered"
# What a run kept to be taken back is in the form of the tables.
_IMAGES = """
UPDATE lib_undorow o SET image = o.image
    || jsonb_build_object('message_id', m.id, 'content_hash', left(o.image ->> 'content_hash', 16))
FROM profiles_message m
WHERE o.table_name = 'profiles_sourcerecord' AND m.sealed_as = (o.image ->> 'message_id')::uuid;
UPDATE lib_undorow o SET image = o.image || jsonb_build_object('id', m.id, 'sealed_as', m.sealed_as)
FROM profiles_message m
WHERE o.table_name = 'profiles_message' AND m.sealed_as = (o.image ->> 'id')::uuid;
"""
_NOBODY = models.Value(0, output_field=models.BigIntegerField())
_HOLDER = models.Func(
    models.F("customer_id"),
    models.Value(0),
    function="uuid_hash_extended",
    output_field=models.BigIntegerField(),
)


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("profiles", "0022_events_take_fewer_bytes"),
    ]

    operations = [
        RelayTable(
            "Message",
            partition_by=None,
            sort=["id"],
            values={"id": "(row_number() OVER (ORDER BY o.id))::integer", "sealed_as": "o.id"},
            changes=[
                migrations.AlterField("message", "id", models.AutoField(primary_key=True, serialize=False)),
                migrations.AddField(
                    "message",
                    "sealed_as",
                    models.UUIDField(
                        default=iaros.lib.ids.uuid7, editable=False, help_text="by what name the lines are sealed"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(_NEXT, migrations.RunSQL.noop),
        migrations.RunSQL(_INDEX, migrations.RunSQL.noop),
        RelayTable(
            "SourceRecord",
            partition_by="bucket",
            key=(),
            values={
                "message_id": "coalesce((SELECT m.id FROM profiles_message m WHERE m.sealed_as = o.message_id), 0)",
                "content_hash": "substring(o.content_hash FROM 1 FOR 7)",
            },
            sort=["id"],
            changes=[
                migrations.AlterField("sourcerecord", "message_id", models.IntegerField()),
                migrations.AlterField(
                    "sourcerecord",
                    "content_hash",
                    models.BinaryField(help_text="compared with the version before, with nothing else", max_length=7),
                ),
            ],
        ),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
        migrations.RunSQL(_NO_INDEX, migrations.RunSQL.noop),
        RelayTable(
            "Link",
            partition_by="bucket",
            key=(),
            values={"score": "nullif(o.score, 1.0)"},
            sort=["record_id"],
            changes=[
                migrations.AlterField(
                    "link",
                    "score",
                    RealField(blank=True, help_text="none where the rule is certain", null=True),
                ),
            ],
        ),
        migrations.RemoveConstraint("identifier", "profiles_identifier_once"),
        migrations.AddConstraint(
            "identifier",
            models.UniqueConstraint(
                "lookup",
                "kind",
                models.Case(models.When(claims=True, then=_NOBODY), default=_HOLDER),
                name="profiles_identifier_once",
            ),
        ),
    ]
