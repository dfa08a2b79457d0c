"""Of the threads of a web process half may wait for results; the others answer everybody."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from predictions.models import JobStatus, SmearImage
from predictions.services.imaging.reading import view_result
from tests.drawn_cells import draw_smear_png
from tests.factories.images import file_of, make_image

ROOT = Path(__file__).resolve().parents[3]
WAIT_S = 20


@pytest.fixture
def web() -> Iterator[Callable[..., Future]]:
    """So many threads as gunicorn has, taking one call after another."""
    with ThreadPoolExecutor(settings.WEB_THREADS) as threads:

        def submit(call: Callable[[], object]) -> Future:
            return threads.submit(answered, call)

        yield submit


def answered(call: Callable[[], object]) -> object:
    try:
        return call()
    finally:
        connections.close_all()


def until(holds: Callable[[], bool], within_s: float) -> bool:
    end = time.monotonic() + within_s
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


@pytest.mark.django_db(transaction=True)
def test_half_wait_the_others_are_told_at_once_and_health_is_answered(technician, api_as, web):
    picture = draw_smear_png(seed=1, cells=2)
    clients = [api_as(technician) for _ in range(settings.WEB_THREADS)]

    def predict(client):
        return lambda: client.post(
            f"/api/v1/predict/?wait={WAIT_S}", {"image": file_of(picture)}, format="multipart"
        )

    began = time.monotonic()
    calls = [web(predict(client)) for client in clients]
    half = settings.WEB_THREADS // 2
    assert until(lambda: sum(call.done() for call in calls) >= half, within_s=WAIT_S - 2)

    asked = time.monotonic()
    alive = web(lambda: Client().get("/healthz")).result(timeout=5)
    assert alive.status_code == 200
    assert time.monotonic() - asked < 1
    told = [call.result() for call in calls if call.done()]
    assert len(told) == half
    assert {answer.status_code for answer in told} == {202}
    assert all(answer["Location"] == answer.json()["url"] for answer in told)
    assert time.monotonic() - began < WAIT_S

    # Those who wait get what they wait for.
    SmearImage.objects.update(status=JobStatus.FAILED)
    waited = [call.result(timeout=5) for call in calls if call.result(timeout=5) not in told]
    assert {answer.status_code for answer in waited} == {200}
    assert len(waited) == settings.WEB_THREADS - half


@pytest.mark.django_db
def test_a_place_is_given_back(technician, sample):
    image = make_image(technician, sample)
    for _ in range(settings.WEB_THREADS // 2 + 1):
        began = time.monotonic()
        view_result(actor=technician, image_id=image.pk, wait_s=0.3)
        assert time.monotonic() - began >= 0.3


def test_gunicorn_is_given_the_threads_that_settings_count():
    start = (ROOT / "deploy" / "start").read_text()
    [default] = re.findall(r'export WEB_THREADS="\$\{WEB_THREADS:-(\d+)\}"', start)
    assert '--threads "$WEB_THREADS"' in start
    assert f'"WEB_THREADS", default={default},' in (ROOT / "hematovision/settings.py").read_text()
