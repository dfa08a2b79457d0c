"""The crops of an image's cells on one sheet: made once, kept, and seen by whoever may."""

import io

import numpy as np
import pytest
from django.core.files.storage import default_storage
from PIL import Image

from mlmodels.ml.inference.sheets import MOUNT, Square, draw_sheet, sheet_size
from predictions import storage
from predictions.errors import CellNotFound
from predictions.services.imaging.run_classification import classify_image
from predictions.services.imaging.sheets import prepare_sheet, sheet_bytes
from tests.factories.images import make_image, make_job
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(technician):
    return record_result(make_image(technician), {}, {"x_px": 300, "y_px": 250})


def sheet_of(actor, image, cells=2) -> bytes:
    job = image.jobs.get()
    return sheet_bytes(actor=actor, image_id=image.pk, job_id=job.pk, cells=cells)


def test_a_sheet_has_a_tile_for_each_cell(technician, image):
    with Image.open(io.BytesIO(sheet_of(technician, image))) as sheet:
        assert (sheet.format, sheet.size) == ("JPEG", (256, 128))


def test_a_sheet_is_made_once(technician, image):
    made = sheet_of(technician, image)
    default_storage.delete(image.rendition)
    storage._pixels.cache_clear()
    assert sheet_of(technician, image) == made


def test_a_sheet_that_was_lost_is_made_again(technician, image):
    made = sheet_of(technician, image)
    default_storage.delete(storage._sheet_name(f"{image.jobs.get().pk}-2"))
    assert sheet_of(technician, image) == made


def test_the_sheet_is_there_before_anybody_asks(technician, model):
    job = make_job(technician, cells=3)
    classify_image(job_id=job.pk)
    kept = storage.kept_sheet(f"{job.pk}-{job.cells.count()}")
    assert kept is not None
    image = job.image
    assert kept == sheet_of(technician, image, job.cells.count())


def test_a_sheet_that_cannot_be_cut_ahead_fails_no_result(image):
    default_storage.delete(image.rendition)
    storage._pixels.cache_clear()
    job = image.jobs.get()
    prepare_sheet(image, job.pk, list(image.cells.all()))
    prepare_sheet(image, job.pk, [])
    assert storage.kept_sheet(f"{job.pk}-2") is None


@pytest.mark.parametrize("cells", [0, 3, 10_000])
def test_a_number_of_cells_that_was_never_found_has_no_sheet(technician, image, cells):
    with pytest.raises(CellNotFound):
        sheet_of(technician, image, cells)


def test_another_laboratory_has_no_sheet_of_it(other_technician, image):
    with pytest.raises(CellNotFound):
        sheet_of(other_technician, image)


def test_the_browser_keeps_a_sheet_by_itself(page_as, doctor, image):
    answer = page_as(doctor).get(f"/images/{image.pk}/sheets/{image.jobs.get().pk}/2/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Cache-Control"] == "private, max-age=604800, immutable"
    assert answer["ETag"] == f'"{image.jobs.get().pk}-2"'


def test_cells_of_a_reduced_picture_are_cut_where_they_have_their_pixels(technician, settings):
    settings.RENDITION_SIDE_PX = 256
    image = record_result(make_image(technician), {})
    default_storage.delete(image.rendition)
    assert sheet_of(technician, image, 1)


def test_squares_are_laid_in_rows():
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[40:60, 40:60] = 255
    sheet = draw_sheet(rgb, [Square(0, 0, 64)] * 16 + [Square(50, 50, 20)])
    assert sheet.shape == (256, 2048, 3)
    assert sheet_size(17) == (2048, 256)
    assert (sheet[128:, :128] == 255).all()
    assert (sheet[128:, 128:] == MOUNT).all()


def test_a_square_beyond_the_border_is_moved_inside_and_a_large_one_gets_a_mount():
    rgb = np.zeros((100, 50, 3), np.uint8)
    sheet = draw_sheet(rgb, [Square(0, 99, 40), Square(25, 50, 100)])
    assert (sheet[:, :128] == 0).all()
    assert (sheet[:, 128:157] == MOUNT).all()
    assert (sheet[:, 164:220] == 0).all()
