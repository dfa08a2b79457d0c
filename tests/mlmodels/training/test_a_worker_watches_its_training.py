"""What the worker does about the process that trains: its failures, its cancelling, its loss."""

import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import AuditEvent
from mlmodels import artifacts
from mlmodels.models import TrainingRun
from mlmodels.services.training import claims, requests
from mlmodels.services.training.run_training_job import run_training
from tests.factories.training import ROOT, make_run

pytestmark = pytest.mark.slow

FORKED_AND_TOLD = """
import os, sys, time
import django
django.setup()
from mlmodels.services.training import run_training_job as job
child = os.fork()
if child == 0:
    end = time.monotonic() + 20
    while not job.worker_is_ending() and time.monotonic() < end:
        time.sleep(0.01)
    os._exit(0 if job.worker_is_ending() else 1)
job.end_with_worker()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def picture_of(run):
    return artifacts.dataset_folder(run.dataset.folder) / run.dataset.images.first().path


def log_of(run):
    return (artifacts.run_folder(run.pk) / artifacts.RUN_LOG).read_text()


def trainers_of(run):
    """The processes that write into the run's folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(artifacts.run_folder(run.pk)) in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def wait_for(claim, within_s=60):
    end = time.monotonic() + within_s
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture
def at_work(transactional_db, admin):
    """A run that a thread of this process works on, and that thread."""
    run = make_run(admin)

    def work():
        try:
            run_training(run_id=run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    wait_for(lambda: trainers_of(run))
    yield run, thread
    TrainingRun.objects.filter(pk=run.pk).update(cancel_requested_at=timezone.now())
    thread.join()


def test_files_that_were_changed_after_the_freezing_do_not_train(admin):
    run = make_run(admin)
    picture_of(run).write_bytes(b"something else")
    run_training(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "training_failed")
    assert "not the ones that were frozen" in run.error
    assert "not the ones that were frozen" in log_of(run)
    assert AuditEvent.objects.filter(object_id=str(run.pk), action="training_ended").exists()


def test_a_dataset_without_files_is_said(admin):
    run = make_run(admin)
    assert run.dataset
    folder = artifacts.dataset_folder(run.dataset.folder)
    folder.rename(folder.with_name("moved"))
    run_training(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "dataset_missing")


def test_a_folder_that_cannot_be_written_is_said_in_words(admin):
    run = make_run(admin)
    (artifacts.run_folder(run.pk) / "lock").mkdir(parents=True)
    run_training(run_id=run.pk)
    run.refresh_from_db()
    assert run.status == "failed"
    assert "could not be read or written" in run.error
    assert "lock" in log_of(run)


def test_a_cancelled_training_ends_within_seconds_and_keeps_its_log(at_work, admin):
    run, thread = at_work
    began = time.monotonic()
    requests.cancel_run(actor=admin, run_id=run.pk)
    thread.join()
    assert time.monotonic() - began < 10
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert trainers_of(run) == []
    assert (artifacts.run_folder(run.pk) / artifacts.RUN_LOG).is_file()


def test_a_worker_that_lost_its_run_ends_the_training_and_writes_nothing(at_work):
    run, thread = at_work
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    while (present := claims.claim(run.pk)) is None:
        past = timezone.now() - timedelta(seconds=1)
        TrainingRun.objects.filter(pk=run.pk).update(lease_until=past)
    thread.join()
    assert trainers_of(run) == []
    run.refresh_from_db()
    assert (run.status, run.fence) == ("running", present.fence)


def test_every_process_of_a_pool_hears_that_its_worker_ends():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", FORKED_AND_TOLD]
    assert subprocess.run(command, cwd=ROOT, env=environment).returncode == 0
