"""The patient's previous result beside the differential, with the change since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from predictions.errors import ChangedSinceSeen
from predictions.models import Sample
from predictions.reports.content import ReportContent
from predictions.selectors.reports.contents import preliminary_content
from predictions.selectors.reports.patient import previous_report
from predictions.selectors.reports.signing import case_page
from predictions.services.reports.amending import begin_amendment, retract, withdraw_amendment
from predictions.services.reports.contacts import acknowledge_alarm
from predictions.services.samples.states import send_to_doctor
from predictions.templatetags.case_words import change
from tests.factories.cases import cells_of, confirm, make_case, make_ready, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db

BEGIN = datetime(2026, 3, 1, 8, tzinfo=UTC)


def of_patient(day: int, reference: str = "P-1") -> dict[str, Any]:
    return {
        "patient_reference": reference,
        "patient_key": reference,
        "collected_at": BEGIN + timedelta(days=day),
    }


def signed(technician, doctor, day, cells=None, reference="P-1"):
    said = of_patient(day, reference) | ({"cells": cells} if cells else {})
    return sign_case(doctor, make_ready(technician, **said))


def before_this(viewer, sample):
    found = previous_report(viewer, sample)
    return found and found[0]


def before_of(viewer, sample):
    rows = case_page(viewer, sample.pk).figures.rows
    return {each.row.label: each.before for each in rows}


def shown(client, sample):
    return client.get(reverse("predictions:differential", args=[sample.pk])).content.decode()


def test_each_class_has_its_change_in_points(technician, doctor):
    signed(technician, doctor, 0)
    now = make_case(technician, {"neutrophil": 96, "lymphocyte": 24}, **of_patient(5))
    before = before_of(technician, now)
    neutrophils = before["neutrophil"]
    assert (neutrophils.earlier.percent, neutrophils.change) == (60.0, 20.0)
    assert neutrophils.is_clear


def test_it_is_the_last_that_was_taken_before_and_not_the_last_that_was_signed(technician, doctor):
    nearest, _older, _later = (signed(technician, doctor, day) for day in (4, 1, 9))
    now = make_case(technician, **of_patient(5))
    found = previous_report(technician, now)
    assert found is not None
    assert found[0] == nearest


def test_of_another_patient_nothing_is_shown(technician, doctor, page_as):
    signed(technician, doctor, 0, reference="P-2")
    now = make_case(technician, **of_patient(5))
    assert previous_report(technician, now) is None
    assert "Before, %" not in shown(page_as(technician), now)


def test_a_sample_is_not_its_own_previous_one(technician, doctor):
    only = signed(technician, doctor, 0)
    assert previous_report(doctor, only.sample) is None


def test_the_page_names_the_sample_it_compares_with(technician, doctor, admin, page_as):
    then = signed(technician, doctor, 0)
    now = make_case(technician, {"neutrophil": 96, "lymphocyte": 24}, **of_patient(5))
    page = shown(page_as(technician), now)
    assert "Before, %" in page
    assert "+20.0" in page
    assert reverse("predictions:report", args=[then.pk]) in page
    # Admins read results, and no reports.
    for_admins = shown(page_as(admin), now)
    assert then.sample.accession_number in for_admins
    assert reverse("predictions:report", args=[then.pk]) not in for_admins


@pytest.mark.parametrize(
    ("points", "written"),
    [(8.04, "+8.0"), (-36.7, "\N{MINUS SIGN}36.7"), (0.0, "+0.0"), (None, "")],
)
def test_a_change_is_written_with_its_sign(points, written):
    assert change(points) == written


def test_how_many_there_were_stands_beside_how_many_there_are(technician, doctor, page_as):
    then = make_ready(technician, **of_patient(0), wbc=Decimal("8.0"))
    sign_case(doctor, then)
    now = make_case(technician, **of_patient(5), wbc=Decimal("10.0"))
    before = before_of(technician, now)
    # 60 % of 8.0, and 4 of 120 of it.
    assert before["neutrophil"].earlier.absolute == pytest.approx(4.8)
    assert before["eosinophil"].earlier.absolute == pytest.approx(0.27, abs=0.01)
    assert "Before, 10⁹/L" in shown(page_as(technician), now)


def test_without_a_white_cell_count_now_none_of_before_is_shown(technician, doctor, page_as):
    sign_case(doctor, make_ready(technician, **of_patient(0), wbc=Decimal("8.0")))
    now = make_case(technician, **of_patient(5))
    assert "Before, 10⁹/L" not in shown(page_as(technician), now)


def test_a_report_keeps_the_result_before_it(technician, doctor, page_as):
    then = signed(technician, doctor, 0)
    report = signed(technician, doctor, 5, {"neutrophil": 96, "lymphocyte": 24})
    previous = ReportContent.from_json(report.content).previous
    assert previous is not None
    assert (previous.accession_number, previous.report) == (
        then.sample.accession_number,
        str(then),
    )
    rows = {row.label: row for row in previous.rows}
    assert (rows["neutrophil"].percent, rows["neutrophil"].change) == (60.0, 20.0)
    assert rows["neutrophil"].is_clear
    page = page_as(doctor).get(reverse("predictions:report", args=[report.pk])).content.decode()
    assert "Previous result" in page


def test_a_report_of_a_patient_without_another_result_says_nothing_of_one(technician, doctor):
    report = signed(technician, doctor, 0)
    assert ReportContent.from_json(report.content).previous is None


def test_a_preliminary_print_has_it_too(technician, doctor):
    signed(technician, doctor, 0)
    now = make_case(technician, **of_patient(5))
    assert preliminary_content(doctor, now.pk).previous is not None


def test_an_amendment_does_not_take_a_later_sample_for_the_one_before(technician, doctor):
    undated = of_patient(0) | {"collected_at": None}
    ours = sign_case(doctor, make_ready(technician, **undated))
    sign_case(doctor, make_ready(technician, **undated))
    begin_amendment(actor=doctor, sample_id=ours.sample_id, reason="A word was missing")
    amended = sign_case(doctor, ours.sample, comment="One word more.")
    assert ReportContent.from_json(amended.content).previous is None


def with_blasts(technician, doctor, day):
    """Half of its cells are blasts, each named by a person."""
    sample = make_case(technician, {"neutrophil": 60}, to_review={"blast": 60}, **of_patient(day))
    for cell in cells_of(sample).filter(label="blast"):
        confirm(technician, cell)
    acknowledge_alarm(actor=doctor, sample_id=sample.pk)
    return send_to_doctor(actor=technician, sample_id=sample.pk)


def test_a_class_that_was_not_there_before_was_none_of_those_counted(technician, doctor):
    signed(technician, doctor, 0)
    report = sign_case(doctor, with_blasts(technician, doctor, 5))
    previous = ReportContent.from_json(report.content).previous
    assert previous is not None
    rows = {row.label: row for row in previous.rows}
    assert (rows["blast"].percent, rows["blast"].change) == (0.0, 50.0)
    assert rows["blast"].is_clear


def test_a_class_that_is_not_there_any_more_is_told(technician, doctor, page_as):
    sign_case(doctor, with_blasts(technician, doctor, 0))
    now = make_case(technician, **of_patient(5))
    [gone] = case_page(technician, now.pk).figures.gone
    assert (gone.label, gone.change, gone.is_clear) == ("blast", -50.0, True)
    assert "Counted before and not among the classes above: Blast 50.0 %." in shown(
        page_as(technician), now
    )


def test_a_sample_without_a_time_of_collection_keeps_its_place_when_it_is_amended(
    technician, doctor
):
    then = sign_case(doctor, make_ready(technician, **of_patient(0) | {"collected_at": None}))
    now = make_case(technician, **of_patient(0) | {"collected_at": None})
    assert before_this(technician, now) == then
    begin_amendment(actor=doctor, sample_id=then.sample_id, reason="A word was missing")
    amended = sign_case(doctor, then.sample, comment="One word more.")
    assert before_this(technician, now) == amended


def test_a_report_that_names_another_patient_than_its_sample_by_now_is_nobodys_previous(
    technician, doctor
):
    then = signed(technician, doctor, 0)
    begin_amendment(actor=doctor, sample_id=then.sample_id, reason="Other patient")
    Sample.objects.filter(pk=then.sample_id).update(patient_reference="P-2", patient_key="P-2")
    assert previous_report(technician, make_case(technician, **of_patient(5, "P-2"))) is None


def test_who_signs_has_seen_the_result_before(technician, doctor):
    ours = make_ready(technician, **of_patient(5))
    seen = case_page(doctor, ours.pk).digest
    signed(technician, doctor, 0)
    with pytest.raises(ChangedSinceSeen):
        sign_case(doctor, ours, seen=seen)


def test_a_previous_result_that_was_another_patients_can_be_taken_off(technician, doctor):
    wrong = signed(technician, doctor, 0)
    ours = signed(technician, doctor, 5)
    retract(actor=doctor, sample_id=wrong.sample_id, reason="Other patient", password=PASSWORD)
    begin_amendment(actor=doctor, sample_id=ours.sample_id, reason="Another's result stood on it")
    amended = sign_case(doctor, ours.sample)
    content = ReportContent.from_json(amended.content)
    assert content.previous is None
    assert content.status == "corrected"
    assert content.replaces is not None
    assert [each.what for each in content.replaces.differences] == ["Previous result"]


def test_an_amendment_of_which_nothing_changed_is_withdrawn_whatever_was_before(technician, doctor):
    other = signed(technician, doctor, 0)
    ours = signed(technician, doctor, 5)
    begin_amendment(actor=doctor, sample_id=ours.sample_id, reason="A word was missing")
    retract(actor=doctor, sample_id=other.sample_id, reason="Other patient", password=PASSWORD)
    assert withdraw_amendment(actor=doctor, sample_id=ours.sample_id).state == Sample.State.SIGNED
