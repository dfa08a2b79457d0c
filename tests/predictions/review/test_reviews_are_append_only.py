"""The database itself refuses to change or delete a review."""

from importlib import import_module

import pytest
from django.db import DatabaseError, transaction

from predictions.models import CellReview
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result
from tests.triggers import put_back

migration = import_module("predictions.migrations.0004_reviews_are_append_only")


@pytest.fixture
def review(technician):
    cell = record_result(make_image(technician), {}).cells.get()
    return say(technician, cell, "blast").reviews.get()


@pytest.fixture
def _complete_triggers(db):
    """Put back the one that the tests' own clean-up on SQLite had to remove."""
    put_back(migration.SQLITE[1])


def test_a_review_cannot_be_changed(review):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        CellReview.objects.filter(pk=review.pk).update(to_label="neutrophil")
    review.refresh_from_db()
    assert review.to_label == "blast"


@pytest.mark.usefixtures("_complete_triggers")
def test_a_review_cannot_be_deleted(review):
    with pytest.raises(DatabaseError, match="cannot be changed or deleted"), transaction.atomic():
        CellReview.objects.filter(pk=review.pk).delete()
    assert CellReview.objects.filter(pk=review.pk).exists()
