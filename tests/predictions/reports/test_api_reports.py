"""Signed reports over the API: read, downloaded, verified."""

import hashlib

import pytest

from accounts.models import Role
from predictions.models import ReportFile
from predictions.services.reports.amending import begin_amendment
from predictions.services.reports.run_reports import make_report
from tests.factories.cases import make_signed, sign_case
from tests.factories.images import file_of
from tests.factories.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(technician, doctor):
    return make_signed(technician, doctor)


@pytest.fixture
def newer(report, doctor):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    return sign_case(doctor, report.sample, comment="One word more.")


def pdf(client, report):
    return client.get(f"/api/v1/reports/{report.pk}/pdf/")


def bytes_of(answer) -> bytes:
    return b"".join(answer.streaming_content)


def verify(client, data):
    return client.post(
        "/api/v1/reports/verify/",
        {"file": file_of(data, "report.pdf", "application/pdf")},
        format="multipart",
    )


def test_the_versions_of_a_sample_are_listed(report, newer, technician, api_as):
    rows = api_as(technician).get(f"/api/v1/samples/{report.sample_id}/reports/").json()["results"]
    assert [(row["version"], row["superseded_by"]) for row in rows] == [
        (2, None),
        (1, str(newer.pk)),
    ]
    assert rows[0]["signature"]["name"] == "dora"
    assert rows[0]["file"]["status"] == "queued"
    assert rows[0]["amendment_reason"] == "A word was missing"


def test_a_report_is_read_with_its_content(report, newer, technician, api_as):
    body = api_as(technician).get(f"/api/v1/reports/{report.pk}/").json()
    assert body["content"]["differential"]["counted"] == 120
    assert (body["number"], body["superseded_by"]) == ("R-000001", str(newer.pk))
    assert body["retracted"] is False


def test_a_file_is_waited_for_and_then_downloaded(report, doctor, api_as):
    client = api_as(doctor)
    waits = pdf(client, report)
    assert (waits.status_code, waits["Retry-After"]) == (202, "2")
    make_report(report_id=report.pk)
    answer = pdf(client, report)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Cache-Control"] == "private, no-store"
    sha256 = hashlib.sha256(bytes_of(answer)).hexdigest()
    assert sha256 == ReportFile.objects.get(pk=report.pk).sha256


def test_a_file_that_failed_is_told_and_asked_for_again(report, doctor, api_as):
    ReportFile.objects.update(status="failed", error="The disk was full. Ask for it again.")
    client = api_as(doctor)
    answer = pdf(client, report)
    assert (answer.status_code, answer.json()["code"]) == (409, "report_file_failed")
    again = client.post(f"/api/v1/reports/{report.pk}/pdf/")
    assert (again.status_code, again.json()["status"]) == (202, "queued")
    assert pdf(client, report).status_code == 202


def test_old_and_new_verify_and_say_which_is_valid(report, newer, doctor, api_as):
    client = api_as(doctor)
    for each in (report, newer):
        make_report(report_id=each.pk)
    old, new = (verify(client, bytes_of(pdf(client, each))).json() for each in (report, newer))
    assert (old["genuine"], old["report"]["version"]) == (True, 1)
    assert old["superseded_by"]["id"] == str(newer.pk)
    assert (new["genuine"], new["superseded_by"], new["retracted"]) == (True, None, False)
    assert new["signature"]["name"] == "dora"


def test_another_file_is_not_genuine(doctor, api_as):
    answer = verify(api_as(doctor), b"%PDF-1.4 something else")
    assert (answer.status_code, answer.json()["genuine"], answer.json()["report"]) == (
        200, False, None,
    )  # fmt: skip


def test_a_verification_needs_a_file(doctor, api_as):
    answer = api_as(doctor).post("/api/v1/reports/verify/", {}, format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["file"])


def test_another_laboratory_sees_nothing_of_it(report, doctor, other_laboratory, api_as):
    make_report(report_id=report.pk)
    data = bytes_of(pdf(api_as(doctor), report))
    stranger = api_as(make_user(other_laboratory, Role.DOCTOR))
    assert stranger.get(f"/api/v1/reports/{report.pk}/").status_code == 404
    assert pdf(stranger, report).status_code == 404
    assert stranger.post(f"/api/v1/reports/{report.pk}/pdf/").status_code == 404
    assert stranger.get(f"/api/v1/samples/{report.sample_id}/reports/").status_code == 404
    assert verify(stranger, data).json()["genuine"] is False


def test_an_admin_reads_no_reports(report, admin, api_as):
    assert pdf(api_as(admin), report).status_code == 403
