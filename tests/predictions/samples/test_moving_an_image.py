"""An image of the wrong tube goes to the right sample, with its cells, and both tell of it."""

from __future__ import annotations

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions import storage
from predictions.errors import (
    ChangeRefused,
    ImageNotFound,
    JobStateRefused,
    MoveRefused,
    SampleClosed,
    SampleInvalid,
    SampleNotFound,
)
from predictions.models import Sample, SampleEvent, SampleLabel, SmearImage
from predictions.services.imaging.moving import move_image
from predictions.services.review.reviews import review_cell
from tests.factories.images import make_image, make_sample, upload_one
from tests.factories.results import fail_image, record_result

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("summaries_hold")]


@pytest.fixture
def image(technician) -> SmearImage:
    """Two neutrophils, one of them named a monocyte by a person, and a basophil to review."""
    image = make_image(technician)
    record_result(image, {}, {}, {"label": "basophil", "disposition": "review"})
    first = image.cells.first()
    assert first is not None
    review_cell(actor=technician, cell_id=first.pk, label="monocyte", seen_number=0)
    return image


def move(actor, image: SmearImage, sample: Sample, reason: str = "wrong tube") -> SmearImage:
    return move_image(actor=actor, image_id=image.pk, to_sample_id=sample.pk, reason=reason)


def in_state(sample: Sample, state: Sample.State) -> Sample:
    Sample.objects.filter(pk=sample.pk).update(state=state)
    return sample


def test_cells_and_counts_go_with_it(technician, image, sample):
    before = image.sample
    make_image(technician, before)
    move(technician, image, sample)
    before.refresh_from_db()
    sample.refresh_from_db()
    assert (before.images_count, before.cells_found, before.cells_to_review) == (1, 0, 0)
    assert (sample.images_count, sample.cells_found, sample.cells_to_review) == (1, 3, 1)
    labels = {
        row.code: row.reviewed + row.accepted for row in SampleLabel.objects.filter(sample=sample)
    }
    assert labels == {"monocyte": 1, "neutrophil": 1, "basophil": 0}


def test_both_histories_and_the_trail_tell_of_it(technician, image, sample):
    before = image.sample
    move(technician, image, sample, " wrong tube ")
    ways = {before: [str(image.pk), None], sample: [None, str(image.pk)]}
    for each, way in ways.items():
        event = each.events.get(kind=SampleEvent.Kind.IMAGE_MOVED)
        assert (event.by, event.reason) == (technician, "wrong tube")
        assert event.changes == {"image": way, "sample": [str(before.pk), str(sample.pk)]}
    assert AuditEvent.objects.filter(action=AuditAction.IMAGE_MOVED).count() == 2


def test_an_open_sample_that_gets_cells_is_in_review(technician, image, sample):
    move(technician, image, sample)
    sample.refresh_from_db()
    assert sample.state == Sample.State.IN_REVIEW
    kinds = list(sample.events.values_list("kind", flat=True))
    assert kinds == ["created", "image_moved", "started"]


def test_a_failed_image_is_counted_where_it_is(technician, sample):
    image = fail_image(make_image(technician))
    move(technician, image, sample)
    sample.refresh_from_db()
    assert sample.images_failed == 1


@pytest.mark.parametrize(
    "state", [Sample.State.OPEN, Sample.State.IN_REVIEW, Sample.State.AMENDING]
)
def test_it_goes_to_a_sample_that_takes_images(technician, image, sample, state):
    in_state(sample, state)
    assert move(technician, image, sample).sample == sample


@pytest.mark.parametrize("state", [Sample.State.READY, *Sample.FROZEN])
def test_it_goes_to_no_other(doctor, image, sample, state):
    in_state(sample, state)
    with pytest.raises(SampleClosed):
        move(doctor, image, sample)


@pytest.mark.parametrize("state", Sample.FROZEN)
def test_what_is_at_its_end_gives_none_away(doctor, image, sample, state):
    in_state(image.sample, state)
    with pytest.raises(ChangeRefused):
        move(doctor, image, sample)


def test_from_what_waits_for_the_doctor_only_a_doctor_takes_it(technician, doctor, image, sample):
    in_state(image.sample, Sample.State.READY)
    with pytest.raises(ChangeRefused):
        move(technician, image, sample)
    assert move(doctor, image, sample).sample == sample


def test_an_image_at_work_stays(technician, sample):
    with pytest.raises(JobStateRefused):
        move(technician, make_image(technician), sample)


def test_a_picture_that_is_there_already_is_refused(technician, image, sample):
    picture = storage.read_original(image.original, sha256=image.sha256)
    upload_one(technician, sample.pk, picture)
    for target in (sample, image.sample):
        with pytest.raises(MoveRefused):
            move(technician, image, target)


def test_a_reason_is_needed(technician, image, sample):
    with pytest.raises(SampleInvalid):
        move(technician, image, sample, " ")


def test_what_is_of_another_laboratory_does_not_exist(other_technician, technician, image, sample):
    foreign = make_sample(other_technician)
    with pytest.raises(ImageNotFound):
        move(other_technician, image, foreign)
    with pytest.raises(SampleNotFound):
        move(technician, image, foreign)


def test_an_admin_moves_nothing(admin, image, sample):
    with pytest.raises(AccessDenied):
        move(admin, image, sample)


def test_the_api_answers_with_the_sample_that_holds_it_now(technician, api_as, image, sample):
    sent = {"sample": str(sample.pk).upper(), "reason": "wrong tube"}
    address = f"/api/v1/images/{image.pk}/move/"
    answer = api_as(technician).post(address, sent, format="json")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["id"], body["state"]) == (str(sample.pk), "in_review")
    assert [each["id"] for each in body["images"]] == [str(image.pk)]
    again = api_as(technician).post(address, sent, format="json")
    assert (again.status_code, again.json()["code"]) == (409, "move_refused")
