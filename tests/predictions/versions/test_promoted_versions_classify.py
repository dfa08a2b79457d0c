"""Workers follow the ledger job by job; each job keeps the version that made it."""

import pytest

from accounts.models import AuditAction, AuditEvent
from mlmodels import artifacts
from mlmodels.models import ImagingProfile
from mlmodels.services.versions.promotions import roll_back
from predictions.models import Cell, ClassificationJob, SmearImage
from predictions.services.imaging import jobs
from predictions.services.imaging.run_classification import classify_image
from tests.factories.images import make_image, make_job
from tests.factories.models import make_active, make_candidate, mixed_up

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _registry_of_this_test_only(settings, tmp_path):
    settings.REGISTRY_DIR = tmp_path / "registry"


def classified(job: ClassificationJob) -> ClassificationJob:
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert job.status == ClassificationJob.Status.SUCCEEDED, job.error
    return job


def label_of(job: ClassificationJob) -> str:
    return Cell.objects.get(job=job, position=1).label


def test_the_next_job_is_done_by_the_promoted_version(admin, technician, laboratory, model):
    before = classified(make_job(technician, seed=3))
    version = make_candidate(laboratory, mixed_up)
    make_active(admin, version)
    after = classified(make_job(technician, seed=3))
    assert (before.model_version, after.model_version) == (model, version)
    assert label_of(before) != label_of(after)
    roll_back(actor=admin)
    again = classified(make_job(technician, seed=3))
    assert (again.model_version, label_of(again)) == (model, label_of(before))
    # What was made stays as it was made.
    before.refresh_from_db()
    after.refresh_from_db()
    assert (before.model_version, after.model_version) == (model, version)


def test_a_job_that_was_begun_is_finished_by_the_version_it_began_with(
    admin, technician, laboratory, model
):
    job = make_job(technician)
    held = jobs.claim(job.pk)
    assert held is not None
    make_active(admin, make_candidate(laboratory))
    assert held.version == model
    assert jobs.record([jobs.Result(held, cells=[])])
    job.refresh_from_db()
    assert job.model_version == model


def test_another_laboratory_keeps_what_it_had(
    admin, laboratory, technician, other_technician, model
):
    make_active(admin, make_candidate(laboratory))
    assert classified(make_job(other_technician)).model_version == model
    assert classified(make_job(technician)).model_version != model


def test_an_images_profile_chooses_its_version(admin, technician, laboratory, model):
    scanner = ImagingProfile.objects.create(laboratory=laboratory, name="Scanner", created_by=admin)
    version = make_candidate(laboratory, profile=scanner)
    make_active(admin, version, profile=scanner)
    by_scanner, other = make_image(technician), make_image(technician)
    SmearImage.objects.filter(pk=by_scanner.pk).update(imaging_profile=scanner)
    SmearImage.objects.filter(pk=other.pk).update(imaging_profile=None)
    assert classified(by_scanner.jobs.get()).model_version == version
    assert classified(other.jobs.get()).model_version == model


def test_a_damaged_promoted_version_fails_the_job_in_a_sentence(
    admin, technician, laboratory, model
):
    version = make_candidate(laboratory)
    make_active(admin, version)
    with (artifacts.model_folder(version) / "model.tflite").open("ab") as stream:
        stream.write(b" ")
    job = make_job(technician)
    classify_image(job_id=job.pk)
    job.refresh_from_db()
    assert (job.status, job.error_code) == (ClassificationJob.Status.FAILED, "model_damaged")
    assert "missing or damaged" in job.error
    assert not Cell.objects.filter(job=job).exists()


def test_the_audit_names_the_version(admin, technician, laboratory, model):
    version = make_candidate(laboratory)
    make_active(admin, version)
    classified(make_job(technician))
    event = AuditEvent.objects.get(action=AuditAction.IMAGE_CLASSIFIED)
    assert event.changes["model_version"] == [None, str(version)]
