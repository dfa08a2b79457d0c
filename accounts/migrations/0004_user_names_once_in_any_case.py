"""Of two user names that differ by case alone the database takes one.

Where an installation has such names already, the operator is told which, and nothing is changed.
"""

from collections import defaultdict

from django.core.management import CommandError
from django.db import migrations, models
from django.db.models.functions import Lower


def refuse_names_that_differ_by_case(apps, schema_editor):
    """Name what stands in the way, instead of a constraint that fails without a word."""
    users = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    # As the database itself lowers them: SQLite knows the letters of ASCII alone.
    lowered = users.annotate(lowered=Lower("username"))
    taken_twice = (
        lowered.order_by().values("lowered").annotate(n=models.Count("pk")).filter(n__gt=1)
    )
    alike = defaultdict(list)
    rows = lowered.filter(lowered__in=taken_twice.values("lowered"))
    for key, name in rows.order_by("username").values_list("lowered", "username"):
        alike[key].append(name)
    if alike:
        listed = "; ".join(" and ".join(names) for _, names in sorted(alike.items()))
        raise CommandError(
            f"These user names differ by upper and lower case alone: {listed}. Change all but one "
            "of each in the table accounts_user, tell their owners, and run the migrations again."
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_imaging_profiles")]
    operations = [
        migrations.RunPython(refuse_names_that_differ_by_case, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                Lower("username"), name="user_name_once_in_any_case"
            ),
        ),
    ]
