"""The size of a nucleus in red cells: kept with the cell, on its card and in the API."""

import pytest
from django.urls import reverse

from predictions.services.imaging.run_classification import classify_image
from tests.factories.images import make_image, make_job
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def page_of(image, client) -> str:
    return client.get(reverse("predictions:image", args=[image.pk])).content.decode()


def test_the_engine_s_size_is_kept_with_the_cell(technician, model):
    job = make_job(technician)
    classify_image(job_id=job.pk)
    # Drawn nuclei are about as wide as drawn red cells.
    size = job.cells.get(position=1).nucleus_in_red_cells
    assert size is not None
    assert 0.7 < size < 2.5


def test_the_card_tells_it_in_red_cells(technician, page_as):
    image = record_result(make_image(technician), {"nucleus_in_red_cells": 1.34})
    page = page_of(image, page_as(technician))
    assert 'Nucleus <span class="number">1.3</span> times as wide as the red cells here' in page


def test_an_unknown_size_is_not_told(technician, page_as, api_as):
    image = record_result(make_image(technician), {"nucleus_in_red_cells": None})
    assert "as wide as the red cells" not in page_of(image, page_as(technician))
    (cell,) = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()["cells"]
    assert cell["nucleus_in_red_cells"] is None


@pytest.mark.parametrize("other", [{"label": "platelet"}, {"disposition": "unidentified"}])
def test_what_has_no_nucleus_or_no_name_is_not_said_to_have_one(other, technician, page_as):
    image = record_result(make_image(technician), {"nucleus_in_red_cells": 0.6, **other})
    assert "as wide as the red cells" not in page_of(image, page_as(technician))


def test_the_api_tells_it(technician, api_as):
    image = record_result(make_image(technician), {"nucleus_in_red_cells": 1.34})
    (cell,) = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()["cells"]
    assert cell["nucleus_in_red_cells"] == 1.34
