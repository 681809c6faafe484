import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import iaros.lib.ids
from iaros.lib.partitions import CreatePartitionedModel


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        CreatePartitionedModel(
            name="FeatureVector",
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
                ("as_of", models.DateTimeField()),
                ("catalogue_version", models.IntegerField()),
                ("values", models.BinaryField()),
            ],
            options={
                "db_table": "segmentation_featurevector",
            },
        ),
        CreatePartitionedModel(
            name="Membership",
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
                ("bitmap", models.BinaryField()),
                ("as_of", models.DateTimeField()),
            ],
            options={
                "db_table": "segmentation_membership",
            },
        ),
        migrations.CreateModel(
            name="FeatureRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("as_of", models.DateTimeField()),
                ("catalogue_version", models.IntegerField()),
                ("names", models.JSONField()),
                ("rfm_limits", models.JSONField()),
                ("profiles", models.BigIntegerField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "db_table": "segmentation_featurerun",
                "indexes": [models.Index(fields=["-finished_at"], name="segmentation_run_newest")],
            },
        ),
        CreatePartitionedModel(
            name="Score",
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
                (
                    "entity_kind",
                    models.CharField(choices=[("customer", "Customer"), ("booking", "Booking")], max_length=12),
                ),
                ("entity_id", models.UUIDField()),
                ("customer_id", models.UUIDField(null=True)),
                ("name", models.CharField(max_length=60)),
                ("value", models.FloatField()),
                ("low", models.FloatField(null=True)),
                ("high", models.FloatField(null=True)),
                ("reasons", models.JSONField(default=list)),
                ("model_version_id", models.UUIDField()),
                ("as_of", models.DateTimeField()),
            ],
            options={
                "db_table": "segmentation_score",
                "indexes": [
                    models.Index(fields=["bucket", "customer_id", "name"], name="segmentation_score_customer"),
                    models.Index(fields=["name", "-value"], name="segmentation_score_ranking"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("bucket", "entity_kind", "entity_id", "customer_id", "name"),
                        name="segmentation_score_one_each",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("slug", models.SlugField(max_length=80, unique=True)),
                ("name", models.CharField(max_length=120)),
                ("description", models.TextField(blank=True)),
                (
                    "is_system",
                    models.BooleanField(default=False, help_text="Comes with the platform and is kept up by it."),
                ),
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
                (
                    "kind",
                    models.CharField(choices=[("rule", "Rule"), ("rfm", "RFM")], default="rule", max_length=8),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published"), ("retired", "Retired")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(unique=True)),
                ("size", models.BigIntegerField(default=0, help_text="Members at the last refresh.")),
                (
                    "reach",
                    models.BigIntegerField(default=0, help_text="Members who may be reached for its purpose."),
                ),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "db_table": "segmentation_segment",
                "permissions": [("publish_segment", "Can publish and retire segments")],
            },
        ),
        migrations.CreateModel(
            name="SegmentGroupPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="segmentation.segment"),
                ),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
            ],
            options={
                "db_table": "segmentation_segmentgrouppermission",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SegmentUserPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "content_object",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="segmentation.segment"),
                ),
                (
                    "permission",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission"),
                ),
                (
                    "user",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL),
                ),
            ],
            options={
                "db_table": "segmentation_segmentuserpermission",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SegmentVersion",
            fields=[
                (
                    "id",
                    models.UUIDField(default=iaros.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("number", models.PositiveIntegerField()),
                ("rule", models.JSONField()),
                ("sentence", models.TextField()),
                (
                    "depends_on",
                    models.JSONField(default=list, help_text="Features, scores and attributes the rule reads."),
                ),
                ("published_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "segment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="versions",
                        to="segmentation.segment",
                    ),
                ),
            ],
            options={
                "db_table": "segmentation_segmentversion",
            },
        ),
        CreatePartitionedModel(
            name="Transition",
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
                ("segment_id", models.UUIDField()),
                ("at", models.DateTimeField()),
                (
                    "direction",
                    models.CharField(choices=[("entered", "Entered"), ("left", "Left")], max_length=8),
                ),
                ("why", models.JSONField()),
            ],
            options={
                "db_table": "segmentation_transition",
                "indexes": [
                    models.Index(fields=["bucket", "customer_id", "at"], name="segmentation_transition_of"),
                    models.Index(fields=["segment_id", "at"], name="segmentation_transition_in"),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("purpose", ""), _negated=True), models.Q(("channel", ""), _negated=True)),
                name="segmentation_segment_purpose_and_channel",
            ),
        ),
        migrations.AlterUniqueTogether(
            name="segmentgrouppermission",
            unique_together={("group", "permission", "content_object")},
        ),
        migrations.AlterUniqueTogether(
            name="segmentuserpermission",
            unique_together={("user", "permission", "content_object")},
        ),
        migrations.AddConstraint(
            model_name="segmentversion",
            constraint=models.UniqueConstraint(fields=("segment", "number"), name="segmentation_segmentversion_number"),
        ),
    ]
