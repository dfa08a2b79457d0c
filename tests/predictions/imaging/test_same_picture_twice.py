"""The same bytes are one image of a sample, however they come."""

from pathlib import Path

import pytest
from django.conf import settings

from predictions.models import ClassificationJob, SmearImage
from tests.at_once import at_once
from tests.drawn_cells import draw_smear_png
from tests.factories.images import make_sample, upload


def stored_files() -> int:
    return sum(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))


@pytest.mark.django_db
def test_the_same_bytes_again_are_already_here(technician, sample):
    data = draw_smear_png(seed=1)
    [first] = upload(technician, sample.pk, data)
    [again] = upload(technician, sample.pk, data, name="another name.png")
    assert again.duplicate
    assert again.image == first.image
    assert again.job is None
    assert ClassificationJob.objects.count() == 1
    assert stored_files() == 3


@pytest.mark.django_db
def test_the_same_bytes_twice_in_one_upload_are_one_image(technician, sample):
    data = draw_smear_png(seed=1)
    first, again = upload(technician, sample.pk, data, data)
    assert not first.duplicate
    assert again.duplicate


@pytest.mark.django_db
def test_another_sample_has_its_own_image_of_the_same_bytes(technician, sample):
    data = draw_smear_png(seed=1)
    [first] = upload(technician, sample.pk, data)
    [second] = upload(technician, make_sample(technician).pk, data)
    assert not second.duplicate
    assert second.image != first.image


@pytest.mark.django_db(transaction=True)
def test_two_uploads_at_once_make_one_image_and_leave_no_file_behind(technician, sample):
    data = draw_smear_png(seed=2)
    answers = at_once(4, lambda _: upload(technician, sample.pk, data)[0])
    assert sorted(answer.duplicate for answer in answers) == [False, True, True, True]
    assert len({answer.image.pk for answer in answers}) == 1
    assert SmearImage.objects.count() == ClassificationJob.objects.count() == 1
    assert stored_files() == 3
