"""On PostgreSQL, too, an installation made before keeps every row when it is upgraded."""

import environ
import pytest

from tests.upgrading import assert_an_upgrade_loses_nothing, other_database


@pytest.mark.services
def test_an_upgrade_on_postgresql_loses_nothing(django_db_blocker, other_database_url: str):
    database = environ.Env.db_url_config(other_database_url)
    with django_db_blocker.unblock(), other_database(database):
        assert_an_upgrade_loses_nothing()
