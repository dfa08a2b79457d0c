"""Findings are offered to all, kept by the doctor who signs, and stand on the report then."""

import re
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions.errors import ChangedSinceSeen
from predictions.models import KeptFindings, Report
from predictions.reports.content import ReportContent
from predictions.selectors.reports.signing import case_page
from predictions.services.laboratory.finding_limits import change_limits
from predictions.services.reports.amending import begin_amendment
from tests.factories.cases import cells_of, make_ready, sign_case
from tests.factories.people import PASSWORD
from tests.factories.profiles import say

pytestmark = pytest.mark.django_db

SIGNED = {"meaning": "responsibility", "password": PASSWORD}
# 90 % neutrophils of 200 cells: above 80 as a whole; no white cell count is known.
NEUTROPHILIC = {"neutrophil": 180, "lymphocyte": 20}
ADULT: dict[str, Any] = {"age_days_given": 40 * 365}


def part(page, name):
    """The words of the part of a page with this id."""
    inside = (
        page.partition(f'id="{name}"')[2].partition("</section>")[0].partition("</fieldset>")[0]
    )
    return " ".join(re.sub(r"<[^>]+>", " ", inside).split())


def kept_on(report):
    return ReportContent.from_json(report.content).findings


@pytest.fixture
def sample(technician):
    return make_ready(technician, NEUTROPHILIC, **ADULT)


def test_a_finding_goes_from_the_figures_to_the_signed_report(page_as, technician, doctor, sample):
    seen = part(page_as(technician).get(f"/samples/{sample.pk}/differential/").content.decode(),
                "findings")  # fmt: skip
    assert "Relative neutrophilia likely" in seen
    assert "above the reference interval 40 to 80" in seen
    assert "They support reading and are no diagnosis" in seen

    client = page_as(doctor)
    page = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert "Relative neutrophilia" in part(page, "findings")
    assert "Relative lymphopenia" in part(page, "findings")
    kept = {
        "keep-neutrophilia": "on",
        "words-neutrophilia": "Marked relative neutrophilia",
        "words-lymphopenia": "Relative lymphopenia",
        "own_findings": "Toxic granulation\n\n  Döhle bodies ",
    }
    answer = client.post(f"/samples/{sample.pk}/sign/", {**SIGNED, **kept}, follow=True)
    report = Report.objects.get()
    assert [each.text for each in kept_on(report)] == [
        "Marked relative neutrophilia",
        "Toxic granulation",
        "Döhle bodies",
    ]
    first, own, _ = kept_on(report)
    assert (first.code, first.offered, first.basis) == (
        "neutrophilia",
        "Relative neutrophilia",
        "relative",
    )
    assert (own.code, own.rule) == ("", "")
    shown = answer.content.decode()
    assert "Marked relative neutrophilia" in shown
    assert "They support reading and are no diagnosis." in shown


def test_nothing_is_kept_that_nobody_ticked(page_as, doctor, sample):
    page_as(doctor).post(f"/samples/{sample.pk}/sign/", SIGNED)
    assert kept_on(Report.objects.get()) == ()


def test_an_ordinary_film_says_that_nothing_lies_beyond_its_limit(page_as, technician, doctor):
    ordinary = make_ready(technician, **ADULT)
    page = page_as(doctor).get(f"/samples/{ordinary.pk}/differential/").content.decode()
    assert "Nothing lies beyond its limit." in part(page, "findings")


def test_without_an_age_the_page_says_what_was_not_judged(page_as, technician, admin):
    unknown = make_ready(technician, NEUTROPHILIC)
    page = page_as(admin).get(f"/samples/{unknown.pk}/differential/").content.decode()
    assert "Not judged, for no reference interval holds for this patient: Neutrophil" in part(
        page, "findings"
    )


def test_a_choice_that_is_kept_for_later_survives_a_reload_and_stands_in_the_trail(
    page_as, doctor, sample
):
    client, address = page_as(doctor), f"/samples/{sample.pk}/findings/"
    chosen = {
        "keep-neutrophilia": "on",
        "words-neutrophilia": "Neutrophilia, relative",
        "own_findings": "Toxic granulation",
        "comment": "Not yet.",
        "password": PASSWORD,
    }
    answer = client.post(address, chosen)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "The findings are kept until the report is signed." in page
    assert "Not yet." in page
    assert PASSWORD not in page
    again = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert 'value="Neutrophilia, relative"' in again
    assert re.search(r'name="keep-neutrophilia"[^>]*checked', again)
    assert not re.search(r'name="keep-lymphopenia"[^>]*checked', again)
    assert "Toxic granulation" in again
    event = AuditEvent.objects.get(action=AuditAction.FINDINGS_CHANGED)
    assert event.changes == {"findings": [[], ["Neutrophilia, relative", "Toxic granulation"]]}

    client.post(address, chosen)
    assert KeptFindings.objects.count() == 1


