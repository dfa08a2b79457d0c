"""The database itself refuses to change what is signed, whoever asks it.

Deletions are refused as well; on SQLite the test runner needs them for itself (`conftest`).
"""

import pytest
from django.db import DatabaseError, connection, transaction

from predictions.errors import ReviewRefused, SampleClosed, StateRefused
from predictions.services.reports.contacts import acknowledge_alarm
from predictions.services.review.reviews import review_cell
from tests.factories.cases import cells_of, make_signed
from tests.factories.images import make_image

pytestmark = pytest.mark.django_db

STATEMENTS = {
    "a cell is renamed": (
        "UPDATE predictions_cell SET present_label = 'blast' WHERE image_id IN "
        "(SELECT id FROM predictions_smearimage WHERE sample_id = %s)"
    ),
    "an image is renamed": (
        "UPDATE predictions_smearimage SET original_name = 'x' WHERE sample_id = %s"
    ),
    "the sample is opened": "UPDATE predictions_sample SET state = 'open' WHERE id = %s",
    "its number is changed": (
        "UPDATE predictions_sample SET accession_number = 'x', state = 'amending' WHERE id = %s"
    ),
    "the report is changed": "UPDATE predictions_report SET content = '{}' WHERE sample_id = %s",
    "the signature is changed": (
        "UPDATE predictions_signature SET name = 'x' WHERE report_id IN "
        "(SELECT id FROM predictions_report WHERE sample_id = %s)"
    ),
    "the history is changed": (
        "UPDATE predictions_sampleevent SET reason = 'x' WHERE sample_id = %s"
    ),
}


@pytest.fixture
def sample(technician, doctor):
    return make_signed(technician, doctor).sample


@pytest.mark.parametrize("what", STATEMENTS)
def test_the_database_refuses_that(sample, what):
    key = sample.pk.hex if connection.vendor == "sqlite" else str(sample.pk)
    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute(STATEMENTS[what], [key])


def test_services_refuse_it_with_a_sentence(sample, technician, doctor):
    with pytest.raises(SampleClosed):
        make_image(technician, sample)
    cell = cells_of(sample)[0]
    with pytest.raises(ReviewRefused):
        review_cell(
            actor=doctor, cell_id=cell.pk, label="blast", seen_number=cell.last_review_number
        )
    with pytest.raises(StateRefused):
        acknowledge_alarm(actor=doctor, sample_id=sample.pk)
