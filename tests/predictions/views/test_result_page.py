"""What the page of an image shows, by the state of its work."""

import pytest

from predictions.services.imaging.jobs import request_rerun
from tests.factories.images import make_image, make_sample
from tests.factories.results import fail_image, record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(technician):
    return make_image(technician)


def page_of(client, image) -> str:
    answer = client.get(f"/images/{image.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_each_cell_has_box_crop_class_confidence_and_disposition(page_as, doctor, image, model):
    record_result(image, {}, {"label": "lymphocyte", "confidence": 0.41, "disposition": "review"})
    page = page_of(page_as(doctor), image)
    cells = list(image.cells.order_by("position"))
    for cell in cells:
        assert f'<rect class="box__line" x="{cell.x_px}" y="20" width="60" height="50">' in page
        assert f"/cells/{cell.pk}/crop/" in page
    for words in ("98.2 %", "high confidence", "accepted", "41.0 %", "review", "2 cells"):
        assert words in page
    assert "Reference interval 40–80 %" in page  # noqa: RUF001
    assert str(model) in page
    assert "Assistive use: a qualified person reviews every result." in page


def test_an_unidentified_cell_is_shown_as_such(page_as, doctor, image, model):
    record_result(image, {"confidence": 0.2, "disposition": "unidentified"})
    page = page_of(page_as(doctor), image)
    assert "Unidentified" in page
    assert "20.0 %" in page
    assert "for Neutrophil, not to be relied on" in page
    assert "confidence</span>" not in page


def test_certainty_is_never_claimed(page_as, doctor, image):
    record_result(image, {"confidence": 0.99999})
    page = page_of(page_as(doctor), image)
    assert "&gt; 99.9 %" in page
    assert "100.0 %" not in page


def test_no_cell_found_says_what_to_do(page_as, doctor, image):
    record_result(image)
    assert "No white cell was found in this image." in page_of(page_as(doctor), image)


def test_a_waiting_image_asks_again_and_a_final_one_does_not(page_as, doctor, image):
    browser = page_as(doctor)
    assert 'hx-trigger="every' in page_of(browser, image)
    record_result(image, {})
    page = page_of(browser, image)
    assert "hx-trigger" not in page
    assert "data-final" in browser.get(f"/images/{image.pk}/status/").content.decode()


def test_a_failure_says_why_and_offers_another_try(page_as, technician, admin, image):
    fail_image(image, "The engine stopped.")
    page = page_of(page_as(technician), image)
    assert "The engine stopped." in page
    assert "Try again" in page
    assert "Try again" not in page_of(page_as(admin), image)


def test_the_last_result_stays_while_a_new_one_is_made(page_as, technician, image):
    record_result(image, {})
    request_rerun(actor=technician, image_id=image.pk)
    page = page_of(page_as(technician), image)
    assert "These are the cells of the last result; a new one is on its way." in page
    assert "98.2 %" in page


def test_only_an_uploader_is_offered_another_upload(page_as, technician, doctor, image):
    record_result(image, {})
    assert "Upload another" in page_of(page_as(technician), image)
    assert "Upload another" not in page_of(page_as(doctor), image)


def test_neighbours_of_the_sample_are_linked(page_as, technician):
    sample = make_sample(technician)
    first, second = make_image(technician, sample), make_image(technician, sample)
    browser = page_as(technician)
    assert f'rel="next" href="/images/{second.pk}/"' in page_of(browser, first)
    assert f'rel="prev" href="/images/{first.pk}/"' in page_of(browser, second)
