"""An image is set aside with a reason: one that failed, or one whose cells are not to count."""

from __future__ import annotations

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions.errors import (
    ChangeRefused,
    DismissalRefused,
    ImageNotFound,
    RerunAsksFirst,
    SampleInvalid,
)
from predictions.models import Cell, DailyCells, Sample, SampleEvent, SmearImage
from predictions.selectors.reports.case import case_of
from predictions.services.imaging.dismissing import dismiss_image
from predictions.services.imaging.jobs import request_rerun
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image
from tests.factories.results import fail_image, record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]


@pytest.fixture
def failed(technician) -> SmearImage:
    return fail_image(make_image(technician))


def dismiss(actor, image: SmearImage, reason: str = "blurred") -> SmearImage:
    return dismiss_image(actor=actor, image_id=image.pk, reason=reason)


def failures_of(image: SmearImage) -> int:
    return Sample.objects.get(pk=image.sample_id).images_failed


def test_it_counts_as_failed_no_more_and_is_told(technician, failed):
    dismiss(technician, failed, " blurred ")
    failed.refresh_from_db()
    assert (failed.dismissed_by, failed.dismissal_reason) == (technician, "blurred")
    assert failures_of(failed) == 0
    event = failed.sample.events.get(kind=SampleEvent.Kind.IMAGE_DISMISSED)
    assert (event.by, event.reason) == (technician, "blurred")
    assert event.changes == {"image": [str(failed.pk), None]}
    assert AuditEvent.objects.get(action=AuditAction.IMAGE_DISMISSED).reason == "blurred"


def test_running_it_again_takes_the_dismissal_back(technician, failed):
    dismiss(technician, failed)
    request_rerun(actor=technician, image_id=failed.pk)
    failed.refresh_from_db()
    assert failed.dismissed_at is None
    fail_image(failed)
    assert failures_of(failed) == 1
    dismiss(technician, failed)
    assert failures_of(failed) == 0


def test_only_once(technician, failed):
    dismiss(technician, failed)
    with pytest.raises(DismissalRefused, match="already"):
        dismiss(technician, failed)
    assert failures_of(failed) == 0


def test_not_while_it_is_classified(technician):
    with pytest.raises(DismissalRefused, match="still being classified"):
        dismiss(technician, make_image(technician))


def read_image(actor, *labels: str) -> SmearImage:
    cells: list[dict[str, object]] = [{"label": label} for label in labels]
    return record_result(make_image(actor), *cells)


def sums_of(image: SmearImage) -> tuple:
    sample = Sample.objects.get(pk=image.sample_id)
    rows = sample.labels.values_list("code", "reviewed", "accepted", "to_review")
    labels = [row for row in rows if any(row[1:])]
    days = DailyCells.objects.filter(cells__gt=0).values_list("code", "cells", "accepted")
    shown = image.labels.values_list("code", "cells")
    return sample.cells_found, sample.cells_to_review, *map(sorted, (labels, days, shown))


def test_the_cells_of_one_that_was_read_count_no_more(technician):
    image = read_image(technician, "neutrophil", "neutrophil", "monocyte")
    assert sums_of(image)[0] == 3
    dismiss(technician, image)
    assert sums_of(image) == (0, 0, [], [], [])
    image.refresh_from_db()
    assert (image.newest_result, image.cells_found) == (None, None)
    assert case_of(technician, image.sample_id).differential.counted == 0


def test_an_alarm_that_its_cells_made_goes_with_them(technician):
    image = record_result(make_image(technician), {"label": "blast", "suspicion": 3.0})
    cell = Cell.objects.get(image=image)
    review_cell(actor=technician, cell_id=cell.pk, label="blast", seen_number=0)
    assert Sample.objects.get(pk=image.sample_id).alarm_cells == 1
    dismiss(technician, image)
    sample = Sample.objects.get(pk=image.sample_id)
    assert (sample.alarm_cells, sample.alarm_unseen) == (None, None)


def test_running_it_again_brings_its_cells_back_until_the_new_ones_are_there(technician):
    image = read_image(technician, "neutrophil", "monocyte")
    before, result = sums_of(image), SmearImage.objects.get(pk=image.pk).newest_result_id
    dismiss(technician, image)
    request_rerun(actor=technician, image_id=image.pk)
    image.refresh_from_db()
    assert (image.newest_result_id, sums_of(image)) == (result, before)
    fail_image(image)
    assert sums_of(image) == before
    assert failures_of(image) == 1


def test_what_people_said_of_its_cells_is_asked_about_before_it_is_run_again(technician):
    image = read_image(technician, "neutrophil")
    cell = Cell.objects.get(image=image)
    review_cell(actor=technician, cell_id=cell.pk, label="monocyte", seen_number=0)
    dismiss(technician, image)
    with pytest.raises(RerunAsksFirst):
        request_rerun(actor=technician, image_id=image.pk)
    image.refresh_from_db()
    assert image.dismissed_at is not None


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_reason_is_needed(technician, failed, reason):
    with pytest.raises(SampleInvalid):
        dismiss(technician, failed, reason)


def test_a_sample_that_waits_for_the_doctor_is_the_doctor_s(technician, doctor, failed):
    Sample.objects.filter(pk=failed.sample_id).update(state=Sample.State.READY)
    with pytest.raises(ChangeRefused):
        dismiss(technician, failed)
    dismiss(doctor, failed)


@pytest.mark.parametrize("state", Sample.FROZEN)
def test_what_is_at_its_end_stays_as_it_is(doctor, failed, state):
    Sample.objects.filter(pk=failed.sample_id).update(state=state)
    with pytest.raises(ChangeRefused):
        dismiss(doctor, failed)


def test_others_do_not(admin, other_technician, failed):
    with pytest.raises(AccessDenied):
        dismiss(admin, failed)
    with pytest.raises(ImageNotFound):
        dismiss(other_technician, failed)


def test_the_api_answers_with_its_sample(technician, api_as, failed):
    address = f"/api/v1/images/{failed.pk}/dismiss/"
    assert api_as(technician).post(address, {}, format="json").status_code == 400
    answer = api_as(technician).post(address, {"reason": "blurred"}, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["images_failed"], body["images"][0]["status"]) == (0, "failed")
    assert body["images"][0]["dismissed_at"]
    assert api_as(technician).post(address, {"reason": "blurred"}).status_code == 409
