"""A picture that looks like no stained blood film: the page and the API say so."""

import cv2
import numpy as np
import pytest
from django.urls import reverse

from predictions.models import Cell, SmearImage
from predictions.services.imaging.run_classification import classify_image
from tests.drawn_cells import draw_smear, encode
from tests.factories.images import make_image, upload_one

pytestmark = pytest.mark.django_db

SENTENCE = "This does not look like a stained blood film"


@pytest.fixture
def meadow(technician, sample, model) -> SmearImage:
    """A classified picture whose right half is grass."""
    rgb = draw_smear(seed=6, cells=2, width=640)
    rgb[:, 400:] = (90, 200, 70)
    image = upload_one(technician, sample.pk, encode(rgb, "PNG"))
    classify_image(job_id=image.jobs.get().pk)
    return image


def test_the_result_page_tells_why_nothing_is_accepted(technician, meadow, page_as):
    page = page_as(technician).get(reverse("predictions:image", args=[meadow.pk]))
    assert SENTENCE in page.content.decode()
    assert not Cell.objects.filter(image=meadow, disposition="accepted").exists()


def test_rows_and_tiles_ask_for_a_look_at_the_picture(technician, meadow, page_as):
    client = page_as(technician)
    row = client.get(reverse("predictions:image_status", args=[meadow.pk])).content.decode()
    assert "Check the picture" in row
    assert SENTENCE in row
    tile = client.get(reverse("predictions:sample", args=[meadow.sample_id])).content.decode()
    assert "Check the picture" in tile
    (told,) = client.get(f"/samples/{meadow.sample_id}/progress/").json()["doubtful"]
    assert told["error"].startswith(SENTENCE)
    assert told["photograph_again"] is False


def test_the_api_tells_it_too(technician, meadow, api_as):
    answer = api_as(technician).get(f"/api/v1/images/{meadow.pk}/")
    assert answer.json()["field_note"].startswith(SENTENCE)


def test_a_blood_film_has_no_such_note(technician, model, page_as):
    image = make_image(technician, cells=1)
    classify_image(job_id=image.jobs.get().pk)
    assert image.jobs.get().field_note == ""
    page = page_as(technician).get(reverse("predictions:image", args=[image.pk]))
    assert SENTENCE not in page.content.decode()


def test_a_grey_picture_is_told_to_be_grey_and_not_to_be_empty(technician, sample, model, page_as):
    grey = draw_smear(seed=6, cells=2).mean(axis=2, keepdims=True).repeat(3, axis=2)
    image = upload_one(technician, sample.pk, encode(grey.astype(np.uint8), "PNG"))
    classify_image(job_id=image.jobs.get().pk)
    page = page_as(technician).get(reverse("predictions:image", args=[image.pk])).content.decode()
    assert "it has no colours, or only one tint" in page
    assert "No white cell was found" not in page


def test_a_cell_with_a_ring_drawn_round_it_is_never_accepted_and_says_why(
    technician, sample, model, page_as, api_as
):
    rgb = draw_smear(seed=6, centres=[(320, 240)], width=640, height=480, lobed=True)
    ringed = cv2.ellipse(rgb.copy(), (320, 240), (42, 42), 0, 0, 360, (0, 0, 255), 3)
    image = upload_one(technician, sample.pk, encode(ringed, "PNG"))
    classify_image(job_id=image.jobs.get().pk)
    (cell,) = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()["cells"]
    assert cell["reason"] == "marked"
    assert cell["disposition"] == "review"
    page = page_as(technician).get(reverse("predictions:image", args=[image.pk])).content.decode()
    assert "something is drawn across it" in page
