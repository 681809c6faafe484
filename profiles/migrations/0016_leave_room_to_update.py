"""Leave room on a page for rows that are soon written again: the new version stays on its page, and no index learns of
it. A profile is assembled again by each mention; a passenger is told the purpose of the trip at the next refresh.
"""

from django.db import migrations

_ROOM = """
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('profiles_profile') WHERE isleaf LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 70)', part);
    END LOOP;
    FOR part IN SELECT relid FROM pg_partition_tree('profiles_passenger') WHERE isleaf LOOP
        EXECUTE format('ALTER TABLE %s SET (fillfactor = 50)', part);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0015_people_merge_and_split"),
    ]

    operations = [migrations.RunSQL(_ROOM, migrations.RunSQL.noop)]
