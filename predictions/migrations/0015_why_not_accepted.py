from django.db import migrations, models


class Migration(migrations.Migration):
    """Why the picture, not the network, keeps a cell from being accepted."""

    dependencies = [("predictions", "0014_conversions")]

    operations = [
        migrations.AddField(
            model_name="cell",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("too_small", "too small in this picture"),
                    ("marked", "something is drawn across it"),
                ],
                db_default="",
                default="",
                max_length=16,
            ),
        ),
    ]
