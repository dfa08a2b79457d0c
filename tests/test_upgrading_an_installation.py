"""An installation made before keeps every row when it is upgraded."""

import pytest
from django.conf import settings

from tests.upgrading import assert_an_upgrade_loses_nothing, other_database


@pytest.mark.slow
def test_an_upgrade_on_sqlite_loses_nothing(django_db_blocker, tmp_path):
    database = {**settings.DATABASES["default"], "NAME": str(tmp_path / "older.sqlite3")}
    with django_db_blocker.unblock(), other_database(database):
        assert_an_upgrade_loses_nothing()
