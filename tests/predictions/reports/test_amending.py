"""A signed report stays: it is amended by a newer version, or all of it is retracted."""

import pytest

from accounts.errors import AccessDenied, ProofRefused
from accounts.models import Role
from predictions.errors import (
    NothingChanged,
    ReasonMissing,
    SampleNotFound,
    SomethingChanged,
    StateRefused,
)
from predictions.models import Sample, SampleEvent
from predictions.reports.content import ReportContent
from predictions.services.reports.amending import begin_amendment, retract, withdraw_amendment
from tests.factories.cases import cells_of, confirm, make_ready, make_signed, sign_case
from tests.factories.images import make_image, make_sample
from tests.factories.people import PASSWORD, make_user
from tests.factories.profiles import say
from tests.factories.results import fail_image

pytestmark = pytest.mark.django_db

Kind, State = SampleEvent.Kind, Sample.State
STEPS = {
    Kind.AMENDMENT_BEGUN: lambda actor, pk: begin_amendment(
        actor=actor, sample_id=pk, reason="A cell was wrong"
    ),
    Kind.AMENDMENT_WITHDRAWN: lambda actor, pk: withdraw_amendment(actor=actor, sample_id=pk),
    Kind.RETRACTED: lambda actor, pk: retract(
        actor=actor, sample_id=pk, password=PASSWORD, reason="Wrong patient"
    ),
}
STARTS = {
    Kind.AMENDMENT_BEGUN: State.SIGNED,
    Kind.AMENDMENT_WITHDRAWN: State.AMENDING,
    Kind.RETRACTED: State.SIGNED,
}


@pytest.fixture
def report(technician, doctor):
    return make_signed(technician, doctor)


@pytest.fixture
def sample(report, doctor):
    """A signed sample that is being amended."""
    return begin_amendment(actor=doctor, sample_id=report.sample_id, reason="A cell was wrong")


def bring_to(state, technician, doctor):
    """A sample in a state, and signed before where it may be."""
    if state in (State.SIGNED, State.AMENDING, State.RETRACTED):
        report = make_signed(technician, doctor)
        step = {State.AMENDING: Kind.AMENDMENT_BEGUN, State.RETRACTED: Kind.RETRACTED}.get(state)
        if step:
            STEPS[step](doctor, report.sample_id)
        return report.sample
    sample = make_ready(technician)
    Sample.objects.filter(pk=sample.pk).update(state=state)
    return sample


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", STEPS)
def test_each_step_is_allowed_from_its_state_alone(technician, doctor, kind, state):
    sample = bring_to(state, technician, doctor)
    if state == STARTS[kind]:
        STEPS[kind](doctor, sample.pk)
        assert sample.events.last().kind == kind
    else:
        with pytest.raises(StateRefused):
            STEPS[kind](doctor, sample.pk)
        assert Sample.objects.get(pk=sample.pk).state == state


@pytest.mark.parametrize("kind", STEPS)
def test_only_doctors_of_the_laboratory_take_it(technician, doctor, admin, other_laboratory, kind):
    sample = bring_to(STARTS[kind], technician, doctor)
    for person in (technician, admin):
        with pytest.raises(AccessDenied):
            STEPS[kind](person, sample.pk)
    with pytest.raises(SampleNotFound):
        STEPS[kind](make_user(other_laboratory, Role.DOCTOR), sample.pk)


def test_where_a_result_differs_the_next_version_is_corrected(report, sample, technician, doctor):
    say(doctor, cells_of(sample).order_by("position")[3], "monocyte")
    newer = sign_case(doctor, sample)
    assert (newer.number, newer.version, newer.status) == (report.number, 2, "corrected")
    assert newer.replaces == report
    assert newer.amendment_reason == "A cell was wrong"
    content = ReportContent.from_json(newer.content)
    assert content.replaces is not None
    assert content.replaces.version == 1
    assert content.replaces.reason == "A cell was wrong"
    assert {each.what for each in content.replaces.differences} == {"Neutrophil", "Monocyte"}
    assert sample.reports.count() == 2


def test_where_only_text_was_added_it_is_amended(sample, doctor):
    newer = sign_case(doctor, sample, comment="Compare with last week.")
    assert (newer.version, newer.status) == (2, "amended")


def test_where_nothing_differs_no_version_is_signed(report, sample, doctor):
    with pytest.raises(NothingChanged, match="Withdraw the amendment instead"):
        sign_case(doctor, sample)
    assert sample.reports.get() == report


def test_two_cells_that_change_places_are_a_change(sample, technician, doctor):
    cells = cells_of(sample).order_by("position")
    say(doctor, cells.filter(present_label="neutrophil")[2], "monocyte")
    say(doctor, cells.filter(present_label="monocyte", last_review_number=0)[0], "neutrophil")
    with pytest.raises(SomethingChanged):
        withdraw_amendment(actor=doctor, sample_id=sample.pk)
    assert sign_case(doctor, sample).status == "amended"


def test_an_amendment_that_changed_nothing_is_withdrawn(report, sample, doctor):
    confirm(doctor, cells_of(sample).order_by("position")[5])
    assert withdraw_amendment(actor=doctor, sample_id=sample.pk).state == State.SIGNED
    assert sample.reports.get() == report


def test_an_amendment_that_changed_something_is_not_withdrawn(sample, technician, doctor):
    make_image(technician, sample)
    with pytest.raises(SomethingChanged):
        withdraw_amendment(actor=doctor, sample_id=sample.pk)


def test_an_amendment_is_not_withdrawn_while_an_image_of_it_has_failed(sample, technician, doctor):
    fail_image(make_image(technician, sample))
    with pytest.raises(SomethingChanged):
        withdraw_amendment(actor=doctor, sample_id=sample.pk)


@pytest.mark.parametrize("step", [begin_amendment, retract])
def test_a_reason_has_to_be_given(report, doctor, step):
    proof = {"password": PASSWORD} if step is retract else {}
    with pytest.raises(ReasonMissing):
        step(actor=doctor, sample_id=report.sample_id, reason=" ", **proof)


def test_a_retraction_needs_the_password(report, doctor):
    with pytest.raises(ProofRefused):
        retract(actor=doctor, sample_id=report.sample_id, password="wrong", reason="Other patient")
    assert Sample.objects.get(pk=report.sample_id).state == State.SIGNED


def test_a_retracted_sample_frees_its_number(report, technician, doctor):
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient")
    again = make_sample(technician, accession_number=report.sample.accession_number)
    assert again.pk != report.sample_id
