"""A job has one holder: a claim is one conditional update, and an older fence writes nothing."""

import os
import socket
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions.models import Cell, ClassificationJob
from predictions.services.imaging import jobs
from tests.at_once import at_once
from tests.factories.images import make_job
from tests.factories.results import make_cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(technician) -> ClassificationJob:
    return make_job(technician)


def claimed(job: ClassificationJob) -> jobs.Claim:
    """A claim that succeeds."""
    held = jobs.claim(job.pk)
    assert held is not None
    return held


def claim_in_a_thread(job: ClassificationJob, index: int) -> jobs.Claim | None:
    return jobs.claim(job.pk)


def let_the_lease_end(job: ClassificationJob) -> None:
    ClassificationJob.objects.filter(pk=job.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )


def a_cell(held: jobs.Claim) -> Cell:
    return make_cell(held.image, job_id=held.job_id)


def test_a_claim_names_the_process_that_holds_it(job):
    held = claimed(job)
    job.refresh_from_db()
    assert held.fence == job.fence == 1
    assert job.status == "running"
    assert job.stage == "reading"
    assert job.attempts == 1
    assert job.worker == f"{socket.gethostname()}:{os.getpid()}"
    assert job.lease_until > timezone.now()


def test_a_held_job_cannot_be_claimed(job):
    assert jobs.claim(job.pk)
    assert jobs.claim(job.pk) is None


def test_a_job_that_does_not_exist_cannot_be_claimed(db, laboratory):
    assert jobs.claim(laboratory.pk) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_that_claim_at_once_one_gets_it(technician):
    for _ in range(5):
        job = make_job(technician)
        answers = at_once(8, partial(claim_in_a_thread, job))
        assert not [answer for answer in answers if isinstance(answer, Exception)]
        assert len([answer for answer in answers if answer]) == 1
        job.refresh_from_db()
        assert (job.fence, job.attempts) == (1, 1)


def test_a_job_whose_lease_ended_is_taken_over_with_a_higher_fence(job):
    first = claimed(job)
    let_the_lease_end(job)
    second = claimed(job)
    assert second.fence == first.fence + 1
    assert second.attempt == 2


def test_a_renewed_lease_is_not_taken_over(job):
    held = claimed(job)
    let_the_lease_end(job)
    assert jobs.renew(held)
    assert jobs.claim(job.pk) is None


def test_who_lost_a_job_writes_nothing(job):
    late = claimed(job)
    let_the_lease_end(job)
    now = claimed(job)
    assert not jobs.renew(late)
    assert not jobs.enter_stage(late, ClassificationJob.Stage.RECORDING)
    assert not jobs.record([jobs.Result(late, cells=[a_cell(late)])])
    assert not jobs.fail(late, code="unexpected", sentence="Late.")
    assert not jobs.release(late)
    assert not Cell.objects.exists()
    job.refresh_from_db()
    assert job.status == "running"
    assert jobs.record([jobs.Result(now, cells=[a_cell(now)], timings_ms={"decode": 1.5})])
    assert not jobs.record([jobs.Result(late, cells=[a_cell(late)])])
    assert Cell.objects.count() == 1


def test_recording_ends_the_job_and_stands_in_the_audit_trail(job):
    held = claimed(job)
    assert jobs.record([jobs.Result(held, cells=[a_cell(held)], timings_ms={"decode": 1.5})])
    job.refresh_from_db()
    assert job.status == "succeeded"
    assert job.stage == ""
    assert job.finished_at
    assert job.timings_ms == {"decode": 1.5}
    event = AuditEvent.objects.get(action=AuditAction.IMAGE_CLASSIFIED)
    assert event.actor is None
    assert event.laboratory == job.image.sample.laboratory


def test_a_finished_job_is_not_claimed_again(job):
    held = claimed(job)
    jobs.fail(held, code="unexpected", sentence="It failed.")
    assert jobs.claim(job.pk) is None
    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", "It failed.")


def test_the_last_attempt_is_the_last(job, settings):
    settings.JOB_MAX_ATTEMPTS = 2
    for _ in range(2):
        assert jobs.claim(job.pk)
        let_the_lease_end(job)
    assert jobs.claim(job.pk) is None
