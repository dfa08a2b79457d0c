"""Up to 500 cells are reviewed in one call: each has its outcome, and none keeps others back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditAction, AuditEvent
from mlmodels.models import Label
from predictions.errors import ReviewConflict, ReviewRefused, SampleNotFound
from predictions.models import Cell, CellReview, ImageLabel, Sample
from predictions.services.review.reviews import WantedReview, review_cell, review_cells
from tests.at_once import at_once
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]
UNSURE: dict[str, object] = {"disposition": "review"}


@pytest.fixture
def images(technician, sample):
    return [record_result(make_image(technician, sample), {}, UNSURE, UNSURE) for _ in range(2)]


@pytest.fixture
def cells(images):
    return [cell for image in images for cell in image.cells.order_by("position")]


def wanted(cell, label="monocyte", seen=0, **more) -> WantedReview:
    return WantedReview(cell.pk, label, seen, **more)


def test_cells_of_several_images_are_named_in_one_call(technician, sample, images, cells):
    outcomes = review_cells(
        actor=technician, sample_id=sample.pk, reviews=[wanted(cell) for cell in cells]
    )
    assert [outcome.cell_id for outcome in outcomes] == [cell.pk for cell in cells]
    assert all(outcome.error is None and not outcome.is_remark for outcome in outcomes)
    counted = ImageLabel.objects.filter(image__in=images).values_list("code", "cells")
    assert list(counted) == [("monocyte", 3), ("monocyte", 3)]
    sample.refresh_from_db()
    assert sample.cells_to_review == 0
    events = AuditEvent.objects.filter(action=AuditAction.CELL_REVIEWED, actor=technician)
    assert events.count() == 6


def test_one_conflict_and_one_refusal_keep_no_other_back(technician, doctor, sample, cells):
    say(doctor, cells[0], "blast")
    outcomes = review_cells(
        actor=technician,
        sample_id=sample.pk,
        reviews=[wanted(cells[0]), wanted(cells[1], "dragon"), wanted(cells[2])],
    )
    assert isinstance(outcomes[0].error, ReviewConflict)
    assert isinstance(outcomes[1].error, ReviewRefused)
    assert cells[2].reviews.get() == outcomes[2].review
    assert CellReview.objects.count() == 2


def test_a_cell_that_is_named_twice_is_reviewed_once(technician, sample, cells):
    outcomes = review_cells(
        actor=technician,
        sample_id=sample.pk,
        reviews=[wanted(cells[0]), wanted(cells[0], "blast")],
    )
    assert outcomes[0].error is None
    assert "named twice" in str(outcomes[1].error)
    assert cells[0].reviews.get().to_label == "monocyte"


def test_cells_of_other_samples_and_laboratories_are_not_there(
    technician, other_technician, sample, cells
):
    strange = record_result(make_image(other_technician), {}).cells.get()
    mine = record_result(make_image(technician), {}).cells.get()
    outcomes = review_cells(
        actor=technician, sample_id=sample.pk, reviews=[wanted(strange), wanted(mine)]
    )
    assert {str(outcome.error) for outcome in outcomes} == {"There is no such cell in this sample."}
    with pytest.raises(SampleNotFound):
        review_cells(actor=other_technician, sample_id=sample.pk, reviews=[])


def test_more_than_five_hundred_are_refused_as_a_whole(technician, sample, cells):
    with pytest.raises(ReviewRefused, match="at most 500"):
        review_cells(actor=technician, sample_id=sample.pk, reviews=[wanted(cells[0])] * 501)
    assert not CellReview.objects.exists()


def test_a_signed_sample_takes_none(doctor, sample, cells):
    Sample.objects.update(state="signed")
    with pytest.raises(ReviewRefused, match="signed"):
        review_cells(actor=doctor, sample_id=sample.pk, reviews=[wanted(cells[0])])


def test_seconds_and_remark_are_kept(technician, sample, cells):
    said = wanted(cells[0], seconds=2.5, remark=" two nuclei ")
    review_cells(actor=technician, sample_id=sample.pk, reviews=[said])
    review = cells[0].reviews.get()
    assert (review.seconds, review.remark) == (2.5, "two nuclei")
    assert (review.model_label, review.model_version) == ("neutrophil", None)


@pytest.mark.parametrize(
    "more",
    [{"seconds": float("nan")}, {"seconds": -1.0}, {"remark": "x" * 501}, {"remark": "\x00"}],
)
def test_what_cannot_be_kept_is_told(technician, sample, cells, more):
    [outcome] = review_cells(
        actor=technician, sample_id=sample.pk, reviews=[wanted(cells[0], **more)]
    )
    assert isinstance(outcome.error, ReviewRefused)
    assert outcome.error.fields.keys() == more.keys()


def test_a_label_out_of_use_stays_where_it_is_and_is_chosen_nowhere(technician, cells):
    say(technician, cells[0], "band")
    Label.objects.filter(code="band").update(is_used=False)
    with pytest.raises(ReviewRefused, match="does not use the label"):
        review_cell(actor=technician, cell_id=cells[1].pk, label="band", seen_number=0)
    assert say(technician, cells[0], "band").last_review_number == 2


def test_two_hundred_cells_ask_as_often_as_fifty(technician):
    sample = make_sample(technician)
    cells: list[Cell] = []
    for _ in range(5):
        image = record_result(make_image(technician, sample), *[UNSURE] * 50)
        cells += image.cells.order_by("position")
    asked = []
    for part in (cells[:50], cells[50:]):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            review_cells(actor=technician, sample_id=sample.pk, reviews=[wanted(c) for c in part])
        asked.append(len(queries))
    # The database of the tests takes at most 999 values in one statement: a few parts more.
    assert asked[0] <= 22
    assert asked[1] <= 31


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_each_cell_hears_one(technician, doctor, sample, cells):
    said = [(technician, "monocyte"), (doctor, "lymphocyte")]

    def act(index):
        person, label = said[index]
        mixed = cells if index else cells[::-1]
        reviews = [wanted(cell, label) for cell in mixed]
        return review_cells(actor=person, sample_id=sample.pk, reviews=reviews)

    first, second = at_once(2, act)
    taken = [[o for o in outcomes if o.error is None] for outcomes in (first, second)]
    assert sorted(map(len, taken)) == [0, 6]
    conflicts = [o.error for o in [*first, *second] if o.error]
    assert all(isinstance(error, ReviewConflict) for error in conflicts)
    assert CellReview.objects.count() == 6
