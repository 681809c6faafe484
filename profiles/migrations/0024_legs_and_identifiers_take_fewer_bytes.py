"""Legs have an id of eight bytes and their zone in minutes, a booking's amount in our own currency stands once,
and identifiers stand in one table.

A customer's keys lay in sixteen parts, whose indexes held the customer once each and were all asked. Every row is kept;
each table is locked while it is written anew. Passengers need less room to be updated in, since purposes are told a
bucket at a time, and indexes by the id of a record none, since those ids ascend.
"""

from django.conf import settings
from django.contrib.postgres.indexes import BTreeIndex
from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import RelayTable

_ROOM = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('profiles_passenger') WHERE isleaf LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 92)', part);
    END LOOP;
END $$;
"""


def _number(identifier):
    """The milliseconds of a uuid of version 7, then 21 of its random bits: `iaros.lib.ids.numbers_in_time`."""
    plain = f"replace(({identifier})::text, '-', '')"
    moment = f"('x' || substr({plain}, 1, 12))::bit(48)::bigint"
    drawn = f"('x' || substr({plain}, 14, 3) || substr({plain}, 18, 3))::bit(24)::bigint"
    return f"(({moment} << 21) | ({drawn} >> 3))"


def _minutes(zone):
    """`+02:00` is 120."""
    return f"((left({zone}, 1) || '1')::int * (substr({zone}, 2, 2)::int * 60 + substr({zone}, 5, 2)::int))::smallint"


_IMAGES = f"""
UPDATE lib_undorow o SET image = o.image || jsonb_build_object(
    'id', {_number("o.image ->> 'id'")}, 'departs_zone', {_minutes("(o.image ->> 'departs_zone')")})
WHERE o.table_name = 'profiles_flightleg';
UPDATE lib_undorow o SET image = o.image || '{{"total_base_minor": null}}'
WHERE o.table_name = 'profiles_booking' AND o.image ->> 'currency' = '{settings.BASE_CURRENCY}';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lib", "0002_undo_rows"),
        ("profiles", "0023_records_and_links_take_fewer_bytes"),
    ]

    operations = [
        RelayTable(
            "FlightLeg",
            partition_by="bucket",
            key=(),
            sort=["booking_id", "number"],
            values={"id": _number("o.id"), "departs_zone": _minutes("o.departs_zone")},
            changes=[
                migrations.AlterField("flightleg", "id", models.BigIntegerField(default=iaros.lib.ids.number_in_time)),
                migrations.AlterField(
                    "flightleg",
                    "departs_zone",
                    models.SmallIntegerField(help_text="minutes from UTC at the airport, east is positive"),
                ),
            ],
        ),
        migrations.RunSQL(_IMAGES, migrations.RunSQL.noop),
        RelayTable(
            "Booking",
            partition_by="bucket",
            key=["id", "bucket"],
            sort=["id"],
            values={
                "total_base_minor": f"CASE WHEN o.currency <> '{settings.BASE_CURRENCY}' THEN o.total_base_minor END"
            },
            changes=[
                migrations.AlterField(
                    "booking",
                    "total_base_minor",
                    models.BigIntegerField(
                        blank=True, help_text="of a foreign `total_minor`, at the day's rate", null=True
                    ),
                ),
            ],
        ),
        RelayTable("Identifier", partition_by=None, key=(), sort=["lookup", "kind"]),
        migrations.RemoveIndex("sourcerecord", "profiles_sourcerecord_id"),
        migrations.AddIndex("sourcerecord", BTreeIndex(fields=["id"], fillfactor=100, name="profiles_sourcerecord_id")),
        migrations.RemoveIndex("link", "profiles_link_record"),
        migrations.AddIndex("link", BTreeIndex(fields=["record_id"], fillfactor=100, name="profiles_link_record")),
        migrations.RunSQL(_ROOM, migrations.RunSQL.noop),
    ]
