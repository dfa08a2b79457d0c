"""What is kept of findings at the signature, and what is refused, by the service and the API."""

import pytest
from django.db import DatabaseError, transaction

from predictions.errors import FindingsMoved, SignatureInvalid
from predictions.models import KeptFindings, Report
from predictions.reports.content import ReportContent
from predictions.services.reports.findings import keep_findings
from tests.factories.cases import make_ready, sign_case
from tests.factories.people import PASSWORD

pytestmark = pytest.mark.django_db

NEUTROPHILIC = {"neutrophil": 180, "lymphocyte": 20}


@pytest.fixture
def sample(technician):
    return make_ready(technician, NEUTROPHILIC, age_days_given=40 * 365)


def kept_on(report):
    return ReportContent.from_json(report.content).findings


def test_without_words_a_finding_is_kept_in_those_of_the_offer(doctor, sample):
    [kept] = kept_on(sign_case(doctor, sample, findings=[("neutrophilia", "")]))
    assert kept.text == kept.offered == "Relative neutrophilia"
    assert kept.certainty == "likely"
    assert "Dacie & Lewis" in kept.source


def test_what_the_figures_do_not_offer_is_not_signed(doctor, sample):
    with pytest.raises(FindingsMoved, match="“Monocytosis” is offered no more"):
        sign_case(doctor, sample, findings=[("monocytosis", "")])
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([("scurvy", "Scurvy")], "There is no finding “scurvy”"),
        ([("", "  ")], "has no words"),
        ([("neutrophilia", "a" * 301)], "at most 300 characters"),
        ([("", "half\x07")], "cannot be printed"),
        ([("neutrophilia", ""), ("neutrophilia", "Neutrophilia")], "stands there twice"),
        ([("", "Toxic change")] * 2, "stands there twice"),
        ([("", f"Finding {n}") for n in range(31)], "at most 30 findings"),
    ],
)
def test_what_cannot_stand_on_a_report_is_refused(doctor, sample, findings, told):
    with pytest.raises(SignatureInvalid, match=told):
        sign_case(doctor, sample, findings=findings)


def test_the_api_offers_findings_and_signs_those_that_are_kept(api_as, doctor, sample):
    client = api_as(doctor)
    offered = client.get(f"/api/v1/samples/{sample.pk}/differential/").json()
    [first] = [each for each in offered["findings"] if each["code"] == "neutrophilia"]
    assert first["words"] == "Relative neutrophilia"
    assert (first["certainty"], first["basis"]) == ("likely", "relative")
    assert "above the reference interval" in first["rule"]
    said = {
        "password": PASSWORD,
        "meaning": "responsibility",
        "seen": offered["seen"],
        "findings": [{"code": "neutrophilia"}, {"text": "Toxic granulation"}],
        "morphology": {"white_cells": [{"text": "Döhle bodies", "grade": "1+"}]},
    }
    answer = client.post(f"/api/v1/samples/{sample.pk}/sign/", said, format="json")
    assert answer.status_code == 201
    report = client.get(f"/api/v1/reports/{answer.json()['report']['id']}/").json()
    assert [each["text"] for each in report["content"]["findings"]] == [
        "Relative neutrophilia",
        "Toxic granulation",
    ]
    assert report["content"]["schema"] == 2


def test_the_api_refuses_a_finding_that_is_not_offered(api_as, doctor, sample):
    said = {"password": PASSWORD, "meaning": "review", "findings": [{"code": "monocytosis"}]}
    answer = api_as(doctor).post(f"/api/v1/samples/{sample.pk}/sign/", said, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "findings_moved")


def test_findings_go_out_with_the_report(api_as, doctor, sample):
    report = sign_case(doctor, sample, findings=[("neutrophilia", "")])
    bundle = api_as(doctor).get(f"/api/v1/reports/{report.pk}/fhir/").json()
    assert bundle["entry"][0]["resource"]["conclusion"] == "Relative neutrophilia."
    answer = api_as(doctor).get(f"/api/v1/reports/{report.pk}/hl7/")
    assert b"findings^Findings^L" in b"".join(answer.streaming_content)


def test_a_choice_is_neither_changed_nor_deleted(doctor, sample):
    choice = keep_findings(actor=doctor, sample_id=sample.pk, findings=[("neutrophilia", "")])
    assert choice is not None
    with pytest.raises(DatabaseError, match="changed by a newer choice"), transaction.atomic():
        KeptFindings.objects.filter(pk=choice.pk).update(findings=[])
