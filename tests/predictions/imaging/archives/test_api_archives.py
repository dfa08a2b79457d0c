"""Archives of pictures over the API: send one, see what became of it."""

import pytest

from predictions.models import ImageArchive, Sample
from predictions.services.imaging.run_archives import unpack_archive
from tests.factories.archives import drawn_picture, zip_of
from tests.factories.images import file_of

pytestmark = pytest.mark.django_db
FIELDS = {"1.png": drawn_picture(1), "2.png": drawn_picture(2)}


def send(client, sample: Sample, data: bytes = zip_of(FIELDS)):
    form = {"archive": file_of(data, "fields.zip", "application/zip")}
    return client.post(f"/api/v1/samples/{sample.pk}/archives/", form, format="multipart")


def test_an_archive_is_taken_and_its_unpacking_is_followed(technician, api_as, sample):
    client = api_as(technician)
    answer = send(client, sample, zip_of({**FIELDS, "3.png": b"words"}))
    assert answer.status_code == 202
    taken = answer.json()
    assert set(taken) == {"id", "status"}
    url = f"/api/v1/archives/{taken['id']}/"
    waiting = client.get(url).json()
    assert (waiting["status"], waiting["files_found"], waiting["files_done"]) == ("queued", None, 0)
    unpack_archive(archive_id=ImageArchive.objects.get().pk)
    body = client.get(url).json()
    assert (body["status"], body["files_found"], body["files_done"]) == ("succeeded", 3, 3)
    assert [row["name"] for row in body["refused"]] == ["3.png"]
    assert body["refused"][0]["error"].startswith("3.png: ")
    assert body["sample"] == str(sample.pk)
    assert sample.images.count() == 2


def test_what_cannot_be_taken_is_told_in_a_sentence(technician, api_as, sample, settings):
    client = api_as(technician)
    answer = send(client, sample, b"words")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_archive")
    empty = client.post(f"/api/v1/samples/{sample.pk}/archives/", {}, format="multipart")
    assert (empty.status_code, empty.json()["code"]) == (400, "no_file")
    settings.MAX_DATASET_BYTES = 1000
    answer = send(client, sample)
    assert (answer.status_code, answer.json()["code"]) == (413, "archive_too_large")
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    answer = send(client, sample)
    assert (answer.status_code, answer.json()["code"]) == (409, "sample_closed")
    assert not ImageArchive.objects.exists()


def test_an_archive_may_be_larger_than_a_picture(technician, api_as, sample, settings):
    settings.MAX_IMAGE_BYTES = 10_000
    assert send(api_as(technician), sample).status_code == 202
    assert ImageArchive.objects.get().size_bytes > settings.MAX_IMAGE_BYTES


def test_a_session_alone_sends_no_archive(technician, page_as, sample):
    answer = page_as(technician).post(f"/api/v1/samples/{sample.pk}/archives/", {})
    assert answer.status_code == 401
