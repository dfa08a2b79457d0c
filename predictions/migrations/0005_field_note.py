from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0004_reviews_are_append_only")]

    operations = [
        migrations.AddField(
            model_name="classificationjob",
            name="field_note",
            field=models.TextField(
                blank=True,
                default="",
                help_text="Why the picture may be no stained blood film, for a person.",
            ),
        ),
    ]
