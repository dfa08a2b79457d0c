"""A test has a database only where it asks for one; rows that migrations write outlive any test."""

from pathlib import Path

import pytest

from mlmodels.models import Label

HERE = Path(__file__).resolve().parent
PURE = (HERE / "mlmodels" / "ml", HERE / "mlmodels" / "research")


def test_a_test_that_asks_for_no_database_gets_none():
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Label.objects.count()


def test_no_chosen_test_of_the_engine_asks_for_a_database(request):
    asking = [
        item.nodeid
        for item in request.session.items
        if any(room in item.path.parents for room in PURE)
        and ("db" in item.fixturenames or item.get_closest_marker("django_db"))
    ]
    assert asking == []


# The second finds what the first, which ends by emptying all tables, left.
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_real_transactions_leave_the_rows_of_migrations(turn: str):
    assert Label.objects.exists()
