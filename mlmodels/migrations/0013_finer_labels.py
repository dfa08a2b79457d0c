"""Labels know what they are a kind of, whether they have a row of their own, and whether they are used."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mlmodels', '0012_retired_versions'),
    ]

    operations = [
        migrations.AddField(
            model_name='label',
            name='is_apart',
            field=models.BooleanField(default=True, help_text="Has a row of its own in the differential, not its wider label's."),
        ),
        migrations.AddField(
            model_name='label',
            name='is_used',
            field=models.BooleanField(default=True, help_text='Can be chosen in review.'),
        ),
        migrations.AddField(
            model_name='label',
            name='wider',
            field=models.SlugField(blank=True, help_text='The code of the label that this one is a kind of.', max_length=40),
        ),
    ]
