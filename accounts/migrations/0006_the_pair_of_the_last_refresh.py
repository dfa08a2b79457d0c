"""What a family keeps to give the pair of its last refresh again."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_head_of_reports_and_repeated_requests'),
    ]

    operations = [
        migrations.AddField(
            model_name='tokenfamily',
            name='newest_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name='tokenfamily',
            name='previous_jti',
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
