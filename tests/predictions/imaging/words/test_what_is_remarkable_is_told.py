"""What contradicts the usual look of a cell's class is marked, on its page, in gallery and API."""

import pytest
from django.urls import reverse

from predictions.models import Cell
from predictions.selectors.imaging.descriptions import description_of, remarks_on
from predictions.selectors.review.gallery import gallery_of
from tests.factories.images import make_image
from tests.factories.results import make_cell, record_result

pytestmark = pytest.mark.django_db

VACUOLES = {"cytoplasm_vacuole": {"value": "yes", "probability": 0.94}}
# `make_cell` gives boxes of 60 × 50 px and nuclei of 900 px².
LARGE = {"label": "lymphocyte", "nucleus_in_red_cells": 2.4}
ASKS = {"disposition": Cell.Disposition.REVIEW}


def test_words_that_do_not_agree_with_the_measure_are_not_said(technician):
    seen = {
        "cell_size": {"value": "small", "probability": 0.97},
        "cytoplasm_colour": {"value": "light blue", "probability": 0.99},
        "chromatin_density": {"value": "densely", "probability": 0.99},
    }
    cell = make_cell(make_image(technician), nucleus_in_red_cells=1.2, attributes=seen)
    assert description_of(cell) == "Dense chromatin"


def test_what_is_unusual_for_the_class_is_told_by_page_and_api(technician, page_as, api_as):
    image = record_result(make_image(technician), {"attributes": VACUOLES})
    page = page_as(technician).get(reverse("predictions:image", args=[image.pk]))
    assert "Remarkable for neutrophil:</strong> vacuoles in the cytoplasm" in page.content.decode()
    [told] = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()["cells"]
    assert told["remarkable"] == ["vacuoles in the cytoplasm"]


def test_what_is_usual_for_the_class_is_not_remarkable(technician):
    image = make_image(technician)
    assert remarks_on(make_cell(image, label="monocyte", attributes=VACUOLES)) == []


def test_an_unidentified_cell_has_no_class_to_be_unusual_for(technician):
    cell = make_cell(
        make_image(technician), attributes=VACUOLES, disposition=Cell.Disposition.UNIDENTIFIED
    )
    assert remarks_on(cell) == []


def test_a_remarkable_cell_comes_first_among_those_to_look_at(technician, sample):
    usual = {"label": "lymphocyte", "nucleus_in_red_cells": 1.4}
    record_result(
        make_image(technician, sample),
        {**usual, **ASKS, "confidence": 0.5},
        {**LARGE, **ASKS, "confidence": 0.9},
        {**LARGE, "confidence": 0.99},
    )
    gallery = gallery_of(technician, sample.pk)
    [column] = [each for each in gallery.columns if each.code == "lymphocyte"]
    assert [cell.position for cell in column.cells] == [2, 1, 3]
    assert "remarkable for its class: large nucleus" in column.cells[0].state_in_words
