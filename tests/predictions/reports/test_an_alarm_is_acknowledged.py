"""A sample with an alarm is signed once a doctor has looked at the cells that make it."""

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from predictions.errors import NotReady, SampleNotFound, StateRefused
from predictions.models import AlarmAcknowledgement, Sample
from predictions.selectors.reports.case import case_of, missing_for
from predictions.selectors.samples.alarm import alarm_of
from predictions.services.reports.contacts import acknowledge_alarm
from predictions.services.samples.states import send_to_doctor
from tests.factories.alarms import film, make_alarmed, suspicious_cells
from tests.factories.cases import confirm, sign_case
from tests.factories.images import make_image
from tests.factories.people import make_user
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.usefixtures("model")


@pytest.fixture
def alarmed(technician):
    """A sample in review of whose 128 cells eight raise an alarm."""
    return make_alarmed(technician, suspicious=8)


def now(sample):
    return Sample.objects.get(pk=sample.pk)


def alarm(sample):
    found = alarm_of(now(sample))
    assert found is not None
    return found


def codes(viewer, sample):
    return [each.code for each in missing_for(viewer, case_of(viewer, sample.pk))]


def sent(technician, sample):
    """The sample, which waits for the doctor."""
    confirm(technician, suspicious_cells(sample)[0])
    return send_to_doctor(actor=technician, sample_id=sample.pk)


def test_it_cannot_be_signed_before(technician, doctor, alarmed):
    sent(technician, alarmed)
    assert codes(doctor, alarmed) == ["alarm"]
    with pytest.raises(NotReady):
        sign_case(doctor, alarmed)
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    assert codes(doctor, alarmed) == []
    assert sign_case(doctor, alarmed).version == 1


def test_it_goes_to_the_doctor_with_its_alarm(technician, alarmed):
    assert codes(technician, alarmed) == []
    assert sent(technician, alarmed).state == Sample.State.READY


def test_the_act_is_on_record_with_its_cells(doctor, alarmed):
    cells = alarm(alarmed).cells
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk, note="Reactive")
    row = AlarmAcknowledgement.objects.get()
    assert (row.by, row.note, row.cells) == (doctor, "Reactive", [str(cell) for cell in cells])
    event = AuditEvent.objects.get(action=AuditAction.ALARM_ACKNOWLEDGED)
    assert event.changes["alarm_cells"] == [None, 8]
    after = alarm(alarmed)
    assert (after.unseen, after.acknowledged_by) == (0, doctor.display_name)


def test_more_cells_ask_again(technician, doctor, alarmed):
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    record_result(make_image(technician, alarmed), *film(2))
    assert (now(alarmed).alarm_cells, now(alarmed).alarm_unseen) == (10, 2)
    assert alarm(alarmed).acknowledged_by == doctor.display_name


def test_fewer_of_the_same_cells_do_not_ask_again(doctor, alarmed):
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    say(doctor, suspicious_cells(alarmed)[0], "lymphocyte")
    assert now(alarmed).alarm_unseen == 0


def test_whoever_saw_other_cells_is_told(technician, doctor, alarmed):
    seen = alarm(alarmed).digest
    record_result(make_image(technician, alarmed), *film(2))
    with pytest.raises(StateRefused, match="Other cells make the alarm"):
        acknowledge_alarm(actor=doctor, sample_id=alarmed.pk, seen=seen)
    assert now(alarmed).alarm_unseen == 10


def test_of_two_doctors_the_second_is_told(doctor, second_doctor, alarmed):
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    with pytest.raises(StateRefused, match="Nothing of this sample waits"):
        acknowledge_alarm(actor=second_doctor, sample_id=alarmed.pk)
    assert AlarmAcknowledgement.objects.count() == 1


def test_only_a_doctor_of_the_laboratory_acknowledges(technician, admin, other_laboratory, alarmed):
    for actor in (technician, admin):
        with pytest.raises(AccessDenied):
            acknowledge_alarm(actor=actor, sample_id=alarmed.pk)
    stranger = make_user(other_laboratory, Role.DOCTOR, "olga")
    with pytest.raises(SampleNotFound):
        acknowledge_alarm(actor=stranger, sample_id=alarmed.pk)


def test_the_report_says_who_looked(technician, doctor, alarmed):
    sent(technician, alarmed)
    acknowledge_alarm(actor=doctor, sample_id=alarmed.pk)
    said = sign_case(doctor, alarmed).content
    assert "8 cells might be blasts" in said
    assert f"{doctor.display_name} looked at them" in said


def test_the_report_of_a_film_without_an_alarm_says_nothing_of_one(technician, doctor):
    sample = make_alarmed(technician, suspicious=0)
    confirm(technician, sample.images.get().cells.all()[0])
    send_to_doctor(actor=technician, sample_id=sample.pk)
    assert "alarm" not in sign_case(doctor, sample).content
