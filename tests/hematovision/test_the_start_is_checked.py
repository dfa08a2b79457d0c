"""Django and our own checks have nothing to say about the settings and tables as they are."""

import pytest
from django.core import checks
from django.db import connection


def test_nothing_is_found_wrong():
    assert checks.run_checks() == []


@pytest.mark.django_db
def test_nothing_is_found_wrong_with_the_database():
    assert checks.run_checks(databases=[connection.alias]) == []
