"""A second reader names a cell without knowing its name; what was signed stays as it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from mlmodels.services.labels import change_label
from predictions.errors import (
    ReviewRefused,
    SecondReadNotFound,
    SecondReadTaken,
)
from predictions.models import (
    Cell,
    CellReview,
    Report,
    SampleLabel,
    SecondRead,
    SecondReadAnswer,
)
from predictions.selectors.quality.second_reads import count_waiting, second_reads_today
from predictions.services.quality.second_reads import answer_second_read, next_second_read
from predictions.services.samples.states import send_to_doctor
from tests.at_once import at_once
from tests.factories.cases import cells_of, confirm, make_case, make_signed, sign_case
from tests.factories.people import make_user
from tests.factories.quality.second_reads import handed_to, make_drawn, read_next, read_rates
from tests.triggers import assert_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def report(technician, doctor, admin) -> Report:
    """Signed by the doctor; all of its accepted cells wait."""
    return make_drawn(technician, doctor, admin)


def test_an_answer_changes_nothing_that_was_signed(report, second_technician):
    before = (
        Report.objects.get(pk=report.pk).sha256,
        list(SampleLabel.objects.filter(sample=report.sample_id).order_by("pk").values()),
        list(cells_of(report.sample).order_by("pk").values_list("pk", "present_label")),
        CellReview.objects.count(),
    )
    read = read_next(second_technician, "basophil")
    assert before == (
        Report.objects.get(pk=report.pk).sha256,
        list(SampleLabel.objects.filter(sample=report.sample_id).order_by("pk").values()),
        list(cells_of(report.sample).order_by("pk").values_list("pk", "present_label")),
        CellReview.objects.count(),
    )
    assert (read.answer.label, read.answer.by, read.answer.by_role) == (
        "basophil",
        second_technician,
        Role.TECHNICIAN,
    )
    event = AuditEvent.objects.get(action=AuditAction.CELL_READ_AGAIN)
    assert (event.actor, event.object_id) == (second_technician, str(read.pk))
    # Whoever reads the trail learns what was said, and not whether it was right.
    assert event.changes == {"answer": [None, "basophil"]}


def test_nobody_reads_again_what_they_signed(report, doctor, second_doctor):
    assert next_second_read(actor=doctor) is None
    assert next_second_read(actor=second_doctor) is not None


def test_nobody_reads_again_what_they_named(technician, doctor, second_technician, admin):
    read_rates(admin, 0, 100)
    sample = make_case(technician, to_review={"erythroblast": 2})
    for cell in cells_of(sample).filter(disposition="review"):
        confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    assert SecondRead.objects.count() == 2
    assert count_waiting(technician) == 0
    assert next_second_read(actor=technician) is None
    assert count_waiting(second_technician) == 2


def test_who_answers_what_is_not_for_them_is_told_there_is_none(
    report, doctor, other_laboratory, second_technician
):
    read = handed_to(second_technician)
    stranger = make_user(other_laboratory, Role.TECHNICIAN)
    for person in (doctor, stranger):
        with pytest.raises(SecondReadNotFound):
            answer_second_read(actor=person, read_id=read.pk, label="neutrophil")


def test_an_admin_reads_nothing_again(report, admin):
    with pytest.raises(AccessDenied):
        next_second_read(actor=admin)


def test_whoever_comes_back_gets_the_same_cell(report, second_technician):
    first = handed_to(second_technician)
    assert handed_to(second_technician).pk == first.pk


def test_two_readers_never_get_the_same_cell(report, second_technician, second_doctor):
    first = handed_to(second_technician)
    second = handed_to(second_doctor)
    assert first.pk != second.pk
    with pytest.raises(SecondReadTaken):
        answer_second_read(actor=second_doctor, read_id=first.pk, label="neutrophil")
    assert not SecondReadAnswer.objects.exists()


def test_a_cell_that_was_left_goes_to_another_reader(report, second_technician, second_doctor):
    first = handed_to(second_technician)
    SecondRead.objects.filter(pk=first.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    assert handed_to(second_doctor).pk == first.pk
    with pytest.raises(SecondReadTaken):
        answer_second_read(actor=second_technician, read_id=first.pk, label="neutrophil")


def test_a_slow_reader_keeps_a_cell_that_nobody_took(report, second_technician):
    read = handed_to(second_technician)
    SecondRead.objects.filter(pk=read.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    answer_second_read(actor=second_technician, read_id=read.pk, label="neutrophil")
    assert SecondReadAnswer.objects.count() == 1


def test_a_cell_is_answered_once(report, second_technician):
    read = read_next(second_technician, "neutrophil")
    with pytest.raises(SecondReadTaken):
        answer_second_read(actor=second_technician, read_id=read.pk, label="monocyte")
    assert SecondReadAnswer.objects.get().label == "neutrophil"


def test_cannot_tell_is_an_answer_and_no_disagreement(report, second_technician):
    read = read_next(second_technician, "")
    assert read.answer.cannot_tell
    assert not read.answer.differs
    assert read.state == SecondRead.State.READ


def test_a_label_that_the_laboratory_does_not_use_is_refused(report, second_technician):
    read = handed_to(second_technician)
    with pytest.raises(ReviewRefused):
        answer_second_read(actor=second_technician, read_id=read.pk, label="dragon")


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        ("neutrophil", "neutrophil", False),
        ("neutrophil", "band", False),
        ("neutrophil", "segmented", False),
        ("neutrophil", "monocyte", True),
        ("lymphocyte", "reactive_lymphocyte", True),
    ],
)
def test_names_in_one_row_of_the_differential_are_one(
    technician, doctor, admin, second_technician, first, second, differs
):
    make_drawn(technician, doctor, admin, cells={first: 110})
    read = read_next(second_technician, second)
    assert read.answer.differs is differs
    assert read.state == (SecondRead.State.DIFFERS if differs else SecondRead.State.READ)


def test_bands_differ_where_the_laboratory_reports_them_apart(
    technician, doctor, admin, second_technician
):
    change_label(actor=admin, code="band", changes={"is_apart": True})
    make_drawn(technician, doctor, admin, cells={"neutrophil": 110})
    assert read_next(second_technician, "band").answer.differs


def test_today_counts_what_was_read_and_what_waits(report, second_technician):
    waiting = count_waiting(second_technician)
    assert waiting == 100  # more than 99
    read_next(second_technician, "neutrophil")
    SecondRead.objects.filter(
        pk__in=SecondRead.objects.filter(state="waiting").values("pk")[5:]
    ).update(state="read")
    assert second_reads_today(second_technician).in_words == "2 of 6 today"


def test_what_was_drawn_and_said_stays_as_it_is(report, second_technician):
    read = read_next(second_technician, "basophil")
    changes = [
        (SecondRead.objects.filter(pk=read.pk), {"first_label": "basophil"}),
        (SecondRead.objects.filter(pk=read.pk), {"state": "waiting"}),
        (SecondReadAnswer.objects.filter(pk=read.pk), {"label": "neutrophil"}),
    ]
    for rows, change in changes:
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            rows.update(**change)


def test_the_database_keeps_answers_by_triggers():
    assert_triggers(
        "predictions_secondreadanswer",
        # The other one is taken away for the tests' own clean-up.
        sqlite={"predictions_secondreadanswer_no_update"},
        postgresql={"predictions_secondreadanswer_append_only"},
    )


@pytest.mark.django_db(transaction=True)
def test_of_readers_at_the_same_moment_each_gets_a_cell_of_their_own(
    technician, doctor, admin, laboratory
):
    make_drawn(technician, doctor, admin)
    readers = [make_user(laboratory, Role.TECHNICIAN) for _ in range(4)]
    taken = at_once(4, lambda n: next_second_read(actor=readers[n]))
    assert all(isinstance(each, SecondRead) for each in taken), taken
    assert len({each.pk for each in taken}) == 4


def test_a_retracted_or_running_case_is_not_drawn_from(technician, doctor, admin):
    read_rates(admin, 100, 100)
    make_case(technician)
    assert not SecondRead.objects.exists()
    make_signed(technician, doctor)
    assert Cell.objects.filter(second_read__isnull=False).exists()
