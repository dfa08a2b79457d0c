from django.db import migrations, models

FAULTS = [
    ("out_of_focus", "out of focus"),
    ("low_resolution", "too few pixels"),
    ("overexposed", "overexposed"),
    ("underexposed", "underexposed"),
]


class Migration(migrations.Migration):
    dependencies = [("predictions", "0016_alarm")]

    # Without a default: SQLite would make the table anew, which the triggers on it do not survive.
    operations = [
        migrations.AddField(
            model_name="classificationjob",
            name="photograph_again",
            field=models.CharField(
                choices=FAULTS,
                help_text="Why the field should be photographed again; none where it is good enough.",
                max_length=16,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="cell",
            name="reason",
            field=models.CharField(
                choices=[
                    ("too_small", "too small in this picture"),
                    ("marked", "something is drawn across it"),
                    *FAULTS,
                ],
                max_length=16,
                null=True,
            ),
        ),
    ]
