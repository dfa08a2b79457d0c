"""A version that names blasts and promyelocytes, and one class that means none of the others."""

import json

import pytest
from django.urls import reverse

from mlmodels.ml.inference.calibration import Signs
from mlmodels.ml.inference.engine import load_engine
from mlmodels.models import ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions.errors import ReviewRefused
from predictions.models import Cell, ImageLabel, SmearImage
from predictions.selectors.reports.case import case_of
from predictions.selectors.review.said import why_a_person
from predictions.services.imaging.run_classification import classify_image
from predictions.services.review.reviews import review_cell
from tests.factories.cases import make_case
from tests.factories.images import make_job
from tests.factories.models import make_active, make_candidate, make_version_folder
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

UNLIKE = "unlike"
# The shipped network takes drawn cells with lobes for neutrophils.
SURE = {
    "accept_probability": 0.0,
    "identify_probability": 0.0,
    "unusual_percentile": 100.0,
    "unfamiliar_percentile": 100.0,
}


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"


def calling_neutrophils(name: str, **more: object):
    """A card that has another word for neutrophils, and is sure of it."""

    def change(card: dict) -> None:
        engine = card["engine"]
        others = {"neutrophil": name, name: "neutrophil"}
        engine["classes"] = [others.get(code, code) for code in engine["classes"]]
        # What the shipped version asks of each class holds for the class, not for its word.
        engine["thresholds"].pop("by_class", None)
        engine["thresholds"] |= SURE
        engine |= more

    return change


def read_by(version: ModelVersion, admin, technician) -> SmearImage:
    """An image that a version read after it became the active one."""
    make_active(admin, version)
    job = make_job(technician, seed=1, lobed=True)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert job.model_version == version, job.error
    return job.image


@pytest.mark.slow
@pytest.mark.parametrize("code", ["blast", "promyelocyte"])
def test_a_cell_of_these_is_never_accepted_without_a_person(
    code, admin, technician, laboratory, model
):
    image = read_by(make_candidate(laboratory, calling_neutrophils(code)), admin, technician)
    cells = Cell.objects.filter(image=image, label=code)
    assert cells
    assert {cell.disposition for cell in cells} == {Cell.Disposition.REVIEW}


def test_promyelocytes_count_to_immature_granulocytes_where_these_are_told(technician):
    sample = make_case(
        technician,
        {"neutrophil": 100},
        to_review={"blast": 2, "promyelocyte": 3, "immature_granulocyte": 1},
    )
    for cell in Cell.objects.filter(image__sample=sample).exclude(label="neutrophil"):
        review_cell(actor=technician, cell_id=cell.pk, label=cell.label, seen_number=0)
    case = case_of(technician, sample.pk)
    rows = {row.label: row.count for row in case.differential.rows}
    assert (rows["blast"], rows["promyelocyte"], rows["immature_granulocyte"]) == (2, 3, 1)
    assert case.facts.immature_granulocytes == 4
    assert any(
        note.startswith("Immature granulocyte with promyelocyte: 4 cells")
        for note in case.differential.notes
    )


@pytest.mark.slow
def test_a_sample_that_an_older_version_read_is_shown_as_before(
    admin, technician, laboratory, model, api_as
):
    old = make_case(technician, {"neutrophil": 90, "lymphocyte": 30})
    api = api_as(technician)
    address = f"/api/v1/samples/{old.pk}/differential/"
    before = api.get(address).json()
    read_by(make_candidate(laboratory, calling_neutrophils("blast")), admin, technician)
    assert api.get(address).json() == before


def test_a_class_that_means_none_of_the_others_leaves_a_cell_unidentified(model, tmp_path):
    change = calling_neutrophils(UNLIKE, unlike=UNLIKE)
    engine = load_engine(make_version_folder(tmp_path / "version", change), runtime="litert")
    assert engine.decide(UNLIKE, Signs(0.999, 0.0), 0.0, 1.0) == "unidentified"
    assert engine.decide("lymphocyte", Signs(0.999, 0.0, 99.0, 0.0), 0.0, 1.0) == "accepted"


@pytest.mark.slow
def test_such_a_cell_is_shown_as_unlike_and_is_nothing_that_a_person_says(
    admin, technician, laboratory, model, page_as
):
    version = make_candidate(laboratory, calling_neutrophils(UNLIKE, unlike=UNLIKE))
    assert not labels_for(laboratory)[UNLIKE].is_used
    image = read_by(version, admin, technician)
    cell = Cell.objects.filter(image=image, label=UNLIKE).first()
    assert cell is not None
    assert cell.shown_label == ImageLabel.UNIDENTIFIED
    assert why_a_person(cell, version) == "unlike the classes that the model names"
    page = page_as(technician).get(reverse("predictions:gallery", args=[image.sample_id]))
    assert 'data-column="unlike"' not in page.content.decode()
    with pytest.raises(ReviewRefused, match="does not use"):
        review_cell(actor=technician, cell_id=cell.pk, label=UNLIKE, seen_number=0)


def test_the_api_gives_the_probability_of_every_class_of_the_card(
    technician, laboratory, model, api_as
):
    job = make_job(technician)
    record_result(job.image, {"label": "blast", "disposition": Cell.Disposition.REVIEW})
    told = api_as(technician).get(f"/api/v1/images/{job.image_id}/").json()
    assert '"blast"' in json.dumps(told["cells"][0]["probabilities"])
