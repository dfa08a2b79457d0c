"""The table of transitions: who may take which step from which state, and what each leaves."""

import pytest

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent
from predictions import policy
from predictions.errors import NotReady, ReasonMissing, SampleNotFound, StateRefused
from predictions.models import Sample, SampleEvent
from predictions.services.reports.amending import retract
from predictions.services.samples.states import cancel, send_back, send_to_doctor
from tests.at_once import at_once
from tests.factories.cases import make_case, make_ready, sign_case
from tests.factories.images import make_image, make_sample
from tests.factories.people import PASSWORD
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

State, Kind = Sample.State, SampleEvent.Kind
STEPS = {
    Kind.SENT: (lambda actor, pk: send_to_doctor(actor=actor, sample_id=pk), {State.IN_REVIEW}),
    Kind.SENT_BACK: (
        lambda actor, pk: send_back(actor=actor, sample_id=pk, reason="Look at cell 4"),
        {State.READY},
    ),
    Kind.CANCELLED: (
        lambda actor, pk: cancel(actor=actor, sample_id=pk, reason="Clotted"),
        {State.OPEN, State.IN_REVIEW, State.READY},
    ),
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", STEPS)
def test_each_step_is_allowed_from_its_states_alone(technician, kind, state):
    sample = make_case(technician)
    Sample.objects.filter(pk=sample.pk).update(state=state)
    step, starts = STEPS[kind]
    if state in starts:
        assert step(technician, sample.pk).state == policy.TRANSITIONS[kind].to
    else:
        with pytest.raises(StateRefused):
            step(technician, sample.pk)
        assert Sample.objects.get(pk=sample.pk).state == state


@pytest.mark.parametrize("kind", STEPS)
def test_technicians_and_doctors_take_them_and_admins_do_not(technician, doctor, admin, kind):
    step, (state, *_) = STEPS[kind]
    for person in (technician, doctor):
        sample = make_case(technician)
        Sample.objects.filter(pk=sample.pk).update(state=state)
        assert policy.can_take(person, Sample.objects.get(pk=sample.pk), kind)
        step(person, sample.pk)
    with pytest.raises(AccessDenied):
        step(admin, sample.pk)


@pytest.mark.parametrize("kind", STEPS)
def test_another_laboratory_finds_no_sample(technician, other_technician, kind):
    sample = make_case(technician)
    with pytest.raises(SampleNotFound):
        STEPS[kind][0](other_technician, sample.pk)


def test_a_step_stands_in_the_history_and_in_the_trail(technician, doctor):
    sample = make_ready(technician)
    send_back(actor=doctor, sample_id=sample.pk, reason="  Look at cell 4  ")
    event = sample.events.latest("number")
    assert (event.kind, event.from_state, event.to_state, event.by, event.reason) == (
        Kind.SENT_BACK, State.READY, State.IN_REVIEW, doctor, "Look at cell 4",
    )  # fmt: skip
    audited = AuditEvent.objects.get(action=AuditAction.SAMPLE_SENT_BACK)
    assert audited.changes == {"state": ["ready", "in_review"]}


def test_what_is_missing_is_told_with_codes(technician):
    sample = make_case(technician, to_review={"monocyte": 1})
    make_image(technician, sample)
    with pytest.raises(NotReady) as refused:
        send_to_doctor(actor=technician, sample_id=sample.pk)
    missing = refused.value.details["missing"]
    assert [each["code"] for each in missing] == ["unfinished", "to_review"]
    assert all(each["message"] in refused.value.message for each in missing)


def test_a_sample_without_a_white_cell_can_only_be_cancelled(technician):
    sample = make_sample(technician)
    record_result(make_image(technician, sample), {"label": "platelet"})
    with pytest.raises(NotReady, match="No white cell"):
        send_to_doctor(actor=technician, sample_id=sample.pk)
    assert cancel(actor=technician, sample_id=sample.pk, reason="No cells").state == "cancelled"


@pytest.mark.parametrize("step", [send_back, cancel])
@pytest.mark.parametrize("reason", ["", "  \n", "x" * 1001, "a\x00b"])
def test_a_reason_has_to_be_given(technician, step, reason):
    sample = make_ready(technician)
    with pytest.raises(ReasonMissing):
        step(actor=technician, sample_id=sample.pk, reason=reason)


def test_who_comes_second_is_told_who_was_first_and_when(technician, doctor):
    sample = make_ready(technician)
    send_back(actor=doctor, sample_id=sample.pk, reason="Look at cell 4")
    with pytest.raises(StateRefused, match=r"dora sent it back at \d\d:\d\d, so .* in review now"):
        send_back(actor=technician, sample_id=sample.pk, reason="Mine")


def test_a_cancelled_sample_frees_its_number(technician):
    sample = make_sample(technician, accession_number="A-1")
    cancel(actor=technician, sample_id=sample.pk, reason="Wrong tube")
    assert make_sample(technician, accession_number="A-1").pk != sample.pk


@pytest.mark.parametrize("way", ["cancelled", "retracted"])
def test_the_oldest_that_collided_has_the_number_of_a_sample_that_is_gone(technician, doctor, way):
    holder = make_ready(technician)
    older, younger = make_sample(technician), make_sample(technician)
    Sample.objects.filter(pk__in=[older.pk, younger.pk]).update(
        accession_key=holder.accession_key, number_collides=True
    )
    if way == "cancelled":
        cancel(actor=technician, sample_id=holder.pk, reason="Wrong tube")
    else:
        sign_case(doctor, holder)
        retract(actor=doctor, sample_id=holder.pk, password=PASSWORD, reason="Wrong tube")
    marked = Sample.objects.filter(number_collides=True)
    assert list(marked.values_list("pk", flat=True)) == [younger.pk]


@pytest.mark.django_db(transaction=True)
def test_of_two_people_at_once_one_sends(technician, doctor):
    sample = make_case(technician)
    people = (technician, doctor)
    answers = at_once(2, lambda n: send_to_doctor(actor=people[n], sample_id=sample.pk))
    assert sorted(type(answer).__name__ for answer in answers) == ["Sample", "StateRefused"]
    assert sample.events.filter(kind=Kind.SENT).count() == 1
