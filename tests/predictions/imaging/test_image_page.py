"""The page of an image, its state while it is classified, and its pictures."""

import io
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from PIL import Image

from accounts.models import AuditAction, AuditEvent
from predictions.models import SmearImage
from predictions.services.imaging.run_classification import classify_image
from tests.drawn_cells import draw_smear
from tests.factories.images import make_image, upload_one
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


def classified(technician, **drawn):
    image = make_image(technician, **drawn)
    classify_image(job_id=image.jobs.get().pk)
    return image


def address(name: str, key) -> str:
    return reverse(f"predictions:{name}", args=[key])


def test_a_result_that_is_viewed_is_written_down(technician, doctor, page_as, model):
    image = classified(technician)
    answer = page_as(doctor).get(address("image", image.pk))
    assert answer.status_code == 200
    reading = answer.context["reading"]
    assert reading.status == "succeeded"
    assert reading.principal_cell.position == 1
    event = AuditEvent.objects.get(action=AuditAction.RESULT_VIEWED)
    assert (event.actor, event.object_id) == (doctor, str(image.pk))


@pytest.mark.parametrize(
    ("conversions", "shown"),
    [
        (["12 bits, shown from 0 to 4095", "Adobe RGB, converted to sRGB"], True),
        ([], False),
        (None, False),
    ],
)
def test_what_was_converted_stands_beside_the_picture(technician, page_as, conversions, shown):
    image = make_image(technician)
    SmearImage.objects.filter(pk=image.pk).update(conversions=conversions)
    page = page_as(technician).get(address("image", image.pk)).content.decode()
    assert ("How the file was read:" in page) is shown
    for said in conversions or []:
        assert f"{said}." in page


def test_a_page_without_a_result_views_none(technician, page_as):
    image = make_image(technician)
    assert page_as(technician).get(address("image", image.pk)).status_code == 200
    assert not AuditEvent.objects.filter(action=AuditAction.RESULT_VIEWED).exists()


def test_neighbours_follow_the_order_of_upload(technician, page_as, sample):
    first, second, third = (make_image(technician, sample) for _ in range(3))
    make_image(technician)
    place = page_as(technician).get(address("image", second.pk)).context["place"]
    assert (place.previous_id, place.next_id) == (first.pk, third.pk)
    assert (place.number, place.of) == (2, 3)
    place = page_as(technician).get(address("image", third.pk)).context["place"]
    assert place.next_id is None


def test_from_the_history_neighbours_follow_its_filters(technician, page_as):
    oldest, middle, newest = (
        record_result(make_image(technician), {"label": label})
        for label in ("monocyte", "neutrophil", "monocyte")
    )
    client = page_as(technician)
    listed = client.get("/history/", {"label": "monocyte"}).content.decode()
    query = "?from=history&amp;label=monocyte"
    assert f"{address('image', newest.pk)}{query}" in listed
    page = client.get(f"{address('image', newest.pk)}?from=history&label=monocyte")
    assert page.context["place"].next_id == oldest.pk
    assert f"{address('image', oldest.pk)}{query}" in page.content.decode()
    assert "1 of 2" in page.content.decode()
    # What is not in the list leads on in its sample.
    alone = client.get(f"{address('image', middle.pk)}?from=history&label=monocyte")
    assert alone.context["place"].of == 1


def test_the_state_is_sent_again_only_when_it_changed(technician, page_as, model):
    image = make_image(technician)
    client = page_as(technician)
    url = address("image_status", image.pk)
    first = client.get(url)
    assert first.status_code == 200
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    classify_image(job_id=image.jobs.get().pk)
    after = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert after.status_code == 200
    assert b"hx-trigger" not in after.content
    assert b"hx-trigger" in first.content


def test_the_state_is_read_without_writing_the_session(technician, page_as):
    image = make_image(technician)
    client = page_as(technician)
    client.get(address("image", image.pk))
    answer = client.get(address("image_status", image.pk))
    assert "sessionid" not in answer.cookies


def test_an_unfinished_image_cannot_be_run_again(technician, page_as):
    image = make_image(technician)
    answer = page_as(technician).post(address("image_rerun", image.pk))
    assert answer.status_code == 409
    assert image.jobs.count() == 1


