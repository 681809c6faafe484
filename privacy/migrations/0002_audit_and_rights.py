import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import iaros.lib.ids

# The trail is written once: there is no way around this one, not even for erasure, which keeps it.
_TRAIL = """
CREATE TRIGGER audit_written_once BEFORE UPDATE OR DELETE ON privacy_auditevent
    FOR EACH ROW EXECUTE FUNCTION privacy_written_once();
"""
_NO_TRAIL = "DROP TRIGGER audit_written_once ON privacy_auditevent;"


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0001_consent_and_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Tombstone",
            fields=[
                ("lookup", models.BinaryField(max_length=16, primary_key=True, serialize=False)),
                ("request_id", models.UUIDField()),
                ("erased_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "privacy_tombstone",
            },
        ),
        migrations.CreateModel(
            name="AuditEvent",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("occurred_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("action", models.CharField(max_length=60)),
                ("actor", models.CharField(blank=True, max_length=150)),
                ("client", models.CharField(blank=True, max_length=255)),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
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
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None
                    ),
                ),
                ("route", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("details", models.JSONField(blank=True, null=True)),
            ],
            options={
                "db_table": "privacy_auditevent",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["ids"], name="privacy_auditevent_ids"),
                    models.Index(fields=["-occurred_at"], name="privacy_auditevent_newest"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RightsRequest",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "Access (Art. 15)"),
                            ("erasure", "Erasure (Art. 17)"),
                            ("restriction", "Restriction (Art. 18)"),
                            ("objection", "Objection (Art. 21)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("customer_id", models.UUIDField(db_index=True)),
                (
                    "purpose",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("servicing", "Service recovery and servicing"),
                            ("servicing.irops", "Disruption contact"),
                            ("personalisation", "Personalisation"),
                            ("marketing", "Marketing"),
                            ("analytics", "Revenue analytics"),
                            ("sharing", "Sharing with partners"),
                            ("legal_obligation", "Legal obligation"),
                        ],
                        help_text="To what the person objects; objections only.",
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
                        help_text="Empty: all channels.",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("verified", "Identity verified"),
                            ("running", "Running"),
                            ("completed", "Completed"),
                            ("failed", "Failed, can be run again"),
                            ("refused", "Refused"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("due_at", models.DateTimeField()),
                (
                    "received_through",
                    models.CharField(blank=True, help_text="For example e-mail, letter, phone.", max_length=40),
                ),
                (
                    "verification",
                    models.CharField(
                        blank=True,
                        help_text="How the identity was checked. Never a copy of a document.",
                        max_length=200,
                    ),
                ),
                ("verified_at", models.DateTimeField(blank=True, null=True)),
                (
                    "subject_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), blank=True, default=list, size=None
                    ),
                ),
                ("job_id", models.UUIDField(blank=True, null=True)),
                ("problem", models.TextField(blank=True)),
                ("package", models.BinaryField(null=True)),
                ("package_sha256", models.CharField(blank=True, max_length=64)),
                ("completed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "verified_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "privacy_rightsrequest",
            },
        ),
        migrations.CreateModel(
            name="RequestStep",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField()),
                ("holder", models.CharField(max_length=60)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("done", "Done"), ("failed", "Failed")],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("counts", models.JSONField(default=dict)),
                ("error", models.TextField(blank=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="privacy.rightsrequest"
                    ),
                ),
            ],
            options={
                "db_table": "privacy_requeststep",
            },
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(fields=["state", "due_at"], name="privacy_rightsrequest_due"),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("verified_at__isnull", False), ("state__in", ["received", "refused"]), _connector="OR"
                ),
                name="privacy_rightsrequest_verified",
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "objection"), _negated=True),
                    models.Q(("purpose", ""), _negated=True),
                    _connector="OR",
                ),
                name="privacy_rightsrequest_objects_to",
            ),
        ),
        migrations.AddConstraint(
            model_name="requeststep",
            constraint=models.UniqueConstraint(fields=("request", "holder"), name="privacy_requeststep_holder"),
        ),
        migrations.RunSQL(_TRAIL, _NO_TRAIL),
    ]
