"""A cell is read a second time as long as the report says of it what was drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from predictions.errors import SecondReadNotFound
from predictions.models import Cell, Report, SecondRead, SecondReadAnswer
from predictions.policy import visible_disagreements
from predictions.selectors.quality.second_reads import (
    WAITS_DAYS,
    count_waiting,
    open_disagreements,
)
from predictions.services.quality.second_reads import (
    answer_second_read,
    look_and_keep,
    next_second_read,
)
from predictions.services.reports.amending import begin_amendment, retract
from tests.factories.cases import sign_case
from tests.factories.people import PASSWORD, make_user
from tests.factories.profiles import say
from tests.factories.quality.second_reads import handed_to, make_drawn, read_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def report(technician, doctor, admin) -> Report:
    """Signed as lymphocytes alone; all cells that nobody named wait."""
    return make_drawn(technician, doctor, admin, cells={"lymphocyte": 110})


def rename(doctor, report: Report, cell: Cell, label: str) -> None:
    """Amend the report with another name for a cell, and sign it again."""
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="Looked again.")
    say(doctor, Cell.objects.get(pk=cell.pk), label)
    report.sample.refresh_from_db()
    sign_case(doctor, report.sample)


def test_a_cell_that_was_renamed_by_an_amendment_waits_for_nobody(
    report, doctor, second_technician
):
    read = handed_to(second_technician)
    rename(doctor, report, read.cell, "monocyte")
    with pytest.raises(SecondReadNotFound):
        answer_second_read(actor=second_technician, read_id=read.pk, label="monocyte")
    assert handed_to(second_technician).pk != read.pk
    assert not SecondReadAnswer.objects.exists()


def test_a_disagreement_ends_where_the_amendment_took_the_second_name(
    page_as, report, doctor, second_technician
):
    read = read_next(second_technician, "monocyte")
    assert open_disagreements(doctor)[1] == 1
    rename(doctor, report, read.cell, "monocyte")
    assert open_disagreements(doctor) == ([], 0)
    assert "read as" not in page_as(doctor).get("/dashboard/quality/").content.decode()
    with pytest.raises(SecondReadNotFound):
        look_and_keep(actor=doctor, read_id=read.pk, reason="It stays.")
    assert SecondRead.objects.get(pk=read.pk).state == SecondRead.State.DIFFERS, "it is history"


def test_an_amendment_of_another_cell_leaves_a_disagreement_open(report, doctor, second_technician):
    read = read_next(second_technician, "monocyte")
    other = Cell.objects.filter(image__sample=report.sample).exclude(pk=read.cell_id)[0]
    rename(doctor, report, other, "monocyte")
    assert visible_disagreements(doctor).get() == read


def test_of_a_retracted_report_nothing_waits(report, doctor, second_technician):
    read = handed_to(second_technician)
    retract(actor=doctor, sample_id=report.sample_id, password=PASSWORD, reason="Other patient.")
    assert count_waiting(second_technician) == 0
    assert next_second_read(actor=second_technician) is None
    with pytest.raises(SecondReadNotFound):
        answer_second_read(actor=second_technician, read_id=read.pk, label="blast")


def test_a_cell_that_nobody_read_for_months_waits_no_more(
    report, doctor, second_technician, monkeypatch
):
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=WAITS_DAYS - 1))
    assert count_waiting(second_technician) > 0
    # Turns lie up to three days behind the signature.
    monkeypatch.setattr(timezone, "now", lambda: now + timedelta(days=WAITS_DAYS + 4))
    assert count_waiting(second_technician) == 0
    assert next_second_read(actor=second_technician) is None
