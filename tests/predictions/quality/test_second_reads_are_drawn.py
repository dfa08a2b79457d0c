"""At a signature chance draws cells that are read a second time, and what it drew is on record."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from predictions.errors import RulesInvalid
from predictions.models import Cell, SecondRead, SecondReadDraw
from predictions.services.laboratory.rules import change_rules
from predictions.services.quality.drawing import share_by_chance
from predictions.services.reports.amending import begin_amendment
from predictions.services.samples.states import send_to_doctor
from tests.factories.cases import cells_of, confirm, make_case, make_ready, make_signed, sign_case
from tests.factories.profiles import say
from tests.factories.quality.second_reads import read_rates

pytestmark = pytest.mark.django_db


def test_a_share_of_the_accepted_cells_is_drawn_and_recorded(technician, doctor, admin):
    read_rates(admin, 25)
    report = make_signed(technician, doctor)
    draw = SecondReadDraw.objects.get(report=report)
    # 120 cells, of which the technician confirmed one: 119 that nobody named, a quarter is 29.75.
    assert (draw.accepted_cells, draw.accepted_percent) == (119, 25)
    assert draw.accepted_drawn in (29, 30)
    reads = SecondRead.objects.filter(draw=draw).select_related("cell")
    assert len(reads) == draw.accepted_drawn
    for read in reads:
        assert read.kind == SecondRead.Kind.ACCEPTED
        assert read.cell.last_review_number == 0
        assert read.cell.disposition == Cell.Disposition.ACCEPTED
        assert (read.first_label, read.first_by) == (read.cell.present_label, None)
        assert read.sample_id == report.sample_id


def test_cells_of_rare_classes_are_drawn_at_a_rate_of_their_own(technician, doctor, admin):
    read_rates(admin, 0, 100)
    sample = make_case(technician, to_review={"erythroblast": 3, "monocyte": 2})
    for cell in cells_of(sample).filter(disposition="review"):
        confirm(technician, cell)
    lymphocyte = cells_of(sample).filter(present_label="lymphocyte").order_by("position").first()
    say(technician, lymphocyte, "basophil")
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    reads = SecondRead.objects.filter(sample=sample)
    assert Counter(read.first_label for read in reads) == {
        "erythroblast": 3,
        "basophil": 1,
    }
    assert {(read.kind, read.first_by) for read in reads} == {("rare", technician)}


def test_a_class_that_the_laboratory_adds_is_rare_there(technician, doctor, admin):
    read_rates(admin, 0, 100)
    change_rules(actor=admin, changes={"always_reviewed": ["eosinophil"]})
    sample = make_case(technician, {"neutrophil": 110}, to_review={"eosinophil": 4})
    for cell in cells_of(sample).filter(label="eosinophil"):
        confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    assert SecondRead.objects.filter(sample=sample, first_label="eosinophil").count() == 4


def test_the_rates_are_three_and_ten_percent_unless_changed(technician, doctor):
    report = make_signed(technician, doctor)
    draw = SecondReadDraw.objects.get(report=report)
    assert (draw.accepted_percent, draw.rare_percent) == (3, 10)
    # 3 % of 119 is 3.57.
    assert draw.accepted_drawn in (3, 4)


def test_rates_of_nothing_draw_nothing_and_say_so(technician, doctor, admin):
    read_rates(admin, 0, 0)
    report = make_signed(technician, doctor)
    draw = SecondReadDraw.objects.get(report=report)
    assert (draw.accepted_drawn, draw.rare_drawn) == (0, 0)
    assert not SecondRead.objects.exists()


@pytest.mark.parametrize("field", ["second_read_percent", "second_read_rare_percent"])
@pytest.mark.parametrize("value", [-1, 101])
def test_a_rate_that_cannot_be_is_refused(admin, field, value):
    with pytest.raises(RulesInvalid):
        change_rules(actor=admin, changes={field: value})


def test_an_amended_report_draws_nothing_more(technician, doctor, admin):
    read_rates(admin, 50)
    report = make_signed(technician, doctor)
    drawn = set(SecondRead.objects.values_list("cell", flat=True))
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="One cell was wrong.")
    cell = cells_of(report.sample).filter(present_label="lymphocyte").first()
    say(doctor, cell, "monocyte")
    again = sign_case(doctor, report.sample)
    assert again.version == 2
    assert set(SecondRead.objects.values_list("cell", flat=True)) == drawn
    assert SecondReadDraw.objects.count() == 1


def test_small_cases_give_their_share_on_average():
    cells = list(range(10))
    drawn = [len(share_by_chance(cells, 3)) for _ in range(4000)]  # type: ignore[arg-type]
    assert set(drawn) == {0, 1}
    # 0.3 of each; five standard errors are 0.036.
    assert sum(drawn) / 4000 == pytest.approx(0.3, abs=0.037)


def test_every_cell_is_drawn_alike():
    cells = list(range(20))
    drawn: Counter[int] = Counter()
    for _ in range(2000):
        drawn.update(share_by_chance(cells, 25))  # type: ignore[arg-type]
    # 500 each; five standard deviations are 97.
    assert len(drawn) == 20
    assert max(drawn.values()) < 600
    assert min(drawn.values()) > 400


def test_a_draw_asks_no_more_however_many_cells_it_draws(technician, doctor, admin):
    asked = []
    for percent in (3, 20):
        read_rates(admin, percent)
        sample = make_ready(technician, {"neutrophil": 300})
        with CaptureQueriesContext(connection) as captured:
            sign_case(doctor, sample)
        asked.append(len(captured))
    assert asked[0] == asked[1]


def test_what_was_drawn_mixes_with_other_cases(technician, doctor, admin):
    read_rates(admin, 100)
    first, second = (make_signed(technician, doctor).sample_id for _ in range(2))
    order = list(SecondRead.objects.order_by("turn").values_list("sample", flat=True))
    changes = sum(a != b for a, b in pairwise(order))
    assert {first, second} == set(order)
    assert changes > 50
