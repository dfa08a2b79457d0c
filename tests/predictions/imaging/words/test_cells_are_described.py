"""What a cell looks like: kept with it, in words on its card and in the API."""

import json

import numpy as np
import pytest
from django.urls import reverse

from mlmodels.ml.classes import CLASSES
from mlmodels.ml.inference.attributes import NEVER, AttributeHead
from mlmodels.ml.inference.engine import load_engine
from mlmodels.ml.training.export import write_card
from mlmodels.services.versions.registration import register_shipped
from predictions.selectors.imaging.descriptions import attribute_rows, description_of
from predictions.services.imaging.run_classification import classify_image
from tests.factories.images import make_image, make_job
from tests.factories.results import make_cell, record_result

pytestmark = pytest.mark.django_db

SEEN = {
    "nucleus_shape": {"value": "unsegmented-band", "probability": 0.93},
    "granule_type": {"value": "small", "probability": 0.97},
    "granule_colour": {"value": "pink", "probability": 0.984},
}


@pytest.fixture
def describing_model(own_model_folder):
    """A registered version that is sure of pink granules in every cell, and identifies each."""
    engine = load_engine(own_model_folder, runtime="litert")
    width = engine.familiarity.mean.shape[0]
    # exp(3) / (exp(3) + 1) = 0.952574.
    AttributeHead(
        columns=(("granule_colour", "pink"), ("granule_colour", "nil")),
        classes=CLASSES,
        weights=np.zeros((width, 2), np.float32),
        bias=np.array([3.0, 0.0], np.float32),
        least=np.array([0.9, NEVER], np.float32),
        families=(),
        family_least=np.zeros(0, np.float32),
        shares=np.ones((len(CLASSES), 2), np.float32),
    ).save(own_model_folder / "attributes.npz")
    card = json.loads((own_model_folder / "card.json").read_text())
    card["engine"]["thresholds"] |= {
        "identify_probability": 0.0,
        "unusual_percentile": 100.0,
        "unfamiliar_percentile": 100.0,
    }
    write_card(card, own_model_folder)
    return register_shipped()[-1]


def test_what_the_engine_is_sure_of_is_kept_with_the_cell(technician, describing_model):
    job = make_job(technician)
    classify_image(job_id=job.pk)
    cell = job.cells.get(position=1)
    assert cell.attributes == {
        "granule_colour": {"value": "pink", "probability": pytest.approx(0.952574, abs=1e-5)}
    }
    assert description_of(cell) == "Pink granules"


def test_a_description_is_made_of_what_is_kept(technician):
    cell = make_cell(make_image(technician), attributes=SEEN)
    assert description_of(cell) == "Band-shaped nucleus, fine pink granules"
    assert [(row.name, row.value, row.probability) for row in attribute_rows(cell)] == [
        ("Granule colour", "pink", 0.984),
        ("Granule type", "fine", 0.97),
        ("Nucleus", "band-shaped", 0.93),
    ]


def page_of(image, client) -> str:
    return client.get(reverse("predictions:image", args=[image.pk])).content.decode()


def test_the_card_says_why_and_how_sure(technician, page_as):
    image = record_result(make_image(technician), {"attributes": SEEN})
    page = page_of(image, page_as(technician))
    assert "<strong>Why:</strong> band-shaped nucleus, fine pink granules." in page
    assert "98.4 %" in page


def test_the_card_of_a_cell_without_attributes_says_nothing(technician, page_as):
    image = record_result(make_image(technician), {})
    assert "Why:" not in page_of(image, page_as(technician))


def test_the_api_has_attributes_and_description(technician, api_as):
    image = record_result(make_image(technician), {"attributes": SEEN}, {})
    first, second = api_as(technician).get(f"/api/v1/images/{image.pk}/").json()["cells"]
    assert first["attributes"] == SEEN
    assert first["description"] == "Band-shaped nucleus, fine pink granules"
    assert (second["attributes"], second["description"]) == ({}, "")
