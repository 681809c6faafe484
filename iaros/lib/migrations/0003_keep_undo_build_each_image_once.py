"""The image of a kept row is built once: flattened into the INSERT, `to_jsonb` ran for the owner and for the image."""

from django.db import migrations

_KEEP_UNDO = """
CREATE OR REPLACE FUNCTION lib_keep_undo() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run uuid := nullif(current_setting('iaros.run', true), '')::uuid;
BEGIN
    IF run IS NOT NULL THEN
        INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
        SELECT run, TG_TABLE_NAME, (kept.image ->> TG_ARGV[0])::uuid, true, kept.image, now()
        FROM (SELECT to_jsonb(o) AS image FROM old_rows o {apart}) kept;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION lib_keep_undo_of_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run uuid := nullif(current_setting('iaros.run', true), '')::uuid;
BEGIN
    IF run IS NOT NULL THEN
        INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
        SELECT run, TG_TABLE_NAME, (kept.image ->> TG_ARGV[0])::uuid, true, kept.image, now()
        FROM (SELECT to_jsonb(o) AS image FROM old_rows o {apart}) kept;
        INSERT INTO lib_undorow (run_id, table_name, owner, existed, image, kept_at)
        SELECT run, TG_TABLE_NAME, (kept.image ->> TG_ARGV[0])::uuid, false, kept.image, now()
        FROM (SELECT to_jsonb(n) AS image FROM new_rows n {apart}) kept;
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("lib", "0002_undo_rows")]

    operations = [
        migrations.RunSQL(_KEEP_UNDO.replace("{apart}", "OFFSET 0"), _KEEP_UNDO.replace("{apart}", "")),
    ]
