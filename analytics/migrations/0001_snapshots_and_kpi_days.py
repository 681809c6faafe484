import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("topic", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("as_of", models.DateTimeField(help_text="nothing later than this was counted")),
                ("computed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("payload", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="KpiDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("value", models.FloatField()),
                ("measured_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("name", "day"), name="analytics_kpiday_name_day")],
            },
        ),
    ]
