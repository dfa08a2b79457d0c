"""Images over the API: upload, read, fetch."""

from uuid import uuid4

import pytest

from accounts.models import AuditAction, AuditEvent
from predictions.models import Sample, SmearImage
from predictions.services.imaging.run_classification import classify_image
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_image, upload_one

pytestmark = pytest.mark.django_db


def send(client, sample: Sample, *files):
    return client.post(
        f"/api/v1/samples/{sample.pk}/images/", {"files": list(files)}, format="multipart"
    )


def test_each_file_has_its_outcome_in_the_order_sent(technician, api_as, sample):
    answer = send(
        api_as(technician),
        sample,
        file_of(draw_smear_png(seed=1), "one.png"),
        file_of(b"MZ\x90", "two.png"),
        file_of(draw_smear_png(seed=2), "three.png"),
    )
    assert answer.status_code == 202
    first, second, third = answer.json()["images"]
    assert set(first) == set(third) == {"name", "id", "job"}
    assert set(second) == {"name", "error"}
    assert [first["name"], second["name"], third["name"]] == ["one.png", "two.png", "three.png"]
    assert second["error"].startswith("two.png: ")


def test_what_was_converted_is_told(technician, api_as):
    image = make_image(technician)
    client = api_as(technician)
    assert client.get(f"/api/v1/images/{image.pk}/").json()["conversions"] == []
    said = ["12 bits, shown from 0 to 4095"]
    SmearImage.objects.filter(pk=image.pk).update(conversions=said)
    assert client.get(f"/api/v1/images/{image.pk}/").json()["conversions"] == said


def test_a_picture_that_is_already_there_says_so(technician, api_as, sample):
    image = make_image(technician, sample, seed=3)
    answer = send(api_as(technician), sample, file_of(draw_smear_png(seed=3)))
    assert answer.status_code == 202
    expected = {"name": "field.png", "id": str(image.pk), "duplicate": True}
    assert answer.json()["images"] == [expected]


def test_an_upload_refused_whole_answers_400_with_the_same_list(technician, api_as, sample):
    answer = send(api_as(technician), sample, file_of(b"", "a.png"), file_of(b"MZ", "b.png"))
    assert answer.status_code == 400
    body = answer.json()
    assert [image["name"] for image in body["images"]] == ["a.png", "b.png"]
    assert body["code"] == "image_refused"
    assert body["message"]


def test_a_file_that_is_too_large_answers_413(technician, api_as, sample, settings):
    settings.MAX_IMAGE_BYTES = 10_000
    answer = send(api_as(technician), sample, file_of(draw_smear_png(seed=1), "large.png"))
    assert answer.status_code == 413
    assert "large.png" in answer.json()["images"][0]["error"]


def test_a_file_above_the_limit_is_not_even_kept_on_its_way_in(
    technician, api_as, sample, settings
):
    settings.MAX_IMAGE_BYTES = 100_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    large, small = file_of(b"x" * 3_000_000, "large.png"), file_of(draw_smear_png(seed=1, cells=0))
    settings.MAX_IMAGE_BYTES = max(100_000, small.size)
    answer = send(api_as(technician), sample, large, small)
    assert answer.status_code == 202
    refused, taken = answer.json()["images"]
    assert "larger than" in refused["error"]
    assert taken["id"]


def test_too_many_files_at_once_get_one_sentence(technician, api_as, sample, settings):
    settings.MAX_FILES_PER_UPLOAD = 2
    answer = send(api_as(technician), sample, *(file_of(b"x", f"{n}.png") for n in range(3)))
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_many_files"


@pytest.mark.parametrize("sent", [{}, {"files": "text"}, {"image": "x"}])
def test_an_upload_without_a_file_gets_one_sentence(technician, api_as, sample, sent):
    url = f"/api/v1/samples/{sample.pk}/images/"
    answer = api_as(technician).post(url, sent, format="multipart")
    assert answer.status_code == 400
    assert answer.json()["code"] == "no_file"


def test_a_body_that_is_no_form_answers_415(technician, api_as, sample):
    url = f"/api/v1/samples/{sample.pk}/images/"
    answer = api_as(technician).post(url, {"files": []}, format="json")
    assert answer.status_code == 415


