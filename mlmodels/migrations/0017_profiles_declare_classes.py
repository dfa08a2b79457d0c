from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mlmodels", "0016_near_duplicate_acts")]

    # Without a default: what was there before declares nothing, so every class may occur in it.
    operations = [
        migrations.AddField(
            model_name="imagingprofile",
            name="classes",
            field=models.JSONField(
                blank=True,
                help_text="Codes of the classes that occur; none: every class may.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="classes",
            field=models.JSONField(
                help_text="Codes of the classes that occur; none: every class may.", null=True
            ),
        ),
    ]
