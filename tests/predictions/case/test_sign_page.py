"""The signature: what is printed, what blocks, and that a refusal keeps what was typed."""

import re

import pytest

from predictions.models import AlarmAcknowledgement, Report
from predictions.reports.content import ReportContent
from predictions.services.reports.amending import begin_amendment
from predictions.services.samples.states import send_to_doctor
from tests.factories.cases import cells_of, confirm, make_case, make_ready, make_signed
from tests.factories.people import PASSWORD
from tests.factories.profiles import say

pytestmark = pytest.mark.django_db

SIGNED = {"meaning": "responsibility", "password": PASSWORD}


def test_what_will_be_printed_and_the_form_are_shown(page_as, technician, doctor):
    sample = make_ready(technician)
    page = page_as(doctor).get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "of 200 white cells counted" in page
    assert "Nothing blocks the signature." in page
    assert "Meaning of your signature" in page
    assert "Sign as dora" in page
    assert page.partition("<main")[2].partition("</main>")[0].count("button--primary") == 1


def test_a_signature_makes_a_report(page_as, technician, doctor):
    sample = make_ready(technician)
    said = {"comment": "Unremarkable.", "morphology": "Normochromic.", "red_cells-0": "2+"}
    answer = page_as(doctor).post(f"/samples/{sample.pk}/sign/", {**SIGNED, **said})
    report = Report.objects.get()
    assert answer["Location"] == f"/reports/{report.pk}/"
    content = ReportContent.from_json(report.content)
    assert (content.comment, content.morphology.text) == ("Unremarkable.", "Normochromic.")
    [group] = content.morphology.groups
    assert (group.name, group.findings[0].text, group.findings[0].grade) == (
        "Red cells",
        "Anisocytosis",
        "2+",
    )


def test_a_wrong_password_keeps_what_was_typed_and_not_the_password(page_as, technician, doctor):
    sample = make_ready(technician)
    wrong = "wrong-horse-battery-7"
    sent = {**SIGNED, "password": wrong, "comment": "Left shift.", "white_cells-0": "3+"}
    answer = page_as(doctor).post(f"/samples/{sample.pk}/sign/", sent)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "The password is not right." in page
    assert "Left shift." in page
    assert "Left shift 3+" in page
    assert wrong not in page
    assert not Report.objects.exists()


def test_few_cells_need_a_reason(page_as, technician, doctor):
    sample = make_ready(technician, {"neutrophil": 40})
    client = page_as(doctor)
    assert (
        "Why fewer than 100 cells are enough"
        in client.get(f"/samples/{sample.pk}/sign/").content.decode()
    )
    refused = client.post(f"/samples/{sample.pk}/sign/", SIGNED)
    assert refused.status_code == 409
    assert "fewer than 100" in refused.content.decode()
    reason = {"limited_count_reason": "Severe leucopenia"}
    client.post(f"/samples/{sample.pk}/sign/", {**SIGNED, **reason})
    assert Report.objects.exists()


def test_who_reviewed_alone_is_told_before_typing(page_as, technician, doctor):
    sample = make_case(technician)
    confirm(doctor, cells_of(sample).first())
    send_to_doctor(actor=doctor, sample_id=sample.pk)
    page = page_as(doctor).get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "Before you can sign" in page
    assert "You alone reviewed this sample" in page


def test_a_suspicion_of_blasts_is_acknowledged_here(page_as, technician, doctor):
    immature = {"neutrophil": 100, "monocyte": 4}
    sample = make_ready(technician, immature)
    client = page_as(doctor)
    cell = sample.images.get().cells.get(position=1)
    client.post(
        f"/cells/{cell.pk}/review/", {"label": "blast", "seen_number": cell.last_review_number}
    )
    page = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "Suspicion of blasts" in page
    assert "Blasts are suspected" in page
    answer = client.post(
        f"/samples/{sample.pk}/alarm/acknowledge/", {"note": "Auer rods"}, follow=True
    )
    assert "It is on record that you have looked." in answer.content.decode()
    assert "Suspicion of blasts" not in answer.content.decode()
    assert AlarmAcknowledgement.objects.get().note == "Auer rods"


def test_a_critical_value_blocks_until_somebody_is_told(page_as, technician, doctor):
    sample = make_ready(technician, {"lymphocyte": 150}, wbc="6.00", wbc_is_corrected=True)
    client = page_as(doctor)
    page = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "Before you can sign" in page
    moment = sample.created_at.strftime("%Y-%m-%dT%H:%M")
    sent = {"label": "neutrophil", "told_to": "Ward 7", "told_at": moment, "read_back": "on"}
    answer = client.post(f"/samples/{sample.pk}/contacts/", sent, follow=True)
    assert answer.request["PATH_INFO"] == f"/samples/{sample.pk}/sign/"
    assert "Nothing blocks the signature." in answer.content.decode()


