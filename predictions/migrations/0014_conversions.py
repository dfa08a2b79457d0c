from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0013_shipped_intervals")]

    operations = [
        migrations.AddField(
            model_name="smearimage",
            name="conversions",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text=(
                    "What was converted or chosen when the file was read: sentences for a person."
                ),
            ),
        ),
    ]
