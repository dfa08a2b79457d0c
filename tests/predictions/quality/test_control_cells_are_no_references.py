"""What somebody is asked to name unaided is shown nowhere with its name."""

from __future__ import annotations

import pytest

from predictions.models import Cell, ControlSlide, Sample
from predictions.selectors.review.references import references_of
from predictions.services.quality.control_slides import (
    choose_control_cells,
    new_control_slide,
    start_control_slide,
)
from predictions.services.samples.states import send_to_doctor
from tests.factories.cases import cells_of, confirm, make_case, sign_case
from tests.factories.quality.second_reads import make_control_slide, read_next, read_rates

pytestmark = pytest.mark.django_db


def sign_named(technician, doctor, cells: dict[str, int], named: str, count: int) -> Sample:
    """A signed sample of which a person named so many cells of a class."""
    sample = make_case(technician, cells=cells)
    for cell in cells_of(sample).filter(label=named).order_by("position")[:count]:
        confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    return sample


def start_slide_of(admin, sample: Sample) -> ControlSlide:
    """A started slide of all cells of a sample."""
    slide = new_control_slide(actor=admin, name="Slide 1")
    keys = list(Cell.objects.filter(image__sample=sample).values_list("pk", flat=True))
    choose_control_cells(actor=admin, slide_id=slide.pk, sample_id=sample.pk, cell_ids=keys)
    return start_control_slide(actor=admin, slide_id=slide.pk)


def test_cells_of_the_slide_that_is_read_are_no_references(technician, doctor, admin):
    sample = sign_named(technician, doctor, {"neutrophil": 180, "monocyte": 20}, "monocyte", 2)
    assert len(references_of(technician, "monocyte").cells) == 2
    start_slide_of(admin, sample)
    assert references_of(technician, "monocyte").cells == []
    make_control_slide(technician, doctor, admin)
    assert len(references_of(technician, "monocyte").cells) == 2, "of a slide that is read no more"


def test_a_slide_that_is_put_together_hides_nothing(technician, doctor, admin):
    sample = sign_named(technician, doctor, {"neutrophil": 110, "monocyte": 20}, "monocyte", 2)
    slide = new_control_slide(actor=admin, name="Slide 1")
    keys = [cell.pk for cell in cells_of(sample)]
    choose_control_cells(actor=admin, slide_id=slide.pk, sample_id=sample.pk, cell_ids=keys)
    assert len(references_of(technician, "monocyte").cells) == 2


def test_a_cell_that_waits_for_a_second_reader_is_no_reference(
    technician, doctor, second_doctor, admin
):
    read_rates(admin, 0, 100)
    sample = make_case(technician, to_review={"erythroblast": 1})
    [cell] = cells_of(sample).filter(disposition="review")
    confirm(technician, cell)
    send_to_doctor(actor=technician, sample_id=sample.pk)
    sign_case(doctor, sample)
    assert references_of(technician, "erythroblast").cells == []
    read_next(second_doctor, "erythroblast")
    assert len(references_of(technician, "erythroblast").cells) == 1
