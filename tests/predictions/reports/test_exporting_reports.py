"""Signed reports for other programs: who gets them, what they say, and that it is written down."""

from __future__ import annotations

import hl7
import pytest
from fhir.resources.R4B.bundle import Bundle

from accounts.models import AuditAction, AuditEvent
from mlmodels.models import Label
from predictions.services.reports.amending import begin_amendment, retract
from predictions.services.reports.run_reports import make_report
from tests.factories.cases import make_ready, make_signed, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(technician, doctor):
    return make_signed(technician, doctor)


def fhir(client, report, **query):
    return client.get(f"/api/v1/reports/{report.pk}/fhir/", query)


def kinds_of(body, kind):
    return [e["resource"] for e in body["entry"] if e["resource"]["resourceType"] == kind]


def test_a_report_is_a_bundle_of_the_standard(report, technician, api_as):
    answer = fhir(api_as(technician), report)
    assert answer["Content-Type"] == "application/fhir+json"
    body = answer.json()
    Bundle.model_validate(body)
    (told,) = kinds_of(body, "DiagnosticReport")
    assert (told["status"], told["identifier"][0]["value"]) == ("final", "R-000001")
    assert {"23761-0", "737-7", "744-3", "714-6", "707-0"} <= {
        c["code"] for o in kinds_of(body, "Observation") for c in o["code"]["coding"]
    }


def test_its_file_is_in_it_once_it_is_made(report, technician, api_as):
    def form():
        return kinds_of(fhir(api_as(technician), report).json(), "DiagnosticReport")[0][
            "presentedForm"
        ][0]

    assert "data" not in form()
    make_report(report_id=report.pk)
    assert form()["size"] > 1000


def test_a_sample_gives_its_newest_report(report, doctor, technician, api_as):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    sign_case(doctor, report.sample, comment="One word more.")
    body = api_as(technician).get(f"/api/v1/samples/{report.sample_id}/fhir/").json()
    assert kinds_of(body, "DiagnosticReport")[0]["status"] == "amended"


def test_what_is_not_signed_goes_nowhere(technician, api_as):
    sample = make_ready(technician)
    answer = api_as(technician).get(f"/api/v1/samples/{sample.pk}/fhir/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_signed")


def test_what_was_taken_back_says_so(report, doctor, technician, api_as):
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    body = fhir(api_as(technician), report).json()
    assert kinds_of(body, "DiagnosticReport")[0]["status"] == "entered-in-error"
    message = api_as(technician).get(f"/api/v1/reports/{report.pk}/hl7/")
    assert "RETRACTED" in b"".join(message.streaming_content).decode()


def test_a_transaction_is_made_where_it_is_asked_for(report, technician, api_as):
    body = fhir(api_as(technician), report, type="transaction").json()
    assert body["type"] == "transaction"
    assert all(entry["request"]["method"] == "PUT" for entry in body["entry"])


def test_an_older_version_is_no_transaction_any_more(report, doctor, technician, api_as):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A word was missing")
    sign_case(doctor, report.sample, comment="One word more.")
    answer = fhir(api_as(technician), report, type="transaction")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_newest")
    assert fhir(api_as(technician), report).status_code == 200


def test_a_code_that_nobody_may_send_is_a_sentence(report, technician, api_as):
    Label.objects.filter(code="neutrophil").update(loinc_percent="770-8")
    answer = fhir(api_as(technician), report)
    assert (answer.status_code, answer.json()["code"]) == (409, "bundle_invalid")
    assert "770-8 is the code of an analyser" in answer.json()["message"]


def test_another_kind_of_bundle_is_refused_by_name(report, technician, api_as):
    answer = fhir(api_as(technician), report, type="batch")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["type"])


def test_a_report_is_a_message_of_hl7(report, technician, api_as):
    answer = api_as(technician).get(f"/api/v1/reports/{report.pk}/hl7/")
    assert answer["Content-Type"].startswith("x-application/hl7-v2+er7")
    assert answer["Content-Disposition"] == 'attachment; filename="R-000001.v1.hl7"'
    message = hl7.parse(b"".join(answer.streaming_content).decode())
    assert str(message.segment("OBR")[3]) == report.sample.accession_number
    assert str(message.segment("OBR")[25]) == "F"


def test_what_is_taken_is_written_down(report, technician, api_as):
    fhir(api_as(technician), report)
    api_as(technician).get(f"/api/v1/reports/{report.pk}/hl7/")
    events = AuditEvent.objects.filter(action=AuditAction.REPORT_EXPORTED)
    assert [event.object_id for event in events] == [str(report.pk)] * 2


def test_another_laboratory_finds_nothing(report, other_technician, api_as):
    assert fhir(api_as(other_technician), report).status_code == 404
    assert api_as(other_technician).get(f"/api/v1/reports/{report.pk}/hl7/").status_code == 404
