"""A class that a laboratory wants looked at: cells that are there, and cells that are to come."""

from __future__ import annotations

import pytest

from predictions.models import CaseRules, Cell, DailyCells, Sample, SampleLabel, SmearImage
from predictions.services.imaging.jobs import request_rerun
from predictions.services.imaging.run_classification import classify_image
from predictions.services.laboratory.rules import change_rules
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image, make_job
from tests.factories.results import record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]


def monocytes(count: int) -> list[dict[str, object]]:
    return [{"label": "monocyte"} for _ in range(count)]


@pytest.fixture
def image(technician) -> SmearImage:
    """Three monocytes, one of them reviewed and one unidentified, and a neutrophil."""
    unsure: dict[str, object] = {"label": "monocyte", "disposition": "unidentified"}
    image = record_result(make_image(technician), *monocytes(2), unsure, {})
    first = image.cells.get(position=1)
    review_cell(actor=technician, cell_id=first.pk, label="monocyte", seen_number=0)
    return image


def want_looked_at(admin, *codes: str) -> None:
    change_rules(actor=admin, changes={"always_reviewed": list(codes)})


def dispositions(image: SmearImage) -> list[str]:
    return list(image.cells.order_by("position").values_list("disposition", flat=True))


def test_accepted_cells_that_nobody_saw_wait_for_a_look(admin, image):
    want_looked_at(admin, "monocyte")
    assert dispositions(image) == ["accepted", "review", "unidentified", "accepted"]
    sample = Sample.objects.get(pk=image.sample_id)
    assert sample.cells_to_review == 2
    label = SampleLabel.objects.get(sample=sample, code="monocyte")
    assert (label.reviewed, label.accepted, label.to_review) == (1, 0, 1)
    # The reviewed one had been accepted by the model, and still counts as that.
    assert DailyCells.objects.get(code="monocyte").accepted == 1


def test_only_classes_that_are_new_to_the_list_count(admin, image):
    want_looked_at(admin, "neutrophil")
    want_looked_at(admin, "neutrophil", "monocyte")
    assert dispositions(image) == ["accepted", "review", "unidentified", "review"]
    want_looked_at(admin)
    assert dispositions(image) == ["accepted", "review", "unidentified", "review"]


@pytest.mark.parametrize("state", Sample.FROZEN)
def test_what_is_at_its_end_stays_as_it_is(admin, image, state):
    Sample.objects.filter(pk=image.sample_id).update(state=state)
    want_looked_at(admin, "monocyte")
    assert "review" not in dispositions(image)


def test_an_older_result_stays_as_it_was(admin, technician, image):
    request_rerun(actor=technician, image_id=image.pk, confirmed=True)
    record_result(image, {"label": "monocyte", "x_px": 400})
    want_looked_at(admin, "monocyte")
    assert Cell.objects.filter(image=image, disposition="review").count() == 1


def test_another_laboratory_keeps_its_own(admin, other_technician):
    foreign = record_result(make_image(other_technician), {"label": "monocyte"})
    want_looked_at(admin, "monocyte")
    assert dispositions(foreign) == ["accepted"]


def test_it_asks_as_often_however_many_cells_there_are(
    admin, technician, image, django_assert_max_num_queries
):
    for _ in range(4):
        record_result(make_image(technician), *monocytes(30))
    with django_assert_max_num_queries(30):
        want_looked_at(admin, "monocyte")


def test_the_engine_s_answer_is_never_accepted_for_such_a_class(technician, laboratory, model):
    job = make_job(technician, seed=2, cells=3)
    classify_image(job_id=job.pk)
    found = list(job.image.cells.all())
    assert found
    CaseRules.objects.create(
        laboratory=laboratory, always_reviewed=sorted({cell.label for cell in found})
    )
    again = request_rerun(actor=technician, image_id=job.image_id)
    classify_image(job_id=again.pk)
    assert not again.cells.filter(disposition="accepted").exists()
    assert again.cells.filter(disposition="review").exists()
    unidentified = [cell.disposition == "unidentified" for cell in found]
    assert [cell.disposition == "unidentified" for cell in again.cells.all()] == unidentified
