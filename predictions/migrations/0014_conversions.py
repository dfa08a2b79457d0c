from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0013_shipped_intervals")]

    # Without a default: SQLite would make the table anew, which the triggers on it do not survive.
    operations = [
        migrations.AddField(
            model_name="smearimage",
            name="conversions",
            field=models.JSONField(
                null=True,
                help_text=(
                    "What was converted or chosen when the file was read: sentences for a person. "
                    "None of images from before it was kept."
                ),
            ),
        ),
    ]
