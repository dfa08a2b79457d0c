"""An admin puts a control slide together of signed cells; once started nothing of it changes."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import DatabaseError, transaction

from accounts.errors import AccessDenied
from accounts.models import AuditAction, AuditEvent, Role
from predictions.errors import ControlSlideNotFound, ControlSlideRefused
from predictions.models import Cell, ControlCell, ControlSlide, Report
from predictions.services.quality import control_slides
from predictions.services.quality.control_slides import (
    agreed_cells,
    choose_control_cells,
    draw_control_cells,
    new_control_slide,
    start_control_slide,
)
from predictions.services.reports.amending import begin_amendment
from predictions.services.samples.states import send_to_doctor
from tests.factories.cases import cells_of, confirm, make_case, make_signed, sign_case
from tests.factories.people import make_user
from tests.factories.profiles import say
from tests.factories.quality.second_reads import make_control_slide, make_drawn, read_next

pytestmark = pytest.mark.django_db


@pytest.fixture
def second_technician(laboratory):
    return make_user(laboratory, Role.TECHNICIAN, "tom")


@pytest.fixture
def slide(admin) -> ControlSlide:
    """One that holds nothing yet."""
    return new_control_slide(actor=admin, name="Slide 1")


@pytest.fixture
def agreed(technician, doctor, second_technician) -> Report:
    """Signed, with 30 neutrophils and 6 monocytes that two people named so, and others."""
    sample = make_case(technician)
    wanted = {"neutrophil": 30, "monocyte": 6}
    for label, count in wanted.items():
        for cell in cells_of(sample).filter(label=label).order_by("position")[:count]:
            confirm(technician, cell)
            confirm(second_technician, cell)
    # One person alone, and two who differ.
    confirm(technician, cells_of(sample).filter(label="eosinophil")[0])
    differs = cells_of(sample).filter(label="eosinophil")[1]
    say(technician, differs, "neutrophil")
    say(second_technician, differs, "eosinophil")
    send_to_doctor(actor=technician, sample_id=sample.pk)
    return sign_case(doctor, sample)


def keys_of(report: Report) -> list:
    return list(cells_of(report.sample).values_list("pk", flat=True))


def test_cells_are_drawn_by_class_from_those_that_two_people_agree_on(slide, admin, agreed):
    missing = draw_control_cells(
        actor=admin, slide_id=slide.pk, quotas={"neutrophil": 20, "monocyte": 6}
    )
    assert missing == {}
    drawn = ControlCell.objects.filter(slide=slide).select_related("cell")
    assert Counter(each.label for each in drawn) == {"neutrophil": 20, "monocyte": 6}
    assert all(each.cell.last_review_number >= 2 for each in drawn)
    event = AuditEvent.objects.filter(action=AuditAction.CONTROL_SLIDE_CHANGED).latest("position")
    assert event.changes == {"drawn": [None, 26]}


def test_a_draw_says_what_is_missing_and_takes_the_place_of_the_one_before(slide, admin, agreed):
    draw_control_cells(actor=admin, slide_id=slide.pk, quotas={"neutrophil": 20})
    missing = draw_control_cells(
        actor=admin, slide_id=slide.pk, quotas={"monocyte": 10, "eosinophil": 2}
    )
    assert missing == {"monocyte": 4, "eosinophil": 2}
    assert {each.label for each in slide.cells.all()} == {"monocyte"}


def test_a_second_read_that_agrees_with_a_person_counts_as_agreement(
    admin, technician, doctor, second_technician
):
    sample = make_case(technician, to_review={"erythroblast": 1})
    [cell] = cells_of(sample).filter(disposition="review")
    confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    from tests.factories.quality.second_reads import read_rates

    read_rates(admin, 0, 100)
    sign_case(doctor, sample)
    assert agreed_cells(admin, "erythroblast") == []
    read_next(second_technician, "erythroblast")
    assert agreed_cells(admin, "erythroblast") == [cell.pk]


def test_two_words_of_one_person_are_no_agreement(admin, technician, doctor):
    sample = make_case(technician)
    [cell] = cells_of(sample).filter(label="monocyte").order_by("position")[:1]
    say(technician, cell, "eosinophil")
    say(technician, cell, "monocyte")
    confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    assert agreed_cells(admin, "monocyte") == []


def test_which_cells_of_a_common_class_are_looked_at_is_chance(admin, agreed, monkeypatch):
    monkeypatch.setattr(control_slides, "MOST_AGREED", 3)
    seen = {key for _ in range(40) for key in agreed_cells(admin, "neutrophil")}
    # Of 30 cells three each time: always the same ones would be three.
    assert len(seen) > 10


@pytest.mark.parametrize("quotas", [{}, {"neutrophil": 201}, {"neutrophil": -1}, {"dragon": 3}])
def test_quotas_that_cannot_be_are_refused(slide, admin, quotas):
    with pytest.raises(ControlSlideRefused):
        draw_control_cells(actor=admin, slide_id=slide.pk, quotas=quotas)


def test_cells_are_chosen_sample_by_sample(slide, admin, technician, doctor):
    first, second = (make_signed(technician, doctor) for _ in range(2))
    for report in (first, second):
        choose_control_cells(
            actor=admin,
            slide_id=slide.pk,
            sample_id=report.sample_id,
            cell_ids=keys_of(report)[:50],
        )
    assert slide.cells.count() == 100
    choose_control_cells(
        actor=admin, slide_id=slide.pk, sample_id=first.sample_id, cell_ids=keys_of(first)[:10]
    )
    assert slide.cells.count() == 60


def test_a_slide_takes_no_more_than_two_hundred(slide, admin, technician, doctor):
    report = make_signed(technician, doctor, cells={"neutrophil": 201})
    with pytest.raises(ControlSlideRefused, match="Take 1 out"):
        choose_control_cells(
            actor=admin, slide_id=slide.pk, sample_id=report.sample_id, cell_ids=keys_of(report)
        )


def test_only_signed_cells_can_be_chosen(slide, admin, technician):
    sample = make_case(technician)
    with pytest.raises(ControlSlideRefused, match="not signed"):
        choose_control_cells(
            actor=admin,
            slide_id=slide.pk,
            sample_id=sample.pk,
            cell_ids=[cells_of(sample)[0].pk],
        )


def test_a_slide_of_fewer_cells_is_not_started(slide, admin, agreed):
    draw_control_cells(actor=admin, slide_id=slide.pk, quotas={"neutrophil": 20})
    with pytest.raises(ControlSlideRefused, match="holds 20 cells; it needs exactly 200"):
        start_control_slide(actor=admin, slide_id=slide.pk)


def test_a_slide_whose_cells_are_not_signed_now_is_not_started(slide, admin, technician, doctor):
    report = make_signed(technician, doctor, cells={"neutrophil": 200})
    choose_control_cells(
        actor=admin, slide_id=slide.pk, sample_id=report.sample_id, cell_ids=keys_of(report)
    )
    begin_amendment(actor=doctor, sample_id=report.sample_id, reason="The WBC came late.")
    with pytest.raises(ControlSlideRefused, match="200 of its cells are not signed"):
        start_control_slide(actor=admin, slide_id=slide.pk)


def test_a_started_slide_stays_as_it_is(technician, doctor, admin):
    slide = make_control_slide(technician, doctor, admin)
    assert slide.is_in_use
    with pytest.raises(ControlSlideRefused, match="stays as it is"):
        draw_control_cells(actor=admin, slide_id=slide.pk, quotas={"neutrophil": 1})
    rows = slide.cells.all()
    spare = Cell.objects.all()[0]
    for act in (
        lambda: rows.update(label="monocyte"),
        lambda: ControlCell.objects.create(slide=slide, cell=spare, label="monocyte"),
        lambda: ControlSlide.objects.filter(pk=slide.pk).update(name="Another"),
        lambda: ControlSlide.objects.filter(pk=slide.pk).update(started_at=None),
    ):
        with pytest.raises(DatabaseError, match="cannot be changed"), transaction.atomic():
            act()


def test_the_next_slide_takes_the_place_of_the_one_before(technician, doctor, admin):
    first = make_control_slide(technician, doctor, admin)
    second = make_control_slide(technician, doctor, admin)
    first.refresh_from_db()
    assert not first.is_in_use
    assert second.is_in_use


def test_one_slide_is_put_together_at_a_time(slide, admin):
    with pytest.raises(ControlSlideRefused, match="Finish that one"):
        new_control_slide(actor=admin, name="Slide 2")


def test_only_admins_of_the_laboratory_put_slides_together(slide, doctor, other_laboratory):
    with pytest.raises(AccessDenied):
        new_control_slide(actor=doctor, name="Slide 2")
    stranger = make_user(other_laboratory, Role.ADMIN)
    with pytest.raises(ControlSlideNotFound):
        start_control_slide(actor=stranger, slide_id=slide.pk)


def test_the_pages_lead_from_a_name_to_a_started_slide(page_as, admin, technician, doctor):
    report = make_drawn(technician, doctor, admin, cells={"neutrophil": 150, "monocyte": 50})
    browser = page_as(admin)
    assert "No control slide was started yet." in browser.get("/quality/control/").content.decode()
    made = browser.post("/quality/control/slides/", {"name": "Slide 1"})
    address = made["Location"]
    page = browser.get(address).content.decode()
    assert "0 of 200 cells" in page
    drawn = browser.post(address, {"neutrophil": "5"}, follow=True).content.decode()
    assert "Too few cells that two people agree on; missing: 5 × Neutrophil" in drawn
    number = report.sample.accession_number
    found = browser.post(f"{address}sample/", {"accession_number": number})
    assert number not in found["Location"]
    choice = browser.get(found["Location"]).content.decode()
    assert choice.count('name="cell"') == 200
    keys = [str(key) for key in keys_of(report)]
    kept = browser.post(found["Location"], {"cell": keys}, follow=True).content.decode()
    assert "200 of 200 cells" in kept
    started = browser.post(f"{address}start/", follow=True).content.decode()
    assert "The control slide is started" in started
    assert ControlSlide.objects.get().is_in_use
    assert "stays as it is" in browser.get(address).content.decode()
