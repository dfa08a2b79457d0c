"""Where a second reader names a signed cell otherwise, a doctor is told and says what follows."""

from __future__ import annotations

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from predictions.errors import LookRefused, ReasonMissing, SecondReadNotFound
from predictions.models import Report, Sample, SecondRead, SecondReadLook
from predictions.services.quality.second_reads import look_and_amend, look_and_keep
from predictions.services.reports.amending import begin_amendment, retract
from tests.factories.people import PASSWORD, make_user
from tests.factories.quality.second_reads import make_drawn, read_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def report(technician, doctor, admin) -> Report:
    return make_drawn(technician, doctor, admin, cells={"monocyte": 120})


@pytest.fixture
def differing(report, second_technician) -> SecondRead:
    """A cell that was signed as a monocyte and read as a blast."""
    return read_next(second_technician, "blast")


def test_the_doctor_sees_it_on_the_dashboard_and_on_the_sample(page_as, doctor, report, differing):
    browser = page_as(doctor)
    desk = browser.get("/dashboard/quality/").content.decode()
    assert "signed as Monocyte, read as Blast" in desk
    assert report.sample.accession_number in desk
    page = browser.get(f"/samples/{report.sample_id}/").content.decode()
    assert f'hx-get="/samples/{report.sample_id}/again/"' in page
    note = browser.get(f"/samples/{report.sample_id}/again/").content.decode()
    assert "A second reader named a cell otherwise:" in note
    assert "Monocyte" in note
    assert "Blast" in note
    assert "the model" in note
    assert "tom" in note


def test_an_agreement_is_told_to_nobody(page_as, doctor, report, second_technician):
    read_next(second_technician, "monocyte")
    assert "read as" not in page_as(doctor).get("/dashboard/quality/").content.decode()


def test_only_who_may_amend_is_told(page_as, technician, admin, report, differing):
    for person in (technician, admin):
        browser = page_as(person)
        assert "read as" not in browser.get("/dashboard/quality/").content.decode()
        assert "hx-get" not in re_of_again(browser, report)
        assert browser.get(f"/samples/{report.sample_id}/again/").status_code == 403


def re_of_again(browser, report: Report) -> str:
    page = browser.get(f"/samples/{report.sample_id}/").content.decode()
    return page.partition('id="again"')[2][:80]


def test_a_doctor_notes_that_the_cell_stays(page_as, doctor, report, differing):
    browser = page_as(doctor)
    address = f"/samples/{report.sample_id}/again/{differing.pk}/keep/"
    answer = browser.post(address, {"reason": "Folded nucleus, grey cytoplasm."})
    assert answer["Location"] == f"/samples/{report.sample_id}/"
    look = SecondReadLook.objects.get()
    assert (look.by, look.outcome, look.reason) == (
        doctor,
        "stays",
        "Folded nucleus, grey cytoplasm.",
    )
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.SIGNED
    event = AuditEvent.objects.filter(action=AuditAction.CELL_READ_AGAIN).latest("position")
    assert (event.actor, event.changes) == (doctor, {"looked": [None, "stays"]})
    assert event.reason == "Folded nucleus, grey cytoplasm."
    assert "read as" not in browser.get("/dashboard/quality/").content.decode()


def test_a_doctor_begins_an_amendment_from_it(page_as, second_doctor, report, differing):
    browser = page_as(second_doctor)
    address = f"/samples/{report.sample_id}/again/{differing.pk}/amend/"
    answer = browser.post(address, {"reason": "It is a blast."})
    assert answer["Location"] == f"/samples/{report.sample_id}/gallery/#cell-{differing.cell_id}"
    sample = Sample.objects.get(pk=report.sample_id)
    assert sample.state == Sample.State.AMENDING
    assert sample.events.latest("number").reason == "It is a blast."
    assert SecondReadLook.objects.get().outcome == "amended"
    assert Report.objects.filter(sample=sample).count() == 1


def test_an_amendment_that_is_begun_goes_on(doctor, report, differing):
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="The WBC came late.")
    look_and_amend(actor=doctor, read_id=differing.pk, reason="It is a blast.")
    assert SecondReadLook.objects.get().outcome == "amended"


def test_a_look_needs_a_reason_and_happens_once(page_as, doctor, second_doctor, report, differing):
    with pytest.raises(ReasonMissing):
        look_and_keep(actor=doctor, read_id=differing.pk, reason=" ")
    look_and_keep(actor=doctor, read_id=differing.pk, reason="It stays.")
    with pytest.raises(SecondReadNotFound):
        look_and_amend(actor=second_doctor, read_id=differing.pk, reason="It is a blast.")
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.SIGNED


def test_without_a_reason_the_page_says_what_is_missing(page_as, doctor, report, differing):
    browser = page_as(doctor)
    address = f"/samples/{report.sample_id}/again/{differing.pk}/keep/"
    page = browser.post(address, {"reason": ""}, follow=True).content.decode()
    assert "Give a reason" in page


def test_the_second_reader_leaves_it_to_another_doctor(page_as, doctor, second_doctor, report):
    read = read_next(second_doctor, "blast")
    for act in (look_and_keep, look_and_amend):
        with pytest.raises(LookRefused, match="another doctor looks at it"):
            act(actor=second_doctor, read_id=read.pk, reason="I am right.")
    assert Sample.objects.get(pk=report.sample_id).state == Sample.State.SIGNED
    address = f"/samples/{report.sample_id}/again/"
    own = page_as(second_doctor).get(address).content.decode()
    assert "That was you, so another doctor looks at it" in own
    assert "Looked, it stays" not in own
    assert "Looked, it stays" in page_as(doctor).get(address).content.decode()
    # Who signed may.
    assert look_and_keep(actor=doctor, read_id=read.pk, reason="It stays.").by == doctor


def test_a_technician_looks_at_none(technician, differing):
    with pytest.raises(AccessDenied):
        look_and_keep(actor=technician, read_id=differing.pk, reason="It stays.")


def test_another_laboratory_s_doctor_finds_none(other_laboratory, differing):
    stranger = make_user(other_laboratory, Role.DOCTOR)
    with pytest.raises(SecondReadNotFound):
        look_and_keep(actor=stranger, read_id=differing.pk, reason="It stays.")


def test_of_a_retracted_report_nothing_is_told(page_as, doctor, report, differing):
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient.")
    assert "read as" not in page_as(doctor).get("/dashboard/quality/").content.decode()
