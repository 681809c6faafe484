"""A passenger needs less room to be updated in: purposes are told for a quarter of a part at a time, and what that
leaves behind on a page is room for the next quarter. Rows that stand stay where they are.
"""

from django.db import migrations

_ROOM = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('profiles_passenger') WHERE isleaf LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 78)', part);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0019_shorter_keys_of_records"),
    ]

    operations = [migrations.RunSQL(_ROOM, migrations.RunSQL.noop)]
