"""Ctrl-C reaches a whole group of processes; those of a pool leave their end to their parent."""

import signal

import pytest
from django.conf import settings

from hematovision.celery import app, finish_what_was_begun


@pytest.fixture
def _handlers_of_this_test_only():
    kept = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, kept)


@pytest.mark.usefixtures("_handlers_of_this_test_only")
def test_a_process_of_a_pool_does_not_end_when_told_to():
    finish_what_was_begun()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_a_task_is_done_again_when_its_process_was_lost():
    assert app.conf.task_acks_late
    assert app.conf.task_reject_on_worker_lost


def test_no_queue_gets_the_messages_of_another():
    keys = [(q.exchange.name, q.routing_key) for q in settings.CELERY_TASK_QUEUES]
    assert len(set(keys)) == len(keys)
    assert settings.CELERY_TASK_DEFAULT_QUEUE in {q.name for q in settings.CELERY_TASK_QUEUES}
