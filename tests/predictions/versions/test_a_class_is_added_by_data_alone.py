"""A version whose card names a class that no code knows: everything follows the card.

The shipped network is given another card, whose word for drawn cells with lobes is one that stands
nowhere in the program.
"""

import json
import re

import pytest
from django.urls import reverse

from mlmodels.errors import ModelVersionRefused
from mlmodels.models import GateCheck, Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from mlmodels.services.versions.gates import request_gate
from mlmodels.services.versions.promotions import promote, roll_back
from mlmodels.services.versions.run_gate import check_gate
from predictions.models import Cell, Sample
from predictions.services.imaging.run_classification import classify_image
from predictions.services.review.reviews import review_cell
from tests.factories.cases import confirm, make_signed
from tests.factories.images import make_job
from tests.factories.models import make_candidate, make_reference
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db

NEW = "hairy_cell"


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"
    settings.BENCHMARK_DATA_DIR = ""


def named_anew(card: dict) -> None:
    """What was a neutrophil is of the new class, of which the card says what it is."""
    engine = card["engine"]
    engine["classes"] = [NEW if c == "neutrophil" else c for c in engine["classes"]]
    engine["thresholds"] |= {
        "accept_probability": 0.0,
        "identify_probability": 0.0,
        "unusual_percentile": 100.0,
        "unfamiliar_percentile": 100.0,
    }
    card["labels"] = {NEW: {"in_denominator": True, "look": "A cell with fine threads all around."}}


def said_nothing(card: dict) -> None:
    """The same, of which the card says nothing."""
    named_anew(card)
    del card["labels"]


@pytest.fixture
def version(admin, laboratory, model) -> ModelVersion:
    """It went through the gate, and is promoted with a reason."""
    make_reference(admin)
    version = make_candidate(laboratory, named_anew)
    gate = request_gate(actor=admin, version_id=version.pk)
    check_gate(gate_id=gate.pk)
    promote(actor=admin, version_id=version.pk, reason="A class that the other one lacks.")
    return version


@pytest.fixture
def read_sample(technician, version) -> Sample:
    """A sample whose one image the version has read."""
    job = make_job(technician, seed=1, lobed=True)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert job.model_version == version, job.error
    return job.image.sample


def test_registering_a_version_gives_its_class_a_label_with_a_readable_name(
    laboratory, other_laboratory, model
):
    make_candidate(laboratory, named_anew)
    label = labels_for(laboratory)[NEW]
    assert (label.name, label.short_name, label.in_denominator) == ("Hairy cell", "HC", True)
    assert label.look == "A cell with fine threads all around."
    assert label.is_used
    assert NEW not in labels_for(other_laboratory)


def test_a_class_of_which_the_card_says_nothing_is_not_counted(laboratory, model):
    make_candidate(laboratory, said_nothing)
    label = labels_for(laboratory)[NEW]
    assert (label.name, label.in_denominator, label.group) == ("Hairy cell", False, "not counted")


def test_what_a_laboratory_calls_a_class_goes_before_the_card(laboratory, model):
    own = Label.objects.create(
        laboratory=laboratory, code=NEW, name="HCL cell", short_name="HX", group="blasts",
        in_denominator=True, position=40,
    )  # fmt: skip
    make_candidate(laboratory, named_anew)
    assert labels_for(laboratory)[NEW] == own


def test_letters_that_are_taken_go_to_nobody_else(laboratory, model):
    Label.objects.create(
        laboratory=laboratory, code="other", name="Other", short_name="HC", group="blasts",
        in_denominator=True, position=40,
    )  # fmt: skip
    make_candidate(laboratory, named_anew)
    assert labels_for(laboratory)[NEW].short_name == "HA"


def test_a_class_that_cannot_be_a_label_is_refused(laboratory, model):
    def odd(card: dict) -> None:
        card["engine"]["classes"] = ["unidentified", *card["engine"]["classes"][1:]]

    with pytest.raises(ModelVersionRefused, match="cannot be a label"):
        make_candidate(laboratory, odd)


@pytest.mark.slow
def test_the_gate_compares_the_classes_of_both_and_names_the_other(version, page_as, admin):
    gate = GateCheck.objects.select_related("against").get(version=version)
    classes = gate.result["classes"]
    assert classes["only_candidate"] == [NEW]
    assert classes["only_active"] == ["neutrophil"]
    assert gate.against is not None
    assert set(classes["shared"]) == {*gate.against.classes} - {"neutrophil"}
    page = page_as(admin).get(reverse("mlmodels:version", args=[version.pk])).content.decode()
    assert "names hairy cell" in page
    assert re.search(r'class-hairy_cell" aria-hidden="true">HC</span>\s*Hairy cell', page)


@pytest.mark.slow
def test_its_cells_stand_in_gallery_differential_and_api(
    read_sample, technician, admin, page_as, api_as
):
    cells = Cell.objects.filter(image__sample=read_sample)
    named = cells.filter(label=NEW, disposition=Cell.Disposition.ACCEPTED).count()
    assert named
    pages = page_as(technician)
    gallery = pages.get(reverse("predictions:gallery", args=[read_sample.pk])).content.decode()
    assert f'data-column="{NEW}"' in gallery
    assert f'data-name="{NEW}"' in gallery
    table = pages.get(reverse("predictions:differential", args=[read_sample.pk]))
    assert "Hairy cell" in table.content.decode()
    api = api_as(technician)
    told = api.get(f"/api/v1/samples/{read_sample.pk}/differential/").json()
    [row] = [row for row in told["rows"] if row["label"] == NEW]
    assert (row["name"], row["count"]) == ("Hairy cell", named)
    assert NEW in json.dumps(api_as(admin).get("/api/v1/labels/").json())


@pytest.mark.slow
def test_it_stands_on_the_report(version, technician, doctor):
    report = make_signed(technician, doctor, cells={"neutrophil": 90, NEW: 30})
    assert '"Hairy cell"' in report.content


@pytest.mark.slow
def test_going_back_keeps_what_was_read_by_it(read_sample, version, model, admin, technician):
    roll_back(actor=admin)
    job = make_job(technician, seed=1, lobed=True)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert job.model_version == model
    assert Cell.objects.get(job=job, position=1).label == "neutrophil"
    assert Cell.objects.filter(image__sample=read_sample, label=NEW).exists()


def test_a_cell_of_it_is_confirmed_and_chosen_like_any_other(laboratory, technician, sample, model):
    make_candidate(laboratory, named_anew)
    job = make_job(technician)
    record_result(job.image, {"label": NEW, "disposition": Cell.Disposition.REVIEW}, {})
    first, second = Cell.objects.filter(job=job).order_by("position")
    confirm(technician, first)
    review_cell(actor=technician, cell_id=second.pk, label=NEW, seen_number=0)
    named = Cell.objects.filter(job=job, present_label=NEW, last_review_number=1)
    assert named.count() == 2
