"""The database itself refuses to change or delete a row of the ledger."""

from importlib import import_module

import pytest
from django.db import DatabaseError, transaction

from mlmodels.models import Promotion
from tests.triggers import assert_triggers, put_back

migration = import_module("mlmodels.migrations.0008_promotions_are_append_only")


@pytest.fixture
def row(laboratory) -> Promotion:
    """A row that says "as shipped"."""
    return Promotion.objects.create(laboratory=laboratory, number=1, reason="as it was said")


@pytest.fixture
def _complete_triggers(db):
    """Put back the one that the tests' own clean-up on SQLite had to remove."""
    put_back(migration.SQLITE[1])


def test_a_row_cannot_be_changed(row):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        Promotion.objects.filter(pk=row.pk).update(reason="something else")
    row.refresh_from_db()
    assert row.reason == "as it was said"


@pytest.mark.usefixtures("_complete_triggers")
def test_a_row_cannot_be_deleted(row):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        Promotion.objects.filter(pk=row.pk).delete()
    assert Promotion.objects.filter(pk=row.pk).exists()


@pytest.mark.usefixtures("_complete_triggers")
@pytest.mark.django_db
def test_the_triggers_stand_after_all_migrations():
    assert_triggers(
        "mlmodels_promotion",
        sqlite={"mlmodels_promotion_no_delete", "mlmodels_promotion_no_update"},
        postgresql={"mlmodels_promotion_append_only"},
    )
