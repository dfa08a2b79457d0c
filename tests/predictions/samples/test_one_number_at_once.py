"""Two people who give one number at the same moment: one has it, the other is told by whom."""

from __future__ import annotations

import pytest

from predictions.errors import AccessionNumberTaken
from predictions.models import Sample
from predictions.services.samples.details import change_sample
from predictions.services.samples.samples import create_sample
from tests.at_once import at_once
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db(transaction=True)


def split(answers: list) -> tuple[list[Sample], list[AccessionNumberTaken]]:
    won = [answer for answer in answers if isinstance(answer, Sample)]
    return won, [answer for answer in answers if isinstance(answer, AccessionNumberTaken)]


def test_two_who_create_it(technician):
    won, refused = split(
        at_once(4, lambda _: create_sample(actor=technician, accession_number="A-1"))
    )
    assert (len(won), len(refused)) == (1, 3)
    assert {each.details["sample"] for each in refused} == {str(won[0].pk)}
    assert Sample.objects.count() == 1


def test_two_who_correct_to_it(technician):
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
