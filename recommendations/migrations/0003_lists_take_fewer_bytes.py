"""A ranked list names its kind and its version by numbers. Every list of a known version is kept; the table is locked
while it is written anew.
"""

from django.db import migrations, models

from iaros.lib.partitions import RelayTable

_KIND = "(CASE {kind} WHEN 'ancillary' THEN 1 ELSE 2 END)::smallint"
_NUMBER = "(SELECT v.number FROM recommendations_recommenderversion v WHERE v.id = {version})::smallint"
# What is kept to undo a joining of customers is in the form of the table; a list of a version that is gone goes.
_IMAGES = f"""
UPDATE lib_undorow o SET image = (o.image - 'version_id') || jsonb_build_object(
    'kind', {_KIND.format(kind="o.image ->> 'kind'")},
    'version', {_NUMBER.format(version="(o.image ->> 'version_id')::uuid")})
WHERE o.table_name = 'recommendations_recommendation';
DELETE FROM lib_undorow WHERE table_name = 'recommendations_recommendation' AND image ->> 'version' IS NULL;
"""
_WITHOUT_VERSION = """
DELETE FROM recommendations_recommendation
WHERE version_id NOT IN (SELECT id FROM recommendations_recommenderversion)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("recommendations", "0002_lay_lists_close"),
    ]

    operations = [
        migrations.RunSQL(_WITHOUT_VERSION, migrations.RunSQL.noop),
        RelayTable(
            "Recommendation",
            partition_by="bucket",
            key=["kind", "bucket", "id"],
            sort=["kind", "bucket", "id"],
            values={"kind": _KIND.format(kind="o.kind"), "version": _NUMBER.format(version="o.version_id")},
            changes=[
                migrations.AlterField("recommendation", "kind", models.SmallIntegerField()),
                migrations.RemoveField("recommendation", "version_id"),
                migrations.AddField(
                    "recommendation",
                    "version",
                    models.SmallIntegerField(default=0, help_text="the number of the version of this kind"),
                    preserve_default=False,
                ),
            ],
        ),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
    ]
