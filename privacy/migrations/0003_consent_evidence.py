import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("privacy", "0002_audit_and_rights"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConsentEvidence",
            fields=[
                ("bucket", models.SmallIntegerField()),
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
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
            ],
            options={
                "verbose_name": "consent statement",
                "verbose_name_plural": "consent evidence",
                "db_table": "privacy_consentevent",
                "managed": False,
            },
        ),
    ]
