"""The main job, end to end, with the very processes of `make run` and each runtime of the model."""

import pytest

from tests.drawn_cells import draw_smear_png
from tests.journeys.installation import Installation
from tests.journeys.visitors import Person, Program

pytestmark = pytest.mark.processes


@pytest.fixture
def installation(installation_of_each_runtime):
    return installation_of_each_runtime


def test_a_technician_uploads_on_the_page_and_sees_the_result(installation: Installation):
    technician = Person(installation, "technician")
    [image_id] = technician.upload("PAGE-1", ("smear.png", draw_smear_png(seed=1)))
    technician.watch(image_id)
    page = technician.open(f"/images/{image_id}/")
    assert page.status_code == 200
    assert "Assistive use: a qualified person reviews every result." in page.text
    crops = [part for part in page.text.split('"') if part.endswith("/crop/")]
    assert crops
    crop = technician.open(crops[0])
    assert crop.status_code == 200
    assert crop.headers["Content-Type"].startswith("image/")


def test_a_program_uploads_with_a_token_and_reads_the_cells(installation: Installation):
    program = Program(installation)
    [sent] = program.upload(program.create_sample(), ("smear.png", draw_smear_png(seed=2)))
    image = program.result(sent["id"])
    assert image["status"] == "succeeded", image["error"]
    assert image["model_version"]
    principal = image["cells"][0]
    assert principal["label"] == max(principal["probabilities"], key=principal["probabilities"].get)
    assert sum(principal["probabilities"].values()) == pytest.approx(1, abs=0.01)
    assert principal["confidence"] == pytest.approx(max(principal["probabilities"].values()))


def test_predict_waits_for_the_result(installation: Installation):
    answer = Program(installation).predict(("smear.png", draw_smear_png(seed=3)), wait_s=20)
    assert answer.status_code == 200
    body = answer.json()
    assert body["predicted_label"]
    assert 0 < body["confidence"] <= 100
    assert body["cells"]


def test_a_doctor_finds_the_technicians_image_in_the_history(installation: Installation):
    technician = Person(installation, "technician")
    [image_id] = technician.upload("HISTORY-1", ("smear.png", draw_smear_png(seed=4)))
    technician.watch(image_id)
    doctor = Person(installation, "doctor")
    assert image_id in doctor.open("/history/").text
    assert doctor.open(f"/images/{image_id}/").status_code == 200
    assert doctor.open("/upload/").status_code == 403
