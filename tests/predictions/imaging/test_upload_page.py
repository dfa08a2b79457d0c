"""The upload page's form, with its script and without it."""

import pytest

from predictions.models import Sample, SmearImage
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_image, make_sample

pytestmark = pytest.mark.django_db
URL = "/upload/"


def send(client, *files, number: str = "A-1", **headers: str):
    return client.post(URL, {"accession_number": number, "files": list(files)}, headers=headers)


def test_the_script_gets_the_outcome_of_each_file(technician, page_as):
    answer = send(
        page_as(technician),
        file_of(draw_smear_png(seed=1), "one.png"),
        file_of(b"", "two.png"),
        Accept="application/json",
    )
    assert answer.status_code == 202
    body = answer.json()
    first, second = body["images"]
    image = SmearImage.objects.get()
    assert first["url"] == f"/images/{image.pk}/"
    assert (first["id"], first["job"]) == (str(image.pk), str(image.jobs.get().pk))
    assert set(second) == {"name", "error"}
    assert body["sample"] == {"id": str(image.sample_id)}


def test_a_known_number_adds_to_its_sample(technician, page_as, sample):
    make_image(technician, sample, seed=1)
    answer = send(
        page_as(technician),
        file_of(draw_smear_png(seed=1)),
        file_of(draw_smear_png(seed=2)),
        number=f" {sample.accession_number} ",
        Accept="application/json",
    )
    duplicate, new = answer.json()["images"]
    assert duplicate["duplicate"]
    assert duplicate["url"]
    assert "duplicate" not in new
    assert sample.images.count() == 2
    assert Sample.objects.count() == 1


@pytest.mark.parametrize(("reference", "status"), [("P-1", 202), ("", 202), ("P-2", 409)])
def test_a_known_number_takes_no_picture_of_another_patient(technician, page_as, reference, status):
    sample = make_sample(technician, patient_reference="P-1")
    sent = {
        "accession_number": sample.accession_number,
        "patient_reference": reference,
        "files": [file_of(draw_smear_png(seed=1))],
    }
    answer = page_as(technician).post(URL, sent, headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert sample.images.count() == (status == 202)
    assert ("patient_reference" in answer.json().get("fields", {})) == (status == 409)


@pytest.mark.parametrize(("note", "status"), [("Twin A", 202), ("", 202), ("Twin B", 409)])
def test_a_known_number_loses_no_note_that_is_sent_with_it(technician, page_as, note, status):
    sample = make_sample(technician, note="Twin A")
    sent = {
        "accession_number": sample.accession_number,
        "note": note,
        "files": [file_of(draw_smear_png(seed=1))],
    }
    answer = page_as(technician).post(URL, sent, headers={"Accept": "application/json"})
    assert answer.status_code == status
    assert ("note" in answer.json().get("fields", {})) == (status == 409)


def test_without_its_script_the_page_lists_the_outcomes(technician, page_as):
    answer = send(
        page_as(technician), file_of(draw_smear_png(seed=1), "one.png"), file_of(b"MZ", "two.png")
    )
    assert answer.status_code == 202
    assert b"one.png" in answer.content
    assert b"two.png: This is a program" in answer.content


def test_a_form_without_a_number_says_so_beside_the_field(technician, page_as):
    answer = send(page_as(technician), file_of(draw_smear_png(seed=1)), number=" ")
    assert answer.status_code == 400
    assert "accession_number" in answer.context["error"].fields
    answer = send(page_as(technician), file_of(b"x"), number=" ", Accept="application/json")
    assert answer.status_code == 400
    assert "accession_number" in answer.json()["fields"]


def test_a_form_without_a_file_says_so(technician, page_as):
    answer = send(page_as(technician))
    assert answer.status_code == 400
    assert b"No file was sent" in answer.content
    assert not Sample.objects.exists()


def test_a_closed_sample_says_so(technician, page_as, sample):
    Sample.objects.filter(pk=sample.pk).update(state=Sample.State.SIGNED)
    answer = send(
        page_as(technician), file_of(draw_smear_png(seed=1)), number=sample.accession_number
    )
    assert answer.status_code == 409
    assert b"signed" in answer.content


@pytest.mark.parametrize("who", ["doctor", "admin"])
def test_only_a_technician_uploads(request, page_as, who):
    client = page_as(request.getfixturevalue(who))
    assert client.get(URL).status_code == 403
    assert send(client, file_of(draw_smear_png(seed=1))).status_code == 403
