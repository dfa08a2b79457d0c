"""What was signed of all samples of a patient reference, class by class, for doctors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from predictions.models import Report, Sample
from predictions.selectors.reports import courses, patient
from predictions.selectors.reports.courses import HEIGHT, MARGIN, WIDTH
from predictions.selectors.reports.patient import patient_page
from predictions.services.reports.amending import begin_amendment, retract
from tests.factories.cases import make_case, make_ready, sign_case
from tests.factories.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)
MORE_NEUTROPHILS = {"neutrophil": 96, "lymphocyte": 24}


def case_of(technician, reference="P-1", *, day=0, **case) -> Sample:
    return make_ready(
        technician,
        patient_reference=reference,
        patient_key=reference,
        collected_at=BEGIN + timedelta(days=day),
        **case,
    )


def signed(technician, doctor, reference="P-1", **case) -> Report:
    return sign_case(doctor, case_of(technician, reference, **case))


def shown(client, sample) -> str:
    answer = client.get(reverse("predictions:patient", args=[sample.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def course_of(page, label):
    return next(course for course in page.courses if course.label == label)


def test_samples_stand_in_the_order_they_were_collected_in(technician, doctor):
    later = signed(technician, doctor, day=9)
    earlier = signed(technician, doctor, day=2)
    page = patient_page(doctor, later.sample_id)
    assert [visit.report for visit in page.visits] == [earlier, later]


def test_a_class_has_its_value_of_each_sample(technician, doctor):
    signed(technician, doctor, day=0)
    newest = signed(technician, doctor, day=5, cells=MORE_NEUTROPHILS)
    page = patient_page(doctor, newest.sample_id)
    values = course_of(page, "neutrophil").values
    assert [value.row.percent for value in values] == [60.0, 80.0]
    assert [value.row.count for value in course_of(page, "eosinophil").values] == [4, 0]


def test_other_patients_and_unknown_ones_are_left_out(technician, doctor):
    signed(technician, doctor, "P-2")
    sign_case(doctor, make_ready(technician))
    ours = signed(technician, doctor)
    page = patient_page(doctor, ours.sample_id)
    assert [visit.report for visit in page.visits] == [ours]


def test_a_sample_without_a_reference_shows_no_other(technician, doctor, page_as):
    sign_case(doctor, make_ready(technician))
    nobody = sign_case(doctor, make_ready(technician)).sample
    assert patient_page(doctor, nobody.pk).visits == []
    assert "No patient reference was given" in shown(page_as(doctor), nobody)


def test_only_the_newest_version_of_a_report_counts(technician, doctor):
    first = signed(technician, doctor)
    begin_amendment(actor=doctor, sample_id=first.sample_id, reason="A word was missing")
    second = sign_case(doctor, first.sample, comment="One word more.")
    page = patient_page(doctor, first.sample_id)
    assert [visit.report for visit in page.visits] == [second]


def test_what_was_taken_back_is_left_out(technician, doctor):
    gone, kept = signed(technician, doctor), signed(technician, doctor, day=3)
    retract(actor=doctor, sample_id=gone.sample_id, reason="Wrong tube", password=PASSWORD)
    assert [visit.report for visit in patient_page(doctor, kept.sample_id).visits] == [kept]


def test_what_is_not_signed_is_named_and_not_drawn(technician, doctor, page_as):
    ours = signed(technician, doctor)
    waiting = make_case(technician, patient_reference="P-1", patient_key="P-1")
    page = patient_page(doctor, ours.sample_id)
    assert page.unsigned == [waiting]
    assert f"{waiting.accession_number}</a> (in review)" in shown(page_as(doctor), ours.sample)


def test_of_very_many_samples_the_newest_are_shown(technician, doctor, monkeypatch):
    monkeypatch.setattr(patient, "MOST", 2)
    first, second, third = (signed(technician, doctor, day=n) for n in range(3))
    page = patient_page(doctor, first.sample_id)
    assert [visit.report for visit in page.visits] == [second, third]
    assert page.has_more


def test_counts_are_drawn_where_the_white_cells_are_known(technician, doctor):
    ours = signed(technician, doctor, wbc=Decimal("8.0"))
    plots = course_of(patient_page(doctor, ours.sample_id), "neutrophil").plots
    assert [(plot.unit, plot.end) for plot in plots] == [("%", 80), ("10⁹/L", 5)]
    # 60 % of 8.0 is 4.8, of an axis that ends at 5.
    [point] = plots[1].points
    assert point.y == pytest.approx(HEIGHT - MARGIN - 0.96 * (HEIGHT - 2 * MARGIN))
    assert point.x == WIDTH / 2


def test_points_lie_by_time_and_whiskers_reach_the_interval(technician, doctor):
    for day in (0, 1, 10):
        ours = signed(technician, doctor, day=day)
    course = course_of(patient_page(doctor, ours.sample_id), "neutrophil")
    first, second, third = course.plots[0].points
    assert (second.x - first.x) * 10 == pytest.approx(third.x - first.x, abs=1)
    assert first.low > first.y > first.high


@pytest.mark.parametrize(
    ("highest", "end"),
    [(0, 0.1), (0.08, 0.1), (0.1, 0.1), (1.2, 2), (7.5, 10), (11, 20), (460, 500)],
)
def test_an_axis_of_counts_ends_at_a_round_number(highest, end):
    assert courses._end_of_counts([highest]) == end


def test_where_another_model_read_is_marked(technician, doctor, page_as, model):
    signed(technician, doctor, day=0)
    ours = signed(technician, doctor, day=4)
    page = patient_page(doctor, ours.sample_id)
    assert [visit.has_other_model for visit in page.visits] == [False, False]
    assert "another model<" not in shown(page_as(doctor), ours.sample)
    content = ours.content.replace('"version":"', '"version":"other ', 1)
    assert content != ours.content
    by_another = Report(pk=ours.pk, sample=ours.sample, content=content)
    visits = patient._visits([page.visits[0].report, by_another])
    assert [visit.has_other_model for visit in visits] == [False, True]


def test_a_page_of_many_samples_takes_as_many_queries(
    technician, doctor, page_as, django_assert_max_num_queries
):
    for day in range(6):
        ours = signed(technician, doctor, day=day)
    client = page_as(doctor)
    with django_assert_max_num_queries(20):
        shown(client, ours.sample)


def test_the_same_reference_in_another_laboratory_is_another_patient(
    technician, doctor, other_technician, other_laboratory
):
    other_doctor = make_user(other_laboratory, Role.DOCTOR)
    signed(other_technician, other_doctor)
    ours = signed(technician, doctor)
    assert [visit.report for visit in patient_page(doctor, ours.sample_id).visits] == [ours]


def test_a_technician_may_not(technician, doctor):
    ours = signed(technician, doctor)
    with pytest.raises(AccessDenied):
        patient_page(technician, ours.sample_id)


def test_the_tab_is_there_for_doctors_alone(technician, doctor, page_as):
    ours = signed(technician, doctor)
    address = reverse("predictions:patient", args=[ours.sample_id])
    sample = reverse("predictions:sample", args=[ours.sample_id])
    assert address in page_as(doctor).get(sample).content.decode()
    assert address not in page_as(technician).get(sample).content.decode()


def test_that_somebody_looked_stands_in_the_trail(technician, doctor, page_as):
    ours = signed(technician, doctor)
    shown(page_as(doctor), ours.sample)
    event = AuditEvent.objects.filter(action=AuditAction.RESULT_VIEWED).latest("position")
    assert (event.actor, event.object_id) == (doctor, str(ours.sample_id))
