"""What somebody is called outside: drawn, the same each time, another in each project."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction

from predictions.models import Sample, StudyCode
from predictions.services.research.study_codes import draw_codes
from tests.factories.images import make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def samples(technician) -> list[Sample]:
    """Two of one patient, one of another, and two of nobody known."""
    return [
        make_sample(technician, patient_reference=reference)
        for reference in ("PAT-1", "pat-1", "PAT-2", "", "")
    ]


def test_one_patient_has_one_code_and_each_sample_its_own(samples, laboratory):
    codes = draw_codes(laboratory, "research", samples)
    first, second, other, *unknown = (codes[sample.pk] for sample in samples)
    assert first.patient == second.patient
    assert len({first.patient, other.patient, *(code.patient for code in unknown)}) == 4
    assert len({code.sample for code in codes.values()}) == 5


def test_codes_stay_the_same(samples, laboratory):
    once = draw_codes(laboratory, "research", samples[:2])
    assert draw_codes(laboratory, "research", samples)[samples[0].pk] == once[samples[0].pk]


def test_another_project_has_other_codes(samples, laboratory):
    one = draw_codes(laboratory, "research", samples)
    other = draw_codes(laboratory, "study 7", samples)
    assert {code.patient for code in one.values()}.isdisjoint(c.patient for c in other.values())


def test_codes_are_drawn_and_follow_from_nothing(samples, laboratory):
    before = draw_codes(laboratory, "research", samples)
    StudyCode.objects.all().delete()
    after = draw_codes(laboratory, "research", samples)
    assert {c.patient for c in before.values()}.isdisjoint(c.patient for c in after.values())
    assert all(re.fullmatch(r"P-[2-9A-HJ-NP-Z]{8}", code.patient) for code in after.values())


def test_two_who_draw_at_once_get_the_same(samples, laboratory):
    """The second one's rows are refused by the database, and it reads the first one's."""
    codes = draw_codes(laboratory, "research", samples[:1])
    with pytest.raises(IntegrityError), transaction.atomic():
        StudyCode.objects.create(
            laboratory=laboratory,
            project="research",
            kind=StudyCode.Kind.PATIENT,
            patient_key=samples[0].patient_key,
            code="P-ANOTHER2",
        )
    assert draw_codes(laboratory, "research", samples[:1]) == codes


def test_many_samples_take_few_queries(technician, laboratory, django_assert_max_num_queries):
    many = [make_sample(technician, patient_reference=f"P{n}") for n in range(40)]
    with django_assert_max_num_queries(6):
        assert len(draw_codes(laboratory, "research", many)) == 40