def test_a_sample_that_is_closed_takes_no_image(technician, api_as, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    answer = send(api_as(technician), sample, file_of(draw_smear_png(seed=1)))
    assert answer.status_code == 409
    assert answer.json()["code"] == "sample_closed"


def test_a_sample_of_another_laboratory_does_not_exist(other_technician, api_as, sample):
    answer = send(api_as(other_technician), sample, file_of(draw_smear_png(seed=1)))
    assert answer.status_code == 404


@pytest.mark.parametrize("who", ["doctor", "admin"])
def test_only_a_technician_uploads(request, api_as, sample, who):
    client = api_as(request.getfixturevalue(who))
    assert send(client, sample, file_of(draw_smear_png(seed=1))).status_code == 403


def test_an_image_that_waits_has_no_cells(technician, api_as):
    image = make_image(technician)
    body = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()
    assert (body["status"], body["error"], body["cells"]) == ("queued", None, [])
    assert not AuditEvent.objects.filter(action=AuditAction.RESULT_VIEWED).exists()


def test_a_classified_image_has_its_cells_principal_first(technician, doctor, api_as, model):
    image = make_image(technician, cells=4)
    classify_image(job_id=image.jobs.get().pk)
    body = api_as(doctor).get(f"/api/v1/images/{image.pk}/").json()
    assert body["status"] == "succeeded"
    assert body["model_version"] == str(model)
    largest = max(image.cells.all(), key=lambda cell: cell.nucleus_area_px)
    assert body["cells"][0]["id"] == str(largest.pk)
    for cell in body["cells"]:
        assert set(cell) == {
            "id",
            "box",
            "label",
            "reviewed_label",
            "confidence",
            "probabilities",
            "disposition",
            "familiarity_percentile",
            "suspicion",
            "reason",
            "nucleus_in_red_cells",
            "attributes",
            "description",
            "remarkable",
        }
        assert 0 <= cell["confidence"] <= 1
        assert cell["probabilities"][cell["label"]] == max(cell["probabilities"].values())
        assert len(cell["box"]) == 4
    assert AuditEvent.objects.filter(action=AuditAction.RESULT_VIEWED, actor=doctor).count() == 1


def test_a_failed_image_says_why(technician, api_as):
    image = make_image(technician)
    classify_image(job_id=image.jobs.get().pk)
    body = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()
    assert body["status"] == "failed"
    assert "No model is registered" in body["error"]


def test_the_picture_is_fetched_with_the_token_as_our_own_jpeg(technician, api_as, model):
    image = make_image(technician)
    client = api_as(technician)
    path = client.get(f"/api/v1/images/{image.pk}/").json()["image_path"]
    answer = client.get(path, HTTP_ACCEPT="image/*")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer["Cache-Control"]
    assert answer.content[:3] == b"\xff\xd8\xff"
    again = client.get(path, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert again.status_code == 304


def test_the_original_is_downloaded_unchanged_and_written_down(doctor, technician, api_as, sample):
    data = draw_smear_png(seed=9)
    image = upload_one(technician, sample.pk, data, name='sm"ear\r\n é.png')
    answer = api_as(doctor).get(f"/api/v1/images/{image.pk}/original/")
    assert b"".join(answer.streaming_content) == data
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    event = AuditEvent.objects.get(action=AuditAction.ORIGINAL_DOWNLOADED)
    assert event.actor == doctor


def test_an_admin_downloads_no_original(technician, admin, api_as):
    image = make_image(technician)
    assert api_as(admin).get(f"/api/v1/images/{image.pk}/original/").status_code == 403


def test_what_another_laboratory_has_does_not_exist(technician, other_technician, api_as):
    image = make_image(technician)
    client = api_as(other_technician)
    for path in ("", "rendition/", "original/"):
        theirs = client.get(f"/api/v1/images/{image.pk}/{path}")
        missing = client.get(f"/api/v1/images/{uuid4()}/{path}")
        assert theirs.status_code == missing.status_code == 404
        assert theirs.json() == missing.json()
