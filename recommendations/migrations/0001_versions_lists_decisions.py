import django.contrib.postgres.fields
import django.utils.timezone
from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        CreatePartitionedModel(
            partition_by="bucket",
            name="Recommendation",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket", "id", "kind", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("id", models.UUIDField(help_text="the customer's id")),
                ("kind", models.CharField(choices=[("route", "Route"), ("ancillary", "Ancillary")], max_length=10)),
                ("ranked", models.BinaryField()),
                ("fallback_level", models.SmallIntegerField()),
                ("version_id", models.UUIDField()),
                ("as_of", models.DateTimeField(help_text="nothing later than this was considered")),
                ("computed_at", models.DateTimeField()),
            ],
        ),
        CreatePartitionedModel(
            partition_by="bucket",
            name="Decision",
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
                (
                    "items",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=32), size=None),
                ),
                ("propensities", django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None)),
                ("policy", models.CharField(max_length=24)),
                ("version", models.CharField(blank=True, max_length=40)),
                ("fallback_level", models.SmallIntegerField()),
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
                ("client", models.CharField(blank=True, max_length=120)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["customer_id", "at"], name="recommendations_decision_who")],
            },
        ),
        migrations.CreateModel(
            name="RecommenderVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("kind", models.CharField(choices=[("route", "Route"), ("ancillary", "Ancillary")], max_length=10)),
                ("number", models.PositiveIntegerField()),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("hybrid", "Hybrid"),
                            ("collaborative", "Collaborative"),
                            ("content_based", "Content based"),
                            ("popularity", "Popularity"),
                        ],
                        max_length=16,
                    ),
                ),
                ("artifact", models.BinaryField()),
                ("sha256", models.CharField(max_length=64)),
                ("params", models.JSONField(default=dict)),
                ("metrics", models.JSONField(default=dict)),
                ("as_of", models.DateTimeField(help_text="the model knows nothing later than this")),
                ("trained_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("train_seconds", models.FloatField(default=0)),
                ("is_champion", models.BooleanField(default=False)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "number"), name="recommendations_version_number"),
                    models.UniqueConstraint(
                        condition=models.Q(("is_champion", True)), fields=("kind",), name="recommendations_one_champion"
                    ),
                ],
            },
        ),
    ]
