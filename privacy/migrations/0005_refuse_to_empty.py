"""What is written once is not emptied either: TRUNCATE is refused as DELETE is.

A partition can be emptied without its table, so each has the trigger too. Only a database that says it may be emptied
(`iaros.may_empty`, as one made for tests does) lets it pass.
"""

from django.db import migrations

_REFUSE = """
CREATE FUNCTION privacy_not_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('iaros.may_empty', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION '% is written once: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER policy_not_emptied BEFORE TRUNCATE ON privacy_policytext
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_not_emptied();
CREATE TRIGGER audit_not_emptied BEFORE TRUNCATE ON privacy_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION privacy_not_emptied();
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT relid FROM pg_partition_tree('privacy_consentevent') LOOP
        EXECUTE format(
            'CREATE TRIGGER consent_not_emptied BEFORE TRUNCATE ON %s FOR EACH STATEMENT '
            'EXECUTE FUNCTION privacy_not_emptied()', part);
    END LOOP;
END $$;
"""
_ALLOW = "DROP FUNCTION privacy_not_emptied() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0004_lay_subjects_close"),
    ]

    operations = [migrations.RunSQL(_REFUSE, _ALLOW)]
