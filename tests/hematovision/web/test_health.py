"""Alive and ready: open to all, quick, and telling no secrets."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from mlmodels.services.versions.registration import register_shipped
from predictions.models import WorkerHeartbeat
from predictions.services.imaging.run_heartbeat import Heartbeat

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


def parts(client) -> tuple[int, set[str]]:
    """The status, and what fails."""
    answer = client.get("/readyz")
    failing = {name for name, state in answer.json()["parts"].items() if state != "ok"}
    return answer.status_code, failing


@pytest.fixture
def heard(db) -> WorkerHeartbeat:
    return WorkerHeartbeat.objects.create(worker="here:1", seen_at=timezone.now())


def test_a_process_that_answers_is_alive(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_ready_means_database_broker_model_and_worker(client, model, heard):
    assert parts(client) == (200, set())


def test_without_a_model_nothing_is_ready(client, heard):
    assert parts(client) == (503, {"model"})


def test_a_model_whose_files_are_not_the_registered_ones_is_not_ready(
    client, own_model_folder, heard
):
    register_shipped()
    assert parts(client) == (200, set())
    (own_model_folder / "model.keras").unlink()
    assert parts(client) == (503, {"model"})


def test_a_worker_that_was_not_heard_lately_is_not_ready(client, model, heard):
    silent = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_AFTER_S + 1)
    WorkerHeartbeat.objects.update(seen_at=silent)
    assert parts(client) == (503, {"worker"})


def test_the_answer_tells_no_secret(client):
    text = client.get("/readyz").content.decode()
    for secret in (settings.SECRET_KEY, str(settings.VAR_DIR), "sqlite", "postgres", "redis"):
        assert secret not in text


SCRIPT = """
import json, time, django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
began = time.monotonic()
answer = Client().get("/readyz")
print(json.dumps([answer.status_code, answer.json()["parts"], time.monotonic() - began]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1/0", "folder://"])
def test_a_broker_that_is_gone_is_not_ready_and_holds_nothing_up(tmp_path, broker):
    folder = "import shutil, os; shutil.rmtree(os.environ['VAR_DIR'] + '/broker')\n"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "BROKER_URL": broker,
    }
    script = SCRIPT.replace("began =", folder + "began =") if "folder" in broker else SCRIPT
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    status, found, seconds = json.loads(done.stdout.splitlines()[-1])
    assert status == 503
    assert found["broker"] == "failing"
    assert found["database"] == "ok"
    # A bound against hanging, not a measurement: the page's own patience.
    assert seconds < 20


@pytest.mark.django_db(transaction=True)
def test_a_worker_beats_until_it_says_goodbye():
    old = timezone.now() - timedelta(days=2)
    WorkerHeartbeat.objects.create(worker="gone:1", seen_at=old)
    heartbeat = Heartbeat("here:2", every_s=0.05)
    heartbeat.start()
    seen: set[object] = set()
    end = time.monotonic() + 10
    while len(seen) < 3 and time.monotonic() < end:
        seen.update(WorkerHeartbeat.objects.filter(worker="here:2").values_list("seen_at"))
        time.sleep(0.02)
    heartbeat.stop()
    assert len(seen) >= 3
    assert not WorkerHeartbeat.objects.exists()
