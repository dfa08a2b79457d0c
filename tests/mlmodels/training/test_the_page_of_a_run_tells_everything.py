"""From data to verdict: what the pages of trainings show, live and at the end."""

import re

import pytest
from django.urls import reverse

from mlmodels import artifacts
from mlmodels.models import TrainingRun
from mlmodels.services.training import claims
from tests.factories.datasets import make_dataset
from tests.factories.training import claimed, make_failed_run, make_run

EPOCH = {"stage": "own cells", "loss": 0.5, "accuracy": 0.75, "seconds": 2.0}


def address(name, run, **more):
    return reverse(f"mlmodels:{name}", kwargs={"run_id": run.pk, **more})


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def page(page_as, admin):
    return page_as(admin)


def test_an_admin_asks_for_a_training_on_a_page(page, admin):
    dataset = make_dataset(admin, name="Ward 3", train=1, validation=1, test=1)
    empty = page.get(reverse("mlmodels:training_new"))
    assert "Ward 3" in text_of(empty)
    assert "own_cells_small" in text_of(empty)
    sent = {"dataset": dataset.pk, "recipe": "own_cells_small", "epochs": "2", "seed": "5"}
    answer = page.post(reverse("mlmodels:training_new"), sent)
    run = TrainingRun.objects.get()
    assert answer["Location"] == address("training_run", run)
    assert (run.epochs, run.seed, run.created_by) == (2, 5, admin)


def test_without_a_frozen_dataset_the_page_leads_to_the_datasets(page):
    answer = page.get(reverse("mlmodels:training_new"))
    assert "A training needs a frozen dataset" in text_of(answer)
    assert f'href="{reverse("mlmodels:datasets")}">Datasets' in answer.content.decode()
    assert 'name="recipe"' not in answer.content.decode()


def test_epochs_out_of_range_are_told_in_our_words(page, admin):
    dataset = make_dataset(admin, train=1, validation=1, test=1)
    sent = {"dataset": dataset.pk, "recipe": "own_cells_small", "epochs": "0", "seed": "5"}
    answer = page.post(reverse("mlmodels:training_new"), sent)
    assert "Give a whole number of epochs from 1 to 200." in text_of(answer)


@pytest.mark.parametrize("wrong", [{"epochs": "0"}, {"seed": "x"}, {"recipe": "vgg16"}, {}])
def test_what_cannot_be_asked_for_is_said_at_its_field(page, admin, wrong):
    dataset = make_dataset(admin, train=1, validation=1, test=1)
    sent = {"dataset": dataset.pk, "recipe": "own_cells", "seed": "5"} | wrong if wrong else {}
    answer = page.post(reverse("mlmodels:training_new"), sent)
    assert answer.status_code == 400
    assert "field__errors" in answer.content.decode()


@pytest.mark.slow
def test_the_form_says_what_it_will_cost_and_learns_from_earlier_runs(page, admin, finished_run):
    sent = {"dataset": finished_run.dataset_id, "recipe": "own_cells_small", "seed": "1"}
    stated = text_of(page.get(reverse("mlmodels:training_cost"), {**sent, "recipe": "own_cells"}))
    assert "51 200 crops at 110 a second" in stated
    assert "a first estimate for two cores" in stated
    measured = text_of(page.get(reverse("mlmodels:training_cost"), {**sent, "epochs": "2"}))
    assert "as the last 1 run of this recipe went here" in measured


def test_without_a_frozen_dataset_the_list_says_what_to_do(page):
    assert "bring one in and freeze it first" in text_of(
        page.get(reverse("mlmodels:training_runs"))
    )


def test_a_run_under_way_is_told_live_and_asked_for_until_it_is_final(page, admin):
    run = make_run(admin)
    assert "Waits for the training worker" in text_of(page.get(address("training_run", run)))
    held = claimed(run)
    progress = {
        "phase": "training",
        "stage": "own cells",
        "stage_number": 1,
        "stages": 1,
        "epoch": 2,
        "epochs": 4,
        "step": 10,
        "steps": 20,
        "loss": 0.321,
        "accuracy": 0.875,
        "seconds_left": 130.0,
    }
    claims.tell(held, progress=progress)
    claims.add_epochs(held, [{**EPOCH, "position": 1, "epoch": 1}])
    answer = page.get(address("training_progress", run))
    said = text_of(answer)
    assert "epoch 2 of 4, step 10 of 20" in said
    assert "0.321 loss" in said
    assert "87.5 % right" in said
    assert "2 min left" in said
    assert "<polyline" in answer.content.decode()
    assert "hx-trigger" in answer.content.decode()
    again = page.get(address("training_progress", run), headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    claims.fail(held, code="x", sentence="The disk is full. Make room, then resume.")
    final = page.get(address("training_progress", run))
    assert "The disk is full" in text_of(final)
    assert "Resume" in text_of(final)
    assert "hx-trigger" not in final.content.decode()


def test_a_run_is_cancelled_and_resumed_on_its_page(page, admin):
    run = make_run(admin)
    told = page.post(address("training_cancel", run), follow=True)
    assert "The training is cancelled." in text_of(told)
    page.post(address("training_resume", run))
    run.refresh_from_db()
    assert run.status == "queued"


@pytest.mark.slow
def test_a_finished_run_reads_from_data_to_verdict(page, finished_run):
    answer = page.get(address("training_run", finished_run))
    said = text_of(answer)
    for heading in (
        "1. The data",
        "2. Augmentation",
        "3. Training",
        "4. The verdict",
        "5. Examples",
        "6. What this model is bad at",
        "7. The candidate",
        "8. How to get the same again",
    ):
        assert heading in said
    assert "Neutrophil 5 2 3 10 50.0 % 50.0 %" in said
    assert "6 pictures of the test split" in said
    assert "95 % interval" in said
    assert str(finished_run.candidate) in said
    assert "It has never seen eosinophil, basophil" in said
    assert finished_run.provenance["dataset_sha256"] in said


@pytest.mark.slow
def test_every_picture_of_the_page_is_our_own_jpeg(page, finished_run):
    content = page.get(address("training_run", finished_run)).content.decode()
    sources = re.findall(r'<img src="([^"]+)"', content)
    assert len(sources) >= 4
    for source in sources:
        answer = page.get(source)
        assert answer["Content-Type"] == "image/jpeg"
        assert answer.content.startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("name", ["samples-9.jpg", "..%2Flog.txt", "log.txt", "samples-0.png"])
def test_nothing_but_the_runs_pictures_is_given_out(page, admin, name):
    run = make_failed_run(admin)
    root = address("training_run", run)
    assert page.get(f"{root}pictures/{name}").status_code == 404


@pytest.mark.slow
def test_the_log_is_a_download(page, finished_run):
    answer = page.get(address("training_log", finished_run))
    assert "attachment" in answer["Content-Disposition"]
    whole = b"".join(answer.streaming_content)
    assert whole == (artifacts.run_folder(finished_run.pk) / artifacts.RUN_LOG).read_bytes()
    assert b"epoch=1" in whole


def test_only_a_run_with_a_candidate_has_a_notebook(page, admin):
    answer = page.get(address("training_notebook", make_failed_run(admin)))
    assert answer.status_code == 409
    assert "ended with a candidate" in text_of(answer)
