"""A profile's reviewed cells are counted, compared, and handed to an adaptation as files."""

import json
from pathlib import Path

import pytest

from accounts.models import Role
from mlmodels import artifacts
from mlmodels.errors import ProfileNotFound, TrainingRefused
from mlmodels.ml.adaptation.reviewed_cells import read_reviewed
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.models import ModelVersion, TrainingRun
from predictions.errors import OnboardingRefused
from predictions.models import Cell
from predictions.selectors.models.onboarding import onboarding_of
from predictions.services.imaging.jobs import request_rerun
from predictions.services.onboarding import request_adaptation
from tests.factories.images import make_sample
from tests.factories.people import make_user
from tests.factories.profiles import image_of, make_profile, say
from tests.factories.results import record_result

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"


@pytest.fixture
def profile(admin):
    return make_profile(admin, "Bench 2")


@pytest.fixture
def reviewed(technician, doctor, profile, model):
    """Images of the profile with cells, all reviewed: `count` cells of `samples` samples."""

    def review(count: int, samples: int = 4, labels: tuple[str, ...] = ("neutrophil",)):
        of = [make_sample(technician) for _ in range(samples)]
        left, number = count, 0
        while left:
            here = min(left, 14)
            image = image_of(technician, profile, of[number % samples])
            places: list[dict[str, object]] = [
                {"x_px": 70 * (k % 5), "y_px": 100 * (k // 5)} for k in range(here)
            ]
            record_result(image, *places)
            for k, cell in enumerate(image.cells.all()):
                say(doctor, cell, labels[k % len(labels)])
            left, number = left - here, number + 1

    return review


def test_reviewed_cells_are_counted_by_label_and_compared(admin, profile, reviewed):
    reviewed(12, labels=("neutrophil", "lymphocyte", "band", "plasma_cell", "not_a_cell"))
    shown = onboarding_of(admin, profile.pk)
    counts = {count.code: (count.cells, count.is_known) for count in shown.counts}
    assert counts["neutrophil"] == (3, True)
    assert counts["band"] == (2, True)
    assert counts["plasma_cell"] == (2, False)
    # A band is a neutrophil; a plasma cell is an error of a model without them; the rest no cells.
    assert shown.usable == 8
    assert shown.before is not None
    assert (shown.before["n"], shown.before["accuracy"]) == (10, 0.5)
    assert "8 of at least 50" in shown.missing


def test_a_cell_that_is_read_again_counts_once_by_its_last_review(
    admin, doctor, technician, profile, model
):
    image = record_result(image_of(technician, profile), {})
    say(doctor, image.cells.get(), "blast")
    request_rerun(actor=doctor, image_id=image.pk, confirmed=True)
    record_result(image, {"label": "monocyte"})
    say(doctor, Cell.objects.get(label="monocyte"), "lymphocyte")
    shown = onboarding_of(admin, profile.pk)
    assert [(count.code, count.cells) for count in shown.counts] == [("lymphocyte", 1)]


def test_cells_of_one_sample_cannot_be_measured_apart(admin, profile, reviewed):
    reviewed(50, samples=1)
    assert "of 1 sample; 3 are needed" in onboarding_of(admin, profile.pk).missing


def test_too_few_cells_are_refused_and_nothing_is_left(admin, profile, reviewed, settings):
    reviewed(6)
    with pytest.raises(OnboardingRefused, match="6 of at least 50"):
        request_adaptation(actor=admin, profile_id=profile.pk)
    assert not TrainingRun.objects.exists()
    assert not list(Path(settings.REGISTRY_DIR).glob("runs/*"))


def test_the_run_gets_its_cells_as_files(admin, profile, reviewed):
    reviewed(56, labels=("neutrophil", "band", "lymphocyte"))
    run = request_adaptation(actor=admin, profile_id=profile.pk)
    folder = artifacts.run_folder(run.pk) / "cells"
    cells = read_reviewed(folder / "manifest.csv")
    assert run.kind == TrainingRun.Kind.ADAPTATION
    assert len(cells) == 56
    assert {cell.label for cell in cells} == {"neutrophil", "lymphocyte"}
    assert len({cell.source for cell in cells}) == 4
    assert all((folder / cell.path).is_file() for cell in cells)
    assert cells[0].box is not None


def test_a_second_request_waits_for_the_first_and_leaves_nothing(
    admin, profile, reviewed, settings
):
    reviewed(56, labels=("neutrophil", "lymphocyte"))
    request_adaptation(actor=admin, profile_id=profile.pk)
    with pytest.raises(TrainingRefused, match="being adapted already"):
        request_adaptation(actor=admin, profile_id=profile.pk)
    assert len(list(Path(settings.REGISTRY_DIR).glob("runs/*"))) == 1


def test_another_laboratorys_profile_is_not_there(profile, other_laboratory):
    stranger = make_user(other_laboratory, Role.ADMIN)
    with pytest.raises(ProfileNotFound):
        request_adaptation(actor=stranger, profile_id=profile.pk)


def test_the_page_says_what_is_missing_and_then_offers_to_adapt(page_as, admin, profile, reviewed):
    browser = page_as(admin)
    address = f"/profiles/{profile.pk}/"
    reviewed(12)
    page = browser.get(address).content.decode()
    assert "12 of at least 50 reviewed cells" in page
    assert "Adapt to" not in page
    refused = browser.post(f"{address}adapt/")
    assert refused.status_code == 409
    assert "12 of at least 50 reviewed cells" in refused.content.decode()
    reviewed(48, labels=("neutrophil", "monocyte"))
    assert "Adapt to 60 cells" in browser.get(address).content.decode()
    after = browser.post(f"{address}adapt/", follow=True).content.decode()
    assert "An adaptation is at work" in after


def test_the_page_shows_before_and_after_of_the_candidate(page_as, admin, profile, model):
    answers = [Answer("neutrophil", "neutrophil", 0.9, "accepted")] * 40
    wrong = [Answer("monocyte", "neutrophil", 0.6, "review")] * 20
    classes = ["neutrophil", "monocyte", "basophil"]
    done = {
        "base": str(model),
        "cells": 60,
        "sources": 6,
        "chosen": "last layer fitted again with strength 0.3",
        "classes_without_cells": ["basophil"],
        "before": summarise([*answers, *wrong], classes),
        "after": summarise([*answers, *answers[:20]], classes),
    }
    candidate = ModelVersion.objects.create(
        laboratory=admin.laboratory,
        name="adapted",
        version="1",
        status=ModelVersion.Status.CANDIDATE,
        folder="x",
        checksums_sha256="0" * 64,
        classes=classes,
        card={"engine": {}, "adaptation": json.loads(json.dumps(done))},
        profile=profile,
    )
    TrainingRun.objects.create(
        laboratory=admin.laboratory,
        kind=TrainingRun.Kind.ADAPTATION,
        profile=profile,
        base_version=model,
        status=TrainingRun.Status.SUCCEEDED,
        candidate=candidate,
        created_by=admin,
    )
    page = page_as(admin).get(f"/profiles/{profile.pk}/").content.decode()
    for words in ("66.7 %", "54.1 to 77.3 %", "100.0 %", "Basophil", f"/models/{candidate.pk}/"):
        assert words in page
