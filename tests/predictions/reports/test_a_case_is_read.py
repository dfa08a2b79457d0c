"""A sample's differential and what is missing, from the counts that are kept beside it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from predictions.errors import SampleNotFound
from predictions.models import AlarmAcknowledgement, CaseRules, CriticalContact, IntervalSet, Sample
from predictions.selectors.laboratory.intervals import intervals_of
from predictions.selectors.reports.case import case_of, missing_for
from predictions.selectors.reports.contents import digest_of
from tests.factories.cases import cells_of, confirm, make_case, make_ready
from tests.factories.images import make_image
from tests.factories.intervals import shipped_intervals, shipped_limits
from tests.factories.profiles import say
from tests.factories.results import fail_image

pytestmark = pytest.mark.django_db


def codes(viewer, sample):
    return [each.code for each in missing_for(viewer, case_of(viewer, sample.pk))]


def test_the_differential_follows_from_the_cells(technician):
    sample = make_case(technician, to_review={"monocyte": 2}, unidentified=1, wbc=Decimal("6.0"))
    found = case_of(technician, sample.pk).differential
    assert (found.counted, found.to_review, found.unidentified) == (120, 2, 1)
    first = found.rows[0]
    assert (first.label, first.count, first.percent, first.absolute) == (
        "neutrophil", 72, 60.0, Decimal("3.60"),
    )  # fmt: skip


def test_a_class_that_always_asks_for_a_person_is_asked_again(technician):
    sample = make_case(technician, {"neutrophil": 100, "basophil": 2})
    assert case_of(technician, sample.pk).differential.to_review == 2
    assert codes(technician, sample) == ["to_review"]
    for cell in cells_of(sample).filter(label="basophil"):
        confirm(technician, cell)
    assert codes(technician, sample) == []


def test_each_state_asks_for_its_own_next_step(technician, doctor):
    sample = make_case(technician, {"neutrophil": 30})
    assert codes(technician, sample) == []
    sample = make_ready(technician, {"neutrophil": 30})
    assert codes(doctor, sample) == ["few_cells"]


def test_images_at_work_and_failed_ones_are_told(technician, doctor):
    sample = make_ready(technician)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.IN_REVIEW)
    image = make_image(technician, sample)
    assert codes(technician, sample) == ["unfinished"]
    fail_image(image)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    assert codes(doctor, sample) == ["failed_images"]


def test_whoever_reviewed_alone_is_told_so_and_others_are_not(technician, doctor, second_doctor):
    sample = make_case(technician)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    confirm(doctor, cells_of(sample)[0])
    assert codes(doctor, sample) == ["second_person"]
    assert codes(second_doctor, sample) == []
    assert codes(technician, sample) == []


def test_a_cell_that_anybody_called_a_blast_is_a_suspicion(technician, doctor):
    sample = make_ready(technician)
    cell = cells_of(sample)[5]
    say(doctor, cell, "blast")
    say(doctor, cell, "monocyte")
    assert codes(doctor, sample) == ["blasts"]
    AlarmAcknowledgement.objects.create(sample=sample, by=doctor, blasts=1, immature_granulocytes=0)
    assert codes(doctor, sample) == []
    say(doctor, cells_of(sample)[6], "blast")
    assert codes(doctor, sample) == ["blasts"]


def test_a_cell_that_the_model_calls_a_blast_is_a_suspicion(technician, doctor):
    sample = make_ready(technician)
    cells_of(sample).filter(position=3).update(label="blast")
    assert codes(doctor, sample) == ["blasts"]


def test_stages_of_immature_granulocytes_are_taken_together(technician, doctor):
    sample = make_ready(technician)
    first, second, third = cells_of(sample)[5:8]
    say(doctor, first, "myelocyte")
    say(doctor, second, "metamyelocyte")
    assert codes(doctor, sample) == []
    say(doctor, third, "promyelocyte")
    assert codes(doctor, sample) == ["blasts"]


def test_a_critical_value_waits_for_its_contact_as_it_is_reported(technician, doctor):
    sample = make_ready(technician, wbc=Decimal("1.80"))
    found = missing_for(doctor, case_of(doctor, sample.pk))
    assert [each.code for each in found] == ["critical_value"]
    assert found[0].message.startswith("White cells 1.80 ")
    as_told = found[0].message.partition(" is a")[0].removeprefix("White cells ")
    told = {"sample": sample, "label": "wbc", "told_to": "Ward 3", "read_back": True}
    CriticalContact.objects.create(
        **told, value=as_told.replace("1.80", "1.90"), by=technician, told_at=sample.created_at
    )
    assert codes(doctor, sample) == ["critical_value"]
    CriticalContact.objects.create(**told, value=as_told, by=technician, told_at=sample.created_at)
    assert codes(doctor, sample) == []


def test_nothing_is_missing_of_what_is_frozen(technician):
    sample = make_case(technician, {"neutrophil": 3})
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.CANCELLED)
    assert codes(technician, sample) == []


def test_another_laboratory_sees_no_case(technician, other_technician):
    sample = make_case(technician)
    with pytest.raises(SampleNotFound):
        case_of(other_technician, sample.pk)


def test_a_thousand_cells_take_at_most_ten_queries(technician, doctor):
    sample = make_ready(technician, {"neutrophil": 999, "blast": 0}, wbc=Decimal("1.00"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        missing_for(doctor, case_of(doctor, sample.pk))
    assert len(queries) <= 10, [query["sql"] for query in queries]


def test_the_shipped_intervals_count_until_the_laboratory_has_its_own(laboratory):
    shipped = intervals_of(laboratory.pk)
    assert not shipped.is_own
    assert list(shipped.intervals) == shipped_intervals()
    assert list(shipped.limits) == shipped_limits()
    own = {"label": "monocyte", "unit": "%", "low": "2.5", "high": "9", "source": "Ours"}
    for number in (1, 2):
        IntervalSet.objects.create(
            laboratory=laboratory, number=number, intervals=[own] * number, limits=[]
        )
    found = intervals_of(laboratory.pk)
    assert (found.number, found.is_own, len(found.intervals)) == (2, True, 2)
    assert found.intervals[0].low == Decimal("2.5")


def digest(viewer, sample):
    return digest_of(case_of(viewer, sample.pk), None)


@pytest.mark.parametrize(
    "changed",
    [
        {"wbc": Decimal("6.1")},
        {"sex": "female"},
        {"age_days_given": 400},
        {"note": "Of another tube."},
        {"patient_reference": "P-2"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_what_is_said_of_a_sample_belongs_to_what_its_signer_saw(technician, changed):
    sample = make_case(technician, wbc=Decimal("6.0"))
    before = digest(technician, sample)
    Sample.objects.filter(pk=sample.pk).update(**changed)
    assert digest(technician, sample) != before


def test_the_intervals_and_the_target_belong_to_what_a_signer_saw(technician):
    sample = make_case(technician, age_days_given=12800, sex="male")
    seen = {digest(technician, sample)}
    own = {"label": "monocyte", "unit": "%", "low": "2.5", "high": "9", "source": "Ours"}
    laboratory = sample.laboratory
    IntervalSet.objects.create(laboratory=laboratory, number=1, intervals=[own], limits=[])
    seen.add(digest(technician, sample))
    CaseRules.objects.create(laboratory=laboratory, target_cells=100)
    seen.add(digest(technician, sample))
    assert len(seen) == 3


def test_time_alone_changes_nothing_of_what_a_signer_saw(technician, monkeypatch):
    sample = make_case(technician, birth_date=date(1990, 5, 17), wbc=Decimal("6.0"))
    before, later = digest(technician, sample), timezone.now() + timedelta(days=400)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert digest(technician, sample) == before


def test_what_a_signer_sees_is_worked_out_without_a_query(technician):
    case = case_of(technician, make_case(technician, {"lymphocyte": 150}, wbc=Decimal("0.40")).pk)
    assert case.differential.critical
    with CaptureQueriesContext(connection) as asked:
        digest_of(case, None)
    assert not asked.captured_queries
