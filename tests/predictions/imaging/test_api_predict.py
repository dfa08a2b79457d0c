"""One call from a picture to its cells."""

import threading
import time

import pytest
from django.db import connections

from mlmodels.services.versions.registration import register_shipped
from predictions.models import ClassificationJob, Sample, SmearImage
from predictions.services.imaging.run_classification import classify_image
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_image

URL = "/api/v1/predict/"


@pytest.fixture
def worker():
    """Somebody who classifies what is queued, in another thread, until the test ends."""
    stopped = threading.Event()

    def work() -> None:
        while not stopped.wait(0.05):
            for job in ClassificationJob.objects.filter(status="queued"):
                classify_image(job_id=job.pk)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stopped.set()
    thread.join()


def send(client, wait: object = 0, **fields: object):
    fields.setdefault("image", file_of(draw_smear_png(seed=1, cells=2)))
    return client.post(f"{URL}?wait={wait}", fields, format="multipart")


@pytest.mark.django_db(transaction=True)
def test_the_answer_names_the_principal_cell(technician, api_as, worker):
    register_shipped()
    client = api_as(technician)
    answer = send(client, wait=15)
    assert answer.status_code == 200
    body = answer.json()
    first = body["cells"][0]
    assert body["status"] == "succeeded"
    assert body["predicted_label"] == first["label"]
    assert body["confidence"] == pytest.approx(100 * first["confidence"], abs=0.01)
    assert body["disposition"] == first["disposition"]
    assert client.get(body["image_path"]).status_code == 200
    assert client.get(body["url"]).json()["cells"] == body["cells"]
    assert Sample.objects.get().accession_number == body["accession_number"]


@pytest.mark.django_db(transaction=True)
def test_a_failed_job_answers_200_with_the_sentence(technician, api_as, worker):
    body = send(api_as(technician), wait=15).json()
    assert body["status"] == "failed"
    assert "No model" in body["error"]
    assert body["predicted_label"] is None
    assert body["cells"] == []


@pytest.mark.django_db
def test_what_is_not_ready_answers_202_with_the_images_address(technician, api_as):
    client = api_as(technician)
    began = time.monotonic()
    answer = send(client, wait=0.5)
    assert 0.5 <= time.monotonic() - began < 5
    assert answer.status_code == 202
    body = answer.json()
    assert body["predicted_label"] is None
    assert answer["Location"] == body["url"]
    assert client.get(body["url"]).json()["status"] == "queued"


@pytest.mark.django_db
@pytest.mark.parametrize("wait", ["soon", "-1"])
def test_a_wait_that_is_no_number_answers_400(technician, api_as, wait):
    answer = send(api_as(technician), wait=wait)
    assert answer.status_code == 400
    assert "wait" in answer.json()["fields"]
    assert not Sample.objects.exists()


@pytest.mark.django_db
def test_an_accession_number_adds_to_its_open_sample(technician, api_as, sample):
    answer = send(api_as(technician), accession_number=sample.accession_number)
    assert answer.json()["sample"] == str(sample.pk)


@pytest.mark.django_db
def test_an_accession_number_of_a_closed_sample_answers_409(technician, api_as, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    answer = send(api_as(technician), accession_number=sample.accession_number)
    assert answer.status_code == 409
    assert not SmearImage.objects.exists()


@pytest.mark.django_db
def test_the_same_picture_again_answers_with_the_image_that_is_there(technician, api_as, sample):
    image = make_image(technician, sample, seed=1, cells=2)
    body = send(api_as(technician), accession_number=sample.accession_number).json()
    assert (body["id"], body["duplicate"]) == (str(image.pk), True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "status", "code"),
    [(b"MZ", 400, "image_refused"), (b"x" * 2_000_000, 413, "image_too_large")],
)
def test_a_refused_picture_makes_no_sample(technician, api_as, settings, data, status, code):
    settings.MAX_IMAGE_BYTES = 1_000_000
    answer = send(api_as(technician), image=file_of(data, "slide.png"))
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert answer.json()["message"].startswith("slide.png: ")
    assert not Sample.objects.exists()


@pytest.mark.django_db
def test_a_call_without_a_picture_answers_400(technician, api_as):
    answer = send(api_as(technician), image="text")
    assert answer.status_code == 400
    assert answer.json()["code"] == "no_file"


@pytest.mark.django_db
def test_a_second_picture_is_refused_and_not_dropped(technician, api_as):
    two = [file_of(draw_smear_png(seed=1)), file_of(draw_smear_png(seed=2))]
    answer = send(api_as(technician), image=two)
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_many_files"
    assert not Sample.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["doctor", "admin"])
def test_only_a_technician_predicts(request, api_as, who):
    assert send(api_as(request.getfixturevalue(who))).status_code == 403
