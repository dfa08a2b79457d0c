"""People who change samples at the same moment: one number for one, and nobody waits for ever."""

from __future__ import annotations

import pytest

from predictions.errors import AccessionNumberTaken
from predictions.models import Sample
from predictions.services.imaging.moving import move_image
from predictions.services.samples.details import change_sample
from predictions.services.samples.samples import create_sample
from predictions.services.summary_check import verify_summaries
from tests.at_once import at_once
from tests.factories.images import make_image, make_sample
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db(transaction=True)


def split(answers: list) -> tuple[list[Sample], list[AccessionNumberTaken]]:
    won = [answer for answer in answers if isinstance(answer, Sample)]
    return won, [answer for answer in answers if isinstance(answer, AccessionNumberTaken)]


def test_of_those_who_create_one_number_one_has_it(technician):
    won, refused = split(
        at_once(4, lambda _: create_sample(actor=technician, accession_number="A-1"))
    )
    assert (len(won), len(refused)) == (1, 3)
    assert {each.details["sample"] for each in refused} == {str(won[0].pk)}
    assert Sample.objects.count() == 1


def test_of_those_who_correct_to_one_number_one_has_it(technician):
    samples = [make_sample(technician) for _ in range(3)]

    def correct(index: int) -> Sample:
        changes = {"accession_number": "A-1"}
        return change_sample(
            actor=technician, sample_id=samples[index].pk, changes=changes, reason="typed wrong"
        )

    won, refused = split(at_once(3, correct))
    assert (len(won), len(refused)) == (1, 2)
    assert {each.details["sample"] for each in refused} == {str(won[0].pk)}
    assert Sample.objects.filter(accession_key="a-1").count() == 1


def test_images_that_change_places_are_both_moved(technician):
    images = [record_result(make_image(technician), {}, {}) for _ in range(4)]
    samples = [images[0].sample, images[1].sample]
    for image in images[2:]:
        move_image(
            actor=technician, image_id=image.pk, to_sample_id=samples[0].pk, reason="wrong tube"
        )
    ways = [(images[0], samples[1]), (images[1], samples[0]), (images[2], samples[1])]

    def move(index: int) -> None:
        image, sample = ways[index]
        move_image(actor=technician, image_id=image.pk, to_sample_id=sample.pk, reason="wrong tube")

    assert at_once(3, move) == [None] * 3
    for image, sample in ways:
        image.refresh_from_db()
        assert image.sample == sample
    assert list(verify_summaries()) == []