@pytest.mark.parametrize("who", ["technician", "doctor"])
def test_a_finished_image_can_be_run_again(request, technician, page_as, model, who):
    image = classified(technician)
    person = request.getfixturevalue(who)
    client = page_as(person)
    answer = client.post(address("image_rerun", image.pk))
    assert answer.status_code == 302
    assert answer["Location"] == address("image", image.pk)
    assert image.jobs.count() == 2
    reading = client.get(address("image", image.pk)).context["reading"]
    assert reading.status == "queued"
    assert reading.cells
    assert AuditEvent.objects.filter(action=AuditAction.IMAGE_RERUN, actor=person).count() == 1


def test_an_admin_runs_nothing_again(technician, admin, page_as, model):
    image = classified(technician)
    assert page_as(admin).post(address("image_rerun", image.pk)).status_code == 403
    assert page_as(admin).get(address("image_original", image.pk)).status_code == 403


@pytest.mark.parametrize("name", ["image_rendition", "image_thumbnail"])
def test_pictures_are_our_own_jpeg_without_metadata(technician, page_as, sample, name):
    exif = Image.Exif()
    exif[0x010F] = "Camera of somebody"
    buffer = io.BytesIO()
    Image.fromarray(draw_smear(seed=1)).save(buffer, "JPEG", exif=exif, comment=b"GPS")
    image = upload_one(technician, sample.pk, buffer.getvalue())
    answer = page_as(technician).get(address(name, image.pk))
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, no-cache"
    assert b"Camera" not in answer.content
    assert b"GPS" not in answer.content
    shown = Image.open(io.BytesIO(answer.content))
    assert not shown.getexif()
    again = page_as(technician).get(
        address(name, image.pk), headers={"If-None-Match": answer["ETag"]}
    )
    assert again.status_code == 304


def test_a_crop_shows_the_cell_with_its_surroundings(technician, page_as, model):
    cell = classified(technician).cells.first()
    answer = page_as(technician).get(address("cell_crop", cell.pk))
    assert answer["Content-Type"] == "image/jpeg"
    width, height = Image.open(io.BytesIO(answer.content)).size
    assert cell.width_px < width <= cell.width_px * 1.5 + 2
    assert cell.height_px < height


def test_a_crop_of_a_picture_that_is_shown_smaller_has_all_its_pixels(
    technician, page_as, model, settings
):
    settings.RENDITION_SIDE_PX = 256
    image = classified(technician)
    assert image.width_px > 256
    cell = image.cells.first()
    answer = page_as(technician).get(address("cell_crop", cell.pk))
    assert Image.open(io.BytesIO(answer.content)).size[0] > cell.width_px


def test_uploaded_bytes_are_only_ever_a_download(technician, page_as):
    image = make_image(technician)
    answer = page_as(technician).get(address("image_original", image.pk))
    assert answer["Content-Disposition"] == 'attachment; filename="field.png"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "damage",
    [Path.unlink, lambda path: path.write_bytes(b"other bytes")],
    ids=["gone", "changed"],
)
def test_an_original_that_is_not_what_was_uploaded_is_not_handed_out(technician, page_as, damage):
    image = make_image(technician)
    damage(Path(default_storage.path(image.original)))
    answer = page_as(technician).get(address("image_original", image.pk))
    assert answer.status_code == 410
    assert b"missing or damaged" in answer.content
    assert not AuditEvent.objects.filter(action=AuditAction.ORIGINAL_DOWNLOADED).exists()


def test_a_picture_that_is_damaged_has_no_crops(technician, page_as):
    image = record_result(make_image(technician), {})
    Path(default_storage.path(image.rendition)).write_bytes(b"other bytes")
    answer = page_as(technician).get(address("cell_crop", image.cells.get().pk))
    assert answer.status_code == 410


def test_a_storage_that_does_not_answer_has_a_sentence(technician, page_as, settings, tmp_path):
    image = make_image(technician)
    settings.MEDIA_ROOT = tmp_path / "no-folder"
    settings.MEDIA_ROOT.write_bytes(b"")
    answer = page_as(technician).get(address("image_original", image.pk))
    assert answer.status_code == 503
    assert b"does not answer" in answer.content


def test_what_another_laboratory_has_does_not_exist(technician, other_technician, page_as, model):
    image = classified(technician)
    client = page_as(other_technician)
    names = ["image", "image_status", "image_rendition", "image_thumbnail", "image_original"]
    for name in names:
        assert client.get(address(name, image.pk)).status_code == 404
        assert client.get(address(name, uuid4())).status_code == 404
    assert client.post(address("image_rerun", image.pk)).status_code == 404
    assert client.get(address("cell_crop", image.cells.first().pk)).status_code == 404
