"""Signed reports: shown, downloaded, amended, retracted, and verified."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from predictions.models import ReportFile, Sample
from predictions.services.reports.amending import begin_amendment
from predictions.services.reports.run_reports import make_report
from tests.factories.cases import make_signed, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


def amended(doctor, report, comment="Added later."):
    """The next version of a report."""
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing.")
    return sign_case(doctor, report.sample, comment=comment)


def test_it_shows_what_was_signed(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    page = page_as(technician).get(f"/reports/{report.pk}/").content.decode()
    assert f"Report {report}" in page
    assert "Differential: 120 white cells counted" in page
    assert "reviewed and responsible for the result" in page
    assert report.sha256 in page


def test_the_file_is_followed_until_it_is_made(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    client = page_as(doctor)
    assert "The PDF is being made" in client.get(f"/reports/{report.pk}/").content.decode()
    waits = client.get(f"/reports/{report.pk}/pdf/")
    assert waits.status_code == 202
    assert waits["Retry-After"]
    status = client.get(f"/reports/{report.pk}/file/")
    again = client.get(f"/reports/{report.pk}/file/", headers={"If-None-Match": status["ETag"]})
    assert again.status_code == 304
    make_report(report_id=report.pk)
    done = client.get(f"/reports/{report.pk}/file/", headers={"If-None-Match": status["ETag"]})
    assert "Download the PDF" in done.content.decode()
    assert "every 1500ms" not in done.content.decode()
    pdf = client.get(f"/reports/{report.pk}/pdf/")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    assert "attachment" in pdf["Content-Disposition"]
    assert report.sample.accession_number not in pdf["Content-Disposition"]


def test_a_file_that_failed_is_asked_for_again(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    ReportFile.objects.filter(pk=report.pk).update(status="failed", error="No font.")
    client = page_as(doctor)
    page = client.get(f"/reports/{report.pk}/").content.decode()
    assert "No font." in page
    answer = client.post(f"/reports/{report.pk}/file/again/", follow=True)
    assert "The PDF is being made" in answer.content.decode()


def test_a_doctor_begins_an_amendment_with_a_reason(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    client = page_as(doctor)
    refused = client.post(f"/reports/{report.pk}/amend/", {"reason": " "}, follow=True)
    assert "Give a reason" in refused.content.decode()
    client.post(f"/reports/{report.pk}/amend/", {"reason": "The WBC came late."})
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.AMENDING
    answer = client.post(f"/samples/{report.sample_id}/amend/withdraw/", follow=True)
    assert "The amendment is withdrawn" in answer.content.decode()
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.SIGNED


def test_each_version_says_which_one_counts(page_as, technician, doctor):
    first = make_signed(technician, doctor)
    second = amended(doctor, first)
    client = page_as(technician)
    old = client.get(f"/reports/{first.pk}/").content.decode()
    assert "Version 2 replaced this one" in old
    assert f"/reports/{second.pk}/" in old
    assert "Amend</summary>" not in old
    new = client.get(f"/reports/{second.pk}/").content.decode()
    assert "Amended: replaces version 1" in new
    assert "A word was missing." in new
    assert "Added later." in new
    listed = client.get(f"/samples/{first.sample_id}/reports/").content.decode()
    assert "superseded" in listed
    assert str(first) in listed
    assert str(second) in listed


def test_a_retraction_needs_the_password_and_keeps_the_reason(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    client = page_as(doctor)
    sent = {"reason": "Of another patient", "password": "wrong-horse-battery-7"}
    refused = client.post(f"/reports/{report.pk}/retract/", sent)
    assert refused.status_code == 400
    assert "The password is not right." in refused.content.decode()
    assert "Of another patient" in refused.content.decode()
    done = client.post(
        f"/reports/{report.pk}/retract/", {**sent, "password": PASSWORD}, follow=True
    )
    assert "This report was retracted." in done.content.decode()
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.RETRACTED


def test_the_code_on_a_print_leads_to_who_signed(page_as, technician, doctor):
    report = make_signed(technician, doctor)
    make_report(report_id=report.pk)
    client = page_as(technician)
    page = client.get(f"/reports/{report.pk}/verify/").content.decode()
    assert "It is the version that counts." in page
    assert "dora" in page
    assert ReportFile.objects.get(pk=report.pk).sha256 in page
    amended(doctor, report)
    later = client.get(f"/reports/{report.pk}/verify/").content.decode()
    assert "Version 2 replaced this one" in later
    assert "It is the version that counts." not in later


def test_an_admin_verifies_and_reads_nothing(page_as, technician, doctor, admin):
    report = make_signed(technician, doctor)
    client = page_as(admin)
    page = client.get(f"/reports/{report.pk}/verify/").content.decode()
    assert report.sha256 in page
    assert f'href="/reports/{report.pk}/"' not in page
    assert client.get(f"/reports/{report.pk}/").status_code == 403
    head = client.get(f"/samples/{report.sample_id}/").content.decode()
    assert "Open the report" not in head


def test_a_file_is_genuine_or_is_not(page_as, technician, doctor, other_technician):
    report = make_signed(technician, doctor)
    make_report(report_id=report.pk)
    client = page_as(technician)
    data = b"".join(client.get(f"/reports/{report.pk}/pdf/").streaming_content)

    def checked(who, bytes_):
        sent = {"file": SimpleUploadedFile("report.pdf", bytes_, "application/pdf")}
        return who.post("/reports/verify/", sent).content.decode()

    assert "This file is genuine" in checked(client, data)
    assert "This file is no report of your laboratory." in checked(client, data + b" ")
    assert "This file is no report of your laboratory." in checked(page_as(other_technician), data)
    assert client.post("/reports/verify/", {}).status_code == 400


def test_another_laboratory_sees_none_of_it(page_as, technician, doctor, other_technician):
    report = make_signed(technician, doctor)
    client = page_as(other_technician)
    for name in ("", "pdf/", "file/", "verify/"):
        assert client.get(f"/reports/{report.pk}/{name}").status_code == 404
    assert client.post(f"/reports/{report.pk}/file/again/").status_code == 404
