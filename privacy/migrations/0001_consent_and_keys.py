import django.utils.timezone
from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import CreatePartitionedModel

# What a person said is written once. A row may follow its customer through a merge or split, and may be erased,
# but only by code that says so in its transaction (privacy.ledger); what was said never changes.
_CONSENT_LEDGER = """
CREATE FUNCTION privacy_consent_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('iaros.consent_rewrite', true) IS DISTINCT FROM 'on' THEN
        RAISE EXCEPTION 'consent is written once: % of % refused', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.recorded_for, NEW.record_id, NEW.purpose, NEW.channel, NEW.state, NEW.occurred_at,
        NEW.received_at, NEW.method, NEW.policy_version, NEW.language, NEW.source)
        IS DISTINCT FROM
       (OLD.id, OLD.recorded_for, OLD.record_id, OLD.purpose, OLD.channel, OLD.state, OLD.occurred_at,
        OLD.received_at, OLD.method, OLD.policy_version, OLD.language, OLD.source)
    THEN
        RAISE EXCEPTION 'consent is written once: a statement cannot be reworded'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER consent_written_once BEFORE UPDATE OR DELETE ON privacy_consentevent
    FOR EACH ROW EXECUTE FUNCTION privacy_consent_written_once();

CREATE FUNCTION privacy_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is written once: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER policy_written_once BEFORE UPDATE OR DELETE ON privacy_policytext
    FOR EACH ROW EXECUTE FUNCTION privacy_written_once();
"""
_NO_LEDGER = """
DROP TRIGGER policy_written_once ON privacy_policytext;
DROP FUNCTION privacy_written_once();
DROP TRIGGER consent_written_once ON privacy_consentevent;
DROP FUNCTION privacy_consent_written_once();
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreatePartitionedModel(
            name="ConsentState",
            partition_by="bucket",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "customer_id",
                        "purpose",
                        "channel",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("customer_id", models.UUIDField()),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("servicing", "Service recovery and servicing"),
                            ("servicing.irops", "Disruption contact"),
                            ("personalisation", "Personalisation"),
                            ("marketing", "Marketing"),
                            ("analytics", "Revenue analytics"),
                            ("sharing", "Sharing with partners"),
                            ("legal_obligation", "Legal obligation"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("push", "App push"),
                            ("phone", "Phone"),
                            ("post", "Post"),
                            ("web", "Web"),
                            ("app", "App"),
                            ("partner", "Partner"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("granted", "Granted"),
                            ("denied", "Denied"),
                            ("withdrawn", "Withdrawn"),
                            ("objected", "Objected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
            ],
            options={
                "db_table": "privacy_consentstate",
            },
        ),
        CreatePartitionedModel(
            name="ConsentEvent",
            partition_by="bucket",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("id", models.UUIDField(default=iaros.lib.ids.uuid7, editable=False)),
                ("customer_id", models.UUIDField()),
                ("recorded_for", models.UUIDField()),
                ("record_id", models.UUIDField(null=True)),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("servicing", "Service recovery and servicing"),
                            ("servicing.irops", "Disruption contact"),
                            ("personalisation", "Personalisation"),
                            ("marketing", "Marketing"),
                            ("analytics", "Revenue analytics"),
                            ("sharing", "Sharing with partners"),
                            ("legal_obligation", "Legal obligation"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("email", "E-mail"),
                            ("sms", "SMS"),
                            ("push", "App push"),
                            ("phone", "Phone"),
                            ("post", "Post"),
                            ("web", "Web"),
                            ("app", "App"),
                            ("partner", "Partner"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("granted", "Granted"),
                            ("denied", "Denied"),
                            ("withdrawn", "Withdrawn"),
                            ("objected", "Objected"),
                        ],
                        max_length=10,
                    ),
                ),
                ("occurred_at", models.DateTimeField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("method", models.CharField(max_length=40)),
                ("policy_version", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=12)),
                ("source", models.CharField(max_length=60)),
            ],
            options={
                "db_table": "privacy_consentevent",
                "indexes": [
                    models.Index(
                        fields=["customer_id", "purpose", "channel", "occurred_at"],
                        name="privacy_consentevent_customer",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LandingKey",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("source", models.CharField(max_length=60)),
                ("day", models.DateField()),
                ("wrapped_key", models.BinaryField()),
                ("key_version", models.SmallIntegerField()),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "privacy_landingkey",
                "constraints": [
                    models.UniqueConstraint(fields=("source", "day"), name="privacy_landingkey_source_day")
                ],
            },
        ),
        migrations.CreateModel(
            name="PolicyText",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("version", models.CharField(max_length=40)),
                ("language", models.CharField(max_length=12)),
                ("text", models.TextField()),
                ("sha256", models.CharField(max_length=64)),
                ("effective_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "privacy_policytext",
                "constraints": [
                    models.UniqueConstraint(fields=("version", "language"), name="privacy_policytext_version_language")
                ],
            },
        ),
        CreatePartitionedModel(
            name="Subject",
            partition_by="bucket",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket", "id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("id", models.UUIDField()),
                ("wrapped_key", models.BinaryField(null=True)),
                ("key_version", models.SmallIntegerField()),
                ("restricted_at", models.DateTimeField(null=True)),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "privacy_subject",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_at__isnull", False), ("wrapped_key__isnull", False), _connector="OR"
                        ),
                        name="privacy_subject_living_has_key",
                    )
                ],
            },
        ),
        migrations.RunSQL(_CONSENT_LEDGER, _NO_LEDGER),
    ]
