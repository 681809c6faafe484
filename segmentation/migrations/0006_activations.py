import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import iaros.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0005_transitions_lie_close"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Destination",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[("file", "File"), ("webhook", "Signed webhook"), ("ad_audience", "Ad audience")],
                        max_length=12,
                    ),
                ),
                (
                    "file_format",
                    models.CharField(choices=[("csv", "CSV"), ("parquet", "Parquet")], default="csv", max_length=8),
                ),
                ("url", models.URLField(blank=True, max_length=500)),
                (
                    "secret_name",
                    models.CharField(
                        blank=True, help_text="environment variable with the signing secret", max_length=60
                    ),
                ),
                ("enabled", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "segmentation_destination",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "file"),
                            models.Q(
                                models.Q(("url", ""), _negated=True), models.Q(("secret_name", ""), _negated=True)
                            ),
                            _connector="OR",
                        ),
                        name="segmentation_destination_signed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Emission",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "customer_id",
                        "activation_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("customer_id", models.UUIDField()),
                ("activation_id", models.UUIDField()),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("sent", "Sent"),
                            ("no_address", "No address"),
                            ("no_consent", "No consent"),
                            ("held_out", "Held out"),
                            ("capped", "Contacted too often"),
                            ("not_exportable", "Not to be exported"),
                        ],
                        max_length=16,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "db_table": "segmentation_emission",
                "indexes": [models.Index(fields=["activation_id", "outcome"], name="segmentation_emission_of")],
            },
        ),
        migrations.CreateModel(
            name="Activation",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("version", models.PositiveIntegerField(help_text="the wording that stood")),
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
                ("holdout_percent", models.DecimalField(decimal_places=2, max_digits=5)),
                ("job_id", models.UUIDField(blank=True, null=True)),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("counts", models.JSONField(default=dict)),
                ("power", models.JSONField(blank=True, null=True)),
                ("file_name", models.CharField(blank=True, max_length=120)),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="segmentation.segment",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "destination",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="activations",
                        to="segmentation.destination",
                    ),
                ),
            ],
            options={
                "db_table": "segmentation_activation",
                "indexes": [models.Index(fields=["segment", "-began_at"], name="segmentation_activation_of")],
            },
        ),
    ]
