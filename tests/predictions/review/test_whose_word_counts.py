"""The model's label, a technician's review, a doctor's review: the last of these counts."""

import pytest

from predictions.errors import ReviewConflict
from predictions.services.review.reviews import review_cell
from predictions.services.summary_check import verify_summaries
from tests.factories.images import make_image
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def cell(technician):
    return record_result(make_image(technician), {"disposition": "review"}).cells.get()


def test_a_technicians_word_after_a_doctors_is_a_remark(technician, doctor, cell):
    say(doctor, cell, "blast")
    review = review_cell(
        actor=technician, cell_id=cell.pk, label="lymphocyte", seen_number=1, remark="Small."
    )
    assert review.is_overruled
    assert (review.number, review.from_label, review.to_label) == (2, "blast", "lymphocyte")
    cell.refresh_from_db()
    assert (cell.present_label, cell.named_by_role) == ("blast", "doctor")
    assert [review.by for review in cell.reviews.all()] == [doctor, technician]
    assert list(verify_summaries()) == []


def test_a_second_doctors_word_goes_before_the_firsts(doctor, second_doctor, technician, cell):
    say(technician, cell, "monocyte")
    say(doctor, cell, "blast")
    said = say(second_doctor, cell, "lymphocyte")
    assert (said.present_label, said.named_by_role) == ("lymphocyte", "doctor")
    assert [review.is_overruled for review in said.reviews.all()] == [True, False, False]


def test_a_conflict_carries_both_versions(technician, doctor, cell):
    say(doctor, cell, "blast")
    with pytest.raises(ReviewConflict) as refused:
        review_cell(actor=technician, cell_id=cell.pk, label="monocyte", seen_number=0)
    at = cell.reviews.get().at.isoformat()
    assert refused.value.details == {
        "now": {"label": "blast", "by": doctor.display_name, "at": at, "number": 1},
        "yours": {"label": "monocyte", "seen_number": 0},
    }


def test_a_conflict_with_a_remark_says_what_stays(technician, doctor, second_doctor, cell):
    say(doctor, cell, "blast")
    say(technician, cell, "lymphocyte")
    with pytest.raises(ReviewConflict, match=r"Lymphocyte\. It stays Blast, as .* named it\. You"):
        review_cell(actor=second_doctor, cell_id=cell.pk, label="monocyte", seen_number=1)


def test_a_state_that_never_was_says_what_is(doctor, cell):
    with pytest.raises(ReviewConflict) as refused:
        review_cell(actor=doctor, cell_id=cell.pk, label="blast", seen_number=3)
    assert refused.value.details["now"] == {
        "label": "neutrophil",
        "by": None,
        "at": None,
        "number": 0,
    }
