"""A doctor signs: everything is asked again, frozen, and one of two at once wins."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from accounts.errors import AccessDenied, ProofRefused, SignInLocked
from accounts.models import AuditAction, AuditEvent, Role
from predictions.errors import NotReady, SampleNotFound, SignatureInvalid, StateRefused
from predictions.models import Report, ReportFile, Sample, Signature
from predictions.reports.content import ReportContent
from predictions.services.reports.contacts import acknowledge_alarm, record_contact
from predictions.services.reports.signing import sign
from tests.at_once import at_once
from tests.factories.cases import cells_of, confirm, make_case, make_ready, sign_case
from tests.factories.images import make_image
from tests.factories.people import PASSWORD, make_laboratory, make_user
from tests.factories.profiles import say
from tests.factories.results import fail_image

pytestmark = pytest.mark.django_db


def refused(doctor, sample, **said):
    """The codes of what is missing for a signature."""
    with pytest.raises(NotReady) as caught:
        sign_case(doctor, sample, **said)
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.READY
    assert not Report.objects.exists()
    return [each["code"] for each in caught.value.details["missing"]]


def test_a_signature_freezes_what_the_report_says(technician, doctor):
    sample = make_ready(technician, wbc=Decimal("6.00"), requester="Ward 7")
    report = sign_case(
        doctor,
        sample,
        comment="Ordinary film.",
        morphology="Red cells even.",
        phrases={"red_cells": [("Anisocytosis", "1+")]},
    )
    assert (report.number, report.version, report.status) == ("R-000001", 1, "final")
    content = ReportContent.from_json(report.content)
    assert content.sha256 == report.sha256
    assert content.differential.counted == 120
    assert content.differential.rows[0].absolute == 3.6
    assert content.signature is not None
    assert content.signature.name == "dora"
    assert content.signature.authenticated_by == "password"
    assert content.comment == "Ordinary film."
    assert content.morphology.groups[0].findings[0].grade == "1+"
    assert [person.name for person in content.reviewers] == ["tina"]
    assert content.verify_address.endswith(f"/reports/{report.pk}/verify/")
    assert all(len(of_class.crops) <= 8 for of_class in content.crops)
    assert report.signature.meaning == Signature.Meaning.RESPONSIBILITY
    assert report.file.status == "queued"
    event = AuditEvent.objects.get(action=AuditAction.REPORT_SIGNED)
    assert event.changes["sha256"] == [None, report.sha256]
    assert Sample.objects.get(pk=sample.pk).state == Sample.State.SIGNED


def test_reports_are_numbered_by_laboratory(technician, doctor):
    assert sign_case(doctor, make_ready(technician)).number == "R-000001"
    assert sign_case(doctor, make_ready(technician)).number == "R-000002"
    other = make_laboratory()
    there = [make_user(other, role) for role in (Role.TECHNICIAN, Role.DOCTOR)]
    assert sign_case(there[1], make_ready(there[0])).number == "R-000001"


def test_only_doctors_of_the_laboratory_sign(technician, doctor, admin, other_technician):
    sample = make_ready(technician)
    for person in (technician, admin):
        with pytest.raises(AccessDenied):
            sign_case(person, sample)
    stranger = make_user(other_technician.laboratory, Role.DOCTOR)
    with pytest.raises(SampleNotFound):
        sign_case(stranger, sample)


@pytest.mark.parametrize(
    "state", [each for each in Sample.State if each not in ("ready", "amending", "signed")]
)
def test_only_what_waits_for_the_doctor_is_signed(technician, doctor, state):
    sample = make_case(technician)
    Sample.objects.filter(pk=sample.pk).update(state=state)
    with pytest.raises(StateRefused):
        sign_case(doctor, sample)


# --- The proof ---------------------------------------------------------------------------------


def test_a_wrong_password_signs_nothing_and_counts_as_a_failed_sign_in(
    technician, doctor, settings
):
    settings.SIGN_IN_FAILURES_BEFORE_LOCK = 3
    sample = make_ready(technician)
    wrong = {"actor": doctor, "sample_id": sample.pk, "meaning": "review", "password": "wrong"}
    for _ in range(3):
        with pytest.raises(ProofRefused, match="The password is not right"):
            sign(**wrong)
    with pytest.raises(SignInLocked):
        sign(**{**wrong, "password": PASSWORD})
    assert not Report.objects.exists()
    assert AuditEvent.objects.filter(action=AuditAction.SIGN_IN_FAILED, actor=doctor).count() == 3


def test_the_right_password_forgives_earlier_failures(technician, doctor, settings):
    settings.SIGN_IN_FAILURES_BEFORE_LOCK = 3
    first, second = make_ready(technician), make_ready(technician)
    for sample in (first, second):
        for _ in range(2):
            with pytest.raises(ProofRefused):
                sign(actor=doctor, sample_id=sample.pk, meaning="review", password="wrong")
        sign_case(doctor, sample)


# --- The check list ----------------------------------------------------------------------------


def test_an_unfinished_image_is_waited_for(technician, doctor):
    sample = make_ready(technician)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.IN_REVIEW)
    image = make_image(technician, sample)
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    assert refused(doctor, sample) == ["unfinished"]
    fail_image(image)
    assert refused(doctor, sample) == ["failed_images"]


def test_a_cell_in_doubt_is_looked_at_first(technician, doctor):
    sample = make_ready(technician)
    cells_of(sample).filter(position=9).update(label="basophil", present_label="basophil")
    sample.labels.filter(code="basophil").delete()
    sample.labels.create(laboratory=sample.laboratory, code="basophil", accepted=1)
    assert refused(doctor, sample) == ["to_review"]


def test_too_many_unidentified_cells_are_refused(technician, doctor):
    assert refused(doctor, make_ready(technician, unidentified=7)) == ["unidentified"]


def test_six_of_a_hundred_and_twenty_may_stay_unidentified(technician, doctor):
    content = ReportContent.from_json(
        sign_case(doctor, make_ready(technician, unidentified=6)).content
    )
    assert content.differential.unidentified == 6
    assert content.crops[-1].name == "Unidentified"


def test_a_limited_count_needs_a_reason_that_stands_on_the_report(technician, doctor):
    sample = make_ready(technician, {"neutrophil": 40})
    assert refused(doctor, sample) == ["few_cells"]
    report = sign_case(doctor, sample, limited_count_reason="Leukopenia")
    content = ReportContent.from_json(report.content)
    assert content.differential.limited_count_reason == "Leukopenia"


def test_the_signer_may_not_be_the_only_reviewer(technician, doctor, second_doctor):
    sample = make_case(technician)
    confirm(doctor, cells_of(sample)[0])
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.READY)
    assert refused(doctor, sample) == ["second_person"]
    assert sign_case(second_doctor, sample)


def test_a_critical_value_waits_for_its_contact(technician, doctor):
    sample = make_ready(technician, wbc=Decimal("1.50"))
    assert refused(doctor, sample) == ["critical_value"]
    record_contact(
        actor=technician,
        sample_id=sample.pk,
        label="wbc",
        told_to="Dr Weiss, ward 3",
        told_at=timezone.now() - timedelta(minutes=2),
        read_back=True,
    )
    [value] = ReportContent.from_json(sign_case(doctor, sample).content).critical_values
    assert value.contact is not None
    assert (value.contact.told_by, value.contact.told_to) == ("tina", "Dr Weiss, ward 3")


def test_a_suspicion_of_blasts_waits_for_a_doctor(technician, doctor):
    sample = make_ready(technician)
    say(doctor, cells_of(sample)[4], "blast")
    assert refused(doctor, sample) == ["blasts"]
    acknowledge_alarm(actor=doctor, sample_id=sample.pk, note="Seen, one blast.")
    assert sign_case(doctor, sample)


# --- What is said ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"meaning": "because"}, "meaning"),
        ({"comment": "x" * 4001}, "comment"),
        ({"morphology": "a\x00b"}, "morphology"),
        ({"phrases": {"blue_cells": []}}, "morphology"),
        ({"phrases": {"platelets": [("Large", "4+")]}}, "morphology"),
        ({"phrases": {"platelets": [("  ", "")]}}, "morphology"),
        ({"phrases": {"platelets": [("Large", "1+")] * 31}}, "morphology"),
        ({"limited_count_reason": "x" * 121}, "limited_count_reason"),
    ],
)
def test_what_cannot_stand_on_a_report_is_refused(technician, doctor, said, field):
    sample = make_ready(technician)
    with pytest.raises(SignatureInvalid) as caught:
        sign_case(doctor, sample, **said)
    assert list(caught.value.fields) == [field]


# --- Two at once -------------------------------------------------------------------------------


def sign_by(doctors, sample, number):
    return sign_case(doctors[number], sample)


@pytest.mark.django_db(transaction=True)
def test_of_two_doctors_at_once_one_signs_and_the_other_is_told(technician, doctor, second_doctor):
    doctors = (doctor, second_doctor)
    for _ in range(20):
        sample = make_ready(technician)
        answers = at_once(2, partial(sign_by, doctors, sample))
        [report] = [answer for answer in answers if isinstance(answer, Report)]
        [told] = [answer for answer in answers if isinstance(answer, StateRefused)]
        assert told.message.startswith(f"{report.signature.by.display_name} signed the report at ")
        assert sample.reports.count() == 1
    assert sorted(Report.objects.values_list("serial", flat=True)) == list(range(1, 21))
    assert ReportFile.objects.count() == 20
