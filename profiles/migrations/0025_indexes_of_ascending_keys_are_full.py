"""Indexes whose keys ascend in time are packed full: later rows come behind what stands."""

from django.db import migrations

# Of these indexes the keys ascend in time: what is full stays full, and a page need have no room.
_FULL = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN
        SELECT x.indexrelid FROM pg_index x
        JOIN pg_inherits i ON i.inhrelid = x.indrelid
        JOIN pg_class c ON c.oid = x.indexrelid
        JOIN pg_attribute a ON a.attrelid = x.indexrelid AND a.attnum = 1
        WHERE (i.inhparent::regclass::text, a.attname) IN (
            ('profiles_customer', 'id'), ('profiles_profile', 'id'), ('profiles_booking', 'id'),
            ('profiles_flightleg', 'booking_id'), ('profiles_passenger', 'booking_id'))
    LOOP
        EXECUTE format('ALTER INDEX %s SET (fillfactor = 100)', part);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0024_legs_and_identifiers_take_fewer_bytes"),
    ]

    operations = [migrations.RunSQL(_FULL, migrations.RunSQL.noop)]
