"""Events are told apart by a number of eight bytes, and an amount in the airline's own currency stands once.

Every row is kept; the table is locked while it is written anew. A number is made of the random part of the former id,
so that what runs keep to be taken back is renumbered alike.
"""

from django.conf import settings
from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import RelayTable

_IMAGES = """
UPDATE lib_undorow o SET image = o.image
    || jsonb_build_object('id', {number})
    || CASE WHEN o.image ->> 'currency' = '{ours}' AND o.image ->> 'value_base_minor' IS NOT NULL
            THEN '{{"value_minor": null, "currency": null}}'::jsonb ELSE '{{}}'::jsonb END
WHERE o.table_name = 'profiles_event';
"""


def _number(identifier):
    """The last eight bytes of a uuid, without the two bits of its variant."""
    hexadecimal = f"right(replace(({identifier})::text, '-', ''), 16)"
    return f"(('x' || {hexadecimal})::bit(64) & x'3FFFFFFFFFFFFFFF'::bit(64))::bigint"


def _unless_ours(column):
    ours = f"o.currency = '{settings.BASE_CURRENCY}' AND o.value_base_minor IS NOT NULL"
    return f"CASE WHEN {ours} THEN NULL ELSE o.{column} END"


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("profiles", "0021_profiles_lie_closer"),
    ]

    operations = [
        RelayTable(
            "Event",
            partition_by="month",
            key=(),
            sort=["occurred_at"],
            values={
                "id": _number("o.id"),
                "value_minor": _unless_ours("value_minor"),
                "currency": _unless_ours("currency"),
            },
            changes=[
                migrations.AlterField("event", "id", models.BigIntegerField(default=iaros.lib.ids.number)),
            ],
        ),
        migrations.RunSQL(
            _IMAGES.format(number=_number("o.image ->> 'id'"), ours=settings.BASE_CURRENCY), migrations.RunSQL.noop
        ),
    ]
