from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0015_why_not_accepted")]

    # Without defaults: SQLite would make the tables anew, which the triggers on them do not
    # survive. What was read before is not judged again.
    operations = [
        migrations.AddField(
            model_name="cell",
            name="suspicion",
            field=models.FloatField(
                help_text="By the alarm rule of the version; none where it has no rule for it.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="sample",
            name="alarm_cells",
            field=models.PositiveIntegerField(
                help_text="Cells that make an alarm; none without one.", null=True
            ),
        ),
        migrations.AddField(
            model_name="sample",
            name="alarm_unseen",
            field=models.PositiveIntegerField(
                help_text="Those among them that no doctor has acknowledged.", null=True
            ),
        ),
        migrations.AddField(
            model_name="alarmacknowledgement",
            name="cells",
            field=models.JSONField(
                help_text="Keys of the cells that made an alarm at that time.", null=True
            ),
        ),
    ]
