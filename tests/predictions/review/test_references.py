"""What a class looks like: the laboratory's own signed cells, else a drawing."""

import re
from pathlib import Path

import pytest

from predictions.models import Sample
from predictions.selectors.review.references import DRAWN, references_of
from tests.factories.images import make_image, make_sample
from tests.factories.profiles import say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def signed(technician, doctor, sample):
    image = record_result(make_image(technician, sample), {}, {}, {})
    say(technician, image.cells.get(position=2), "monocyte")
    say(doctor, image.cells.get(position=3), "monocyte")
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    return image


def test_reviewed_cells_of_signed_samples_are_shown_doctors_first(technician, signed):
    found = references_of(technician, "monocyte")
    assert [cell.tile for cell in found.cells] == [(256, 0), (128, 0)]
    assert {(cell.image_id, cell.cells) for cell in found.cells} == {(signed.pk, 3)}


def test_what_nobody_reviewed_or_signed_is_no_reference(technician, doctor, signed):
    image = record_result(make_image(technician, make_sample(technician)), {})
    say(doctor, image.cells.get(), "monocyte")
    assert len(references_of(technician, "monocyte").cells) == 2
    assert references_of(technician, "neutrophil").cells == []


def test_no_cell_of_another_laboratory_is_shown(other_technician, signed):
    found = references_of(other_technician, "monocyte")
    assert found.cells == []
    assert found.has_drawing


def test_each_drawing_that_is_promised_is_there():
    drawn = (ROOT / "static" / "img" / "cells.svg").read_text()
    assert set(re.findall(r'<symbol id="([a-z_]+)"', drawn)) == DRAWN


def test_a_code_that_is_no_label_shows_nothing(technician):
    found = references_of(technician, "dragon")
    assert (found.label, found.cells, found.has_drawing) == (None, [], False)