def test_who_signs_second_is_told_of_the_first(page_as, technician, doctor, second_doctor):
    sample = make_ready(technician)
    client = page_as(second_doctor)
    page_as(doctor).post(f"/samples/{sample.pk}/sign/", SIGNED)
    answer = client.post(f"/samples/{sample.pk}/sign/", {**SIGNED, "comment": "Mine"})
    assert answer.status_code == 409
    assert "dora signed the report" in answer.content.decode()
    assert Report.objects.count() == 1


def test_an_amendment_begins_from_what_was_said(page_as, technician, doctor):
    sample = make_signed(technician, doctor).sample
    begin_amendment(actor=doctor, sample_id=sample.pk, reason="The WBC came late.")
    client = page_as(doctor)
    page = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "This amends version 1" in page
    refused = client.post(f"/samples/{sample.pk}/sign/", SIGNED)
    assert refused.status_code == 409
    answer = client.post(
        f"/samples/{sample.pk}/sign/", {**SIGNED, "comment": "Added."}, follow=True
    )
    assert "Amended: replaces version 1" in answer.content.decode()


def test_what_is_not_sent_yet_is_not_to_be_signed(page_as, technician, doctor):
    sample = make_case(technician)
    answer = page_as(doctor).get(f"/samples/{sample.pk}/sign/", follow=True)
    assert answer.request["PATH_INFO"] == f"/samples/{sample.pk}/"
    assert "This sample is in review, so nobody can sign it now." in answer.content.decode()


def test_only_a_doctor_signs(page_as, technician, admin):
    sample = make_ready(technician)
    for who in (technician, admin):
        client = page_as(who)
        assert client.get(f"/samples/{sample.pk}/sign/").status_code == 403
        assert client.post(f"/samples/{sample.pk}/sign/", SIGNED).status_code == 403


def seen_on(page):
    """The digest that the form carries."""
    [seen] = re.findall(r'name="seen" value="([0-9a-f]{64})"', page)
    return seen


def call_lymphocytes(person, sample, cells):
    for cell in cells_of(sample).filter(present_label="neutrophil").order_by("position")[:cells]:
        say(person, cell, "lymphocyte")


def counts_of(report):
    rows = ReportContent.from_json(report.content).differential.rows
    return {row.label: row.count for row in rows if row.count}


def test_what_another_doctor_changed_meanwhile_is_shown_before_it_is_signed(
    page_as, technician, doctor, second_doctor
):
    sample = make_ready(technician)
    address, client = f"/samples/{sample.pk}/sign/", page_as(doctor)
    seen = seen_on(client.get(address).content.decode())
    call_lymphocytes(second_doctor, sample, 3)
    refused = client.post(address, {**SIGNED, "comment": "Left shift.", "seen": seen})
    page = refused.content.decode()
    assert refused.status_code == 409
    assert "What the report would say has changed since you opened this page." in page
    assert "Left shift." in page
    assert PASSWORD not in page
    assert not Report.objects.exists()
    signed = client.post(address, {**SIGNED, "seen": seen_on(page)})
    assert signed.status_code == 302
    assert counts_of(Report.objects.get())["neutrophil"] == 69


def test_another_refusal_does_not_hide_that_the_figures_changed(
    page_as, technician, doctor, second_doctor
):
    sample = make_ready(technician)
    address, client = f"/samples/{sample.pk}/sign/", page_as(doctor)
    seen = seen_on(client.get(address).content.decode())
    call_lymphocytes(second_doctor, sample, 3)
    wrong = client.post(address, {**SIGNED, "password": "wrong-horse-battery-7", "seen": seen})
    again = client.post(address, {**SIGNED, "seen": seen_on(wrong.content.decode())})
    assert (wrong.status_code, again.status_code) == (403, 409)
    assert "has changed since you opened this page" in again.content.decode()


def test_what_was_seen_and_has_not_changed_is_signed(page_as, technician, doctor):
    sample = make_ready(technician)
    address, client = f"/samples/{sample.pk}/sign/", page_as(doctor)
    seen = seen_on(client.get(address).content.decode())
    client.post(address, {**SIGNED, "seen": seen})
    assert counts_of(Report.objects.get())["neutrophil"] == 72
