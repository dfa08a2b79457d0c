"""A photograph that shows too little: the technician reads it while the film still lies there."""

import cv2
import pytest
from django.urls import reverse

from predictions.models import Cell, SmearImage
from predictions.services.imaging.run_classification import classify_image
from tests.drawn_cells import draw_smear, encode
from tests.factories.images import make_image, upload_one

pytestmark = pytest.mark.django_db

FOCUS = "Focus and photograph this field again."


@pytest.fixture
def soft(technician, sample, model) -> SmearImage:
    """A classified picture that is out of focus."""
    rgb = draw_smear(seed=6, centres=[(320, 240)], width=640, height=480, lobed=True)
    image = upload_one(technician, sample.pk, encode(cv2.GaussianBlur(rgb, (0, 0), 4), "PNG"))
    classify_image(job_id=image.jobs.get().pk)
    return image


def page_of(client, name: str, pk) -> str:
    answer = client.get(reverse(f"predictions:{name}", args=[pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_nothing_of_it_is_accepted(soft):
    cells = Cell.objects.filter(image=soft)
    assert {(cell.reason, cell.disposition) for cell in cells} == {("out_of_focus", "review")}


def test_the_row_that_polls_marks_it_as_soon_as_it_is_read(technician, soft, page_as):
    row = page_of(page_as(technician), "image_status", soft.pk)
    assert "Photograph again" in row
    assert FOCUS in row


def test_the_result_page_says_it_and_each_cell_why(technician, soft, page_as):
    page = page_of(page_as(technician), "image", soft.pk)
    assert "<strong>Photograph again.</strong>" in page
    assert "check that it is the right picture" not in page
    assert "out of focus" in page.split('id="cell-1"')[1]


def test_the_sample_page_counts_such_images_and_links_to_them(
    technician, sample, soft, model, page_as
):
    make_image(technician, sample=sample, cells=1)
    page = page_of(page_as(technician), "sample", sample.pk)
    note = page.split("should be photographed again")
    assert note[0].rstrip().endswith("1 image")
    assert f'href="{reverse("predictions:image", args=[soft.pk])}"' in note[1].split("</div>")[0]
    assert "(out of focus)" in note[1]


def test_the_upload_page_is_told_while_it_waits(technician, soft, page_as):
    make_image(technician, sample=soft.sample, cells=1)
    (told,) = page_as(technician).get(f"/samples/{soft.sample_id}/progress/").json()["doubtful"]
    assert (told["name"], told["url"]) == (soft.original_name, f"/images/{soft.pk}/")
    assert FOCUS in told["error"]
    assert told["photograph_again"] is True


def test_the_api_tells_a_code_beside_the_sentence(technician, soft, api_as):
    body = api_as(technician).get(f"/api/v1/images/{soft.pk}/").json()
    assert body["photograph_again"] == "out_of_focus"
    assert FOCUS in body["field_note"]
    assert {cell["reason"] for cell in body["cells"]} == {"out_of_focus"}


def test_a_good_photograph_is_not_marked_anywhere(technician, model, page_as, api_as):
    image = make_image(technician, cells=1)
    classify_image(job_id=image.jobs.get().pk)
    client = page_as(technician)
    for name, pk in (("image_status", image.pk), ("image", image.pk), ("sample", image.sample_id)):
        assert "hotograph again" not in page_of(client, name, pk)
    body = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()
    assert body["photograph_again"] is None
