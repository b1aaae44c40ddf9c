from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("runs", "0011_indexes_at_length"),
    ]

    operations = [
        migrations.AddField(
            model_name="worker",
            name="up",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
