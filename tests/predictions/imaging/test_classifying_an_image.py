"""From a queued job to stored cells, with the shipped model; what fails says so and stores none."""

import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.base import File

from accounts.models import AuditAction, AuditEvent
from mlmodels.services.versions.registration import register_shipped
from predictions.errors import StorageUnavailable
from predictions.models import Cell, ClassificationJob
from predictions.services.imaging import jobs
from predictions.services.imaging.run_classification import classify_image
from predictions.storage import DurableFolderStorage
from tests.at_once import at_once
from tests.factories.images import make_image, make_job

pytestmark = pytest.mark.django_db


def original_of(job: ClassificationJob) -> Path:
    return Path(django_settings.MEDIA_ROOT) / job.image.original


def test_an_image_is_classified(technician, model):
    job = make_job(technician, cells=3)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error) == ("succeeded", "")
    assert job.model_version == model
    assert {"decode", "locate", "classify"} <= set(job.timings_ms)
    cells = list(job.cells.all())
    assert cells
    assert [cell.position for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        assert cell.label == max(cell.probabilities, key=cell.probabilities.get)
        assert sum(cell.probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert cell.x_px + cell.width_px <= job.image.width_px
        assert cell.y_px + cell.height_px <= job.image.height_px
        assert cell.familiarity_percentile is not None
        assert 0 <= cell.familiarity_percentile <= 100


def test_a_job_done_twice_leaves_one_set_of_results(technician, model):
    job = make_job(technician)
    classify_image(job_id=job.pk)
    found = list(job.cells.values_list("pk", flat=True))
    classify_image(job_id=job.pk)
    assert list(job.cells.values_list("pk", flat=True)) == found


@pytest.mark.django_db(transaction=True)
def test_a_job_of_four_workers_at_once_leaves_one_result(technician):
    register_shipped()
    job = make_job(technician, cells=2)
    assert at_once(4, lambda _: classify_image(job_id=job.pk)) == [None] * 4
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("succeeded", 1)
    positions = list(job.cells.values_list("position", flat=True))
    assert positions == sorted(set(positions))


def test_a_picture_without_a_cell_succeeds_with_none(technician, model):
    job = make_job(technician, cells=0)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == "succeeded"


def test_without_a_model_the_job_fails_and_there_is_no_answer(technician):
    job = make_job(technician)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "no_active_model")
    assert "No model is registered" in job.error
    assert AuditEvent.objects.filter(action=AuditAction.IMAGE_FAILED).count() == 1


@pytest.mark.parametrize("file", ["model.tflite", "card.json", "familiarity.npz", "SHA256SUMS"])
def test_a_damaged_model_fails_the_job_and_there_is_no_answer(technician, own_model_folder, file):
    register_shipped()
    job, later = make_job(technician), make_job(technician)
    with (own_model_folder / file).open("ab") as stream:
        stream.write(b"\n")
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "model_damaged")
    assert not Cell.objects.exists()
    (own_model_folder / file).unlink()
    classify_image(job_id=later.pk)
    later.refresh_from_db()
    assert (later.status, later.error_code) == ("failed", "model_damaged")


def test_a_model_damaged_while_open_gives_no_more_answers(technician, own_model_folder):
    register_shipped()
    classify_image(job_id=make_job(technician).pk)
    weights = own_model_folder / "model.tflite"
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-1])
    classify_image(job_id=make_job(technician).pk)
    weights.write_bytes(kept)
    classify_image(job_id=make_job(technician).pk)
    states = ClassificationJob.objects.order_by("queued_at").values_list("status", flat=True)
    assert list(states) == ["succeeded", "failed", "succeeded"]


def test_an_original_that_was_changed_is_not_classified(technician, model):
    job = make_job(technician)
    original_of(job).write_bytes(original_of(make_job(technician)).read_bytes())
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "original_missing")


def test_an_original_that_is_gone_is_not_classified(technician, model):
    job = make_job(technician)
    original_of(job).unlink()
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == ("failed", "original_missing")


@pytest.mark.django_db(transaction=True)
def test_what_may_pass_is_raised_and_the_job_waits_for_its_next_attempt(technician, model):
    job = make_job(technician)
    original = original_of(job)
    kept = original.read_bytes()
    original.unlink()
    original.mkdir()
    with pytest.raises(StorageUnavailable):
        classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts, job.sends) == ("queued", 1, 1)
    original.rmdir()
    original.write_bytes(kept)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("succeeded", 2)


class SlowStorage(DurableFolderStorage):
    """Takes its time to give a file."""

    def open(self, name: str, mode: str = "rb") -> File:
        time.sleep(3)
        return super().open(name, mode)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_long_work_keeps_its_job_beyond_one_lease(technician, settings):
    settings.JOB_LEASE_S = 1.5
    register_shipped()
    job = make_job(technician)
    path = f"{SlowStorage.__module__}.{SlowStorage.__qualname__}"
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": path}}
    taken_over = []

    def act(index: int) -> None:
        if index == 0:
            classify_image(job_id=job.pk)
            return
        while not ClassificationJob.objects.filter(pk=job.pk, status="succeeded").exists():
            time.sleep(0.1)
            if ClassificationJob.objects.filter(pk=job.pk, status="running").exists():
                taken_over.append(jobs.claim(job.pk))

    assert at_once(2, act) == [None, None]
    job.refresh_from_db()
    assert (job.status, job.attempts) == ("succeeded", 1)
    assert len(taken_over) > 5
    assert not any(taken_over)


def test_each_stage_is_written_down_and_prolongs_the_lease(technician, model):
    job = make_job(technician)
    held = jobs.claim(job.pk)
    assert held is not None
    job.refresh_from_db()
    before = job.lease_until
    assert before is not None
    assert jobs.enter_stage(held, ClassificationJob.Stage.CLASSIFYING)
    job.refresh_from_db()
    assert job.stage == "classifying"
    assert job.lease_until is not None
    assert job.lease_until > before


def test_a_new_classification_keeps_the_old_cells_until_it_has_its_own(technician, model):
    image = make_image(technician)
    first = image.jobs.get()
    classify_image(job_id=first.pk)
    second = jobs.request_rerun(actor=technician, image_id=image.pk)
    classify_image(job_id=second.pk)
    assert first.cells.count() == second.cells.count() > 0