def test_a_choice_whose_finding_the_figures_offer_no_more_is_told(
    page_as, doctor, second_doctor, sample
):
    client = page_as(doctor)
    client.post(
        f"/samples/{sample.pk}/findings/",
        {"keep-neutrophilia": "on", "words-neutrophilia": "Relative neutrophilia"},
    )
    for cell in cells_of(sample).filter(present_label="neutrophil").order_by("position")[:60]:
        say(second_doctor, cell, "lymphocyte")
    page = part(client.get(f"/samples/{sample.pk}/sign/").content.decode(), "findings")
    assert "offered no more by the figures as they are now: “Relative neutrophilia”" in page


def test_a_finding_that_went_between_page_and_signature_is_not_signed_unseen(
    page_as, doctor, second_doctor, sample
):
    client, address = page_as(doctor), f"/samples/{sample.pk}/sign/"
    client.get(address)
    for cell in cells_of(sample).filter(present_label="neutrophil").order_by("position")[:60]:
        say(second_doctor, cell, "lymphocyte")
    sent = {**SIGNED, "keep-neutrophilia": "on", "words-neutrophilia": "Neutrophilia"}
    answer = client.post(address, sent)
    assert answer.status_code == 409
    assert "“Neutrophilia” is offered no more" in answer.content.decode()
    assert not Report.objects.exists()


def test_an_amendment_begins_with_what_the_former_version_kept(page_as, doctor, sample):
    sign_case(
        doctor,
        sample,
        findings=[("neutrophilia", "Neutrophilia, mild"), ("", "Toxic granulation")],
    )
    begin_amendment(actor=doctor, sample_id=sample.pk, reason="A finding is missing.")
    client = page_as(doctor)
    page = client.get(f"/samples/{sample.pk}/sign/").content.decode()
    assert re.search(r'name="keep-neutrophilia"[^>]*checked', page)
    assert 'value="Neutrophilia, mild"' in page
    assert "Toxic granulation" in part(page, "findings")
    sent = {"keep-neutrophilia": "on", "words-neutrophilia": "Neutrophilia, mild"}
    answer = client.post(f"/samples/{sample.pk}/sign/", {**SIGNED, **sent}, follow=True)
    assert "Finding" in answer.content.decode()
    second = Report.objects.get(version=2)
    assert second.status == "corrected"
    replaces = ReportContent.from_json(second.content).replaces
    assert replaces is not None
    [difference] = replaces.differences
    assert (difference.what, difference.before, difference.after) == (
        "Finding",
        "Toxic granulation",
        "",
    )


def test_an_amendment_that_keeps_the_same_findings_changes_nothing(page_as, doctor, sample):
    sign_case(doctor, sample, findings=[("neutrophilia", "")])
    begin_amendment(actor=doctor, sample_id=sample.pk, reason="Looked again.")
    answer = page_as(doctor).post(f"/samples/{sample.pk}/amend/withdraw/", follow=True)
    assert "The amendment is withdrawn" in answer.content.decode()


def test_findings_are_kept_only_while_the_sample_can_be_signed(page_as, doctor, sample):
    sign_case(doctor, sample)
    answer = page_as(doctor).post(f"/samples/{sample.pk}/findings/", {}, follow=True)
    assert "so this sample is signed now" in answer.content.decode()
    assert not KeptFindings.objects.exists()


def test_only_a_doctor_keeps_findings(page_as, technician, admin, sample):
    for who in (technician, admin):
        assert page_as(who).post(f"/samples/{sample.pk}/findings/", {}).status_code == 403


def test_who_signs_has_seen_the_rule_of_a_finding(technician, doctor, admin):
    many = make_ready(
        technician, {"neutrophil": 100, "eosinophil": 100}, wbc=Decimal("10.0"), **ADULT
    )
    seen = case_page(doctor, many.pk).digest
    limits = {"hypereosinophilia": Decimal("4.9")}
    change_limits(actor=admin, values=limits, seen_number=1, reason="As the clinic asks")
    with pytest.raises(ChangedSinceSeen):
        sign_case(doctor, many, seen=seen)
