"""The sweeper sends what is stale, slower each time, and fails what has no attempt left."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import AuditAction, AuditEvent
from predictions.models import ClassificationJob
from predictions.services.imaging import jobs
from predictions.services.imaging.sweep import Sweep, sweep
from tests.factories.images import make_job

pytestmark = pytest.mark.django_db


def aged(job: ClassificationJob, *, seconds: float, **values: object) -> None:
    """As if the last message had gone out that long ago."""
    at = timezone.now() - timedelta(seconds=seconds)
    ClassificationJob.objects.filter(pk=job.pk).update(last_sent_at=at, **values)


@pytest.fixture
def job(technician) -> ClassificationJob:
    return make_job(technician)


def test_a_job_that_was_just_sent_is_left_alone(job):
    assert sweep() == Sweep(sent=0, failed=0)


def test_a_queued_job_is_sent_again_after_half_a_minute(job):
    aged(job, seconds=31)
    assert sweep() == Sweep(sent=1, failed=0)
    assert sweep() == Sweep(sent=0, failed=0)


def test_the_delay_doubles(job):
    for sends, delay in [(1, 30), (2, 60), (3, 120), (4, 240), (5, 480), (6, 960), (9, 960)]:
        aged(job, seconds=delay - 5, sends=sends)
        assert sweep().sent == 0, (sends, delay)
        aged(job, seconds=delay + 5, sends=sends)
        assert sweep().sent == 1, (sends, delay)


def test_at_most_a_hundred_go_out_in_a_pass(technician, settings):
    settings.JOB_RESEND_AT_MOST = 2
    for job in [make_job(technician) for _ in range(3)]:
        aged(job, seconds=31)
    assert [sweep().sent, sweep().sent, sweep().sent] == [2, 1, 0]


def test_a_running_job_is_left_alone_while_its_lease_lasts(job):
    jobs.claim(job.pk)
    aged(job, seconds=1000)
    assert sweep() == Sweep(sent=0, failed=0)


def test_a_running_job_whose_lease_ended_is_sent_at_once(job):
    jobs.claim(job.pk)
    past = timezone.now() - timedelta(seconds=1)
    ClassificationJob.objects.filter(pk=job.pk).update(lease_until=past)
    assert sweep() == Sweep(sent=1, failed=0)
    assert sweep() == Sweep(sent=0, failed=0)


def test_a_job_without_attempts_left_fails_with_a_sentence(job):
    jobs.claim(job.pk)
    past = timezone.now() - timedelta(seconds=1)
    ClassificationJob.objects.filter(pk=job.pk).update(lease_until=past, attempts=5)
    assert sweep() == Sweep(sent=0, failed=1)
    job.refresh_from_db()
    assert job.status == "failed"
    assert "5 attempts" in job.error
    assert AuditEvent.objects.filter(action=AuditAction.IMAGE_FAILED).count() == 1


def test_the_last_attempt_may_still_be_at_work(job):
    jobs.claim(job.pk)
    ClassificationJob.objects.filter(pk=job.pk).update(attempts=5)
    assert sweep() == Sweep(sent=0, failed=0)


def test_the_command_does_the_same(job, capsys):
    aged(job, seconds=31)
    call_command("sweep_jobs")
    assert "sent again: 1, failed: 0" in capsys.readouterr().out
