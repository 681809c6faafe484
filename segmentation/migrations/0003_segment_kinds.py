from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("segmentation", "0002_registry")]

    operations = [
        migrations.AlterField(
            model_name="segment",
            name="kind",
            field=models.CharField(
                choices=[("rule", "Rule"), ("rfm", "RFM"), ("lattice", "Lattice"), ("cluster", "Cluster")],
                default="rule",
                max_length=8,
            ),
        ),
    ]
