from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0014_conversions")]

    # Without a default: SQLite would make the table anew, which the triggers on it do not survive.
    operations = [
        migrations.AddField(
            model_name="cell",
            name="reason",
            field=models.CharField(
                choices=[
                    ("too_small", "too small in this picture"),
                    ("marked", "something is drawn across it"),
                ],
                max_length=16,
                null=True,
            ),
        ),
    ]
