import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import iaros.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("segmentation", "0003_segment_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BoundaryPass",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
            ],
            options={
                "db_table": "segmentation_boundarypass",
            },
        ),
        migrations.CreateModel(
            name="CustomerList",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "db_table": "segmentation_customerlist",
            },
        ),
        migrations.CreateModel(
            name="CustomerListEntry",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "bucket",
                        "list_id",
                        "customer_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("bucket", models.SmallIntegerField()),
                ("list_id", models.UUIDField()),
                ("customer_id", models.UUIDField()),
            ],
            options={
                "db_table": "segmentation_customerlistentry",
            },
        ),
        migrations.CreateModel(
            name="MembershipRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("as_of", models.DateTimeField()),
                ("began_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("heartbeat_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("segments", models.PositiveIntegerField(default=0)),
                ("profiles", models.BigIntegerField(default=0)),
                ("changes", models.BigIntegerField(default=0)),
                ("problem", models.TextField(blank=True)),
            ],
            options={
                "db_table": "segmentation_membershiprun",
            },
        ),
        migrations.AddField(
            model_name="segment",
            name="confidence",
            field=models.FloatField(blank=True, help_text="Mean chance that a member would be one again.", null=True),
        ),
        migrations.AddField(
            model_name="segment",
            name="expires_at",
            field=models.DateTimeField(blank=True, help_text="From then on it is retired.", null=True),
        ),
        migrations.AddField(
            model_name="segment",
            name="holdout_percent",
            field=models.DecimalField(
                decimal_places=2,
                db_default=10,
                default=10,
                help_text="Members who are never sent what is sent to the rest.",
                max_digits=5,
            ),
        ),
        migrations.AddField(
            model_name="segment",
            name="stability",
            field=models.FloatField(blank=True, help_text="Mean Jaccard with itself over refits.", null=True),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(("holdout_percent__gte", 0), ("holdout_percent__lte", 50)),
                name="segmentation_segment_holdout",
            ),
        ),
        migrations.AddField(
            model_name="customerlist",
            name="owner",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="customerlistentry",
            index=models.Index(fields=["bucket", "customer_id"], name="segmentation_listed_customer"),
        ),
        migrations.AddIndex(
            model_name="membershiprun",
            index=models.Index(fields=["-began_at"], name="segmentation_memberrun_newest"),
        ),
    ]
