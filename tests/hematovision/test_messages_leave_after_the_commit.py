"""A worker hears of a row only once the row is there for it to read."""

import json
import time
import uuid
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from hematovision import queue

TASK = "predictions.classify_image"


@pytest.fixture
def job_id() -> str:
    """An id that no other message carries."""
    return str(uuid.uuid4())


def sent_about(job_id: str) -> list[str]:
    """The names of the tasks whose messages carry an id."""
    folder = Path(str(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    headers = [json.loads(path.read_text())["headers"] for path in folder.glob("*.msg")]
    return [header["task"] for header in headers if job_id in header["kwargsrepr"]]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_before_the_commit(job_id):
    with transaction.atomic():
        queue.enqueue_on_commit(TASK, job_id=job_id)
        assert sent_about(job_id) == []
    assert sent_about(job_id) == [TASK]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_after_a_rollback(job_id):
    with transaction.atomic():
        queue.enqueue_on_commit(TASK, job_id=job_id)
        transaction.set_rollback(True)
    assert sent_about(job_id) == []


def test_a_broker_that_held_somebody_up_is_left_alone_for_a_while(job_id, monkeypatch):
    monkeypatch.setattr(queue, "_leave_alone_until", time.monotonic() + 60)
    assert queue.send(TASK, job_id=job_id) is False
    assert sent_about(job_id) == []
    monkeypatch.setattr(queue, "_leave_alone_until", time.monotonic())
    assert queue.send(TASK, job_id=job_id) is True
    assert sent_about(job_id) == [TASK]
