"""Tasks are sent by name: each name that is sent, scheduled or routed must be a task's."""

import re
from pathlib import Path

import pytest
from celery.schedules import crontab
from django.conf import settings

from hematovision.celery import app

ROOT = Path(__file__).resolve().parents[2]
SENT = re.compile(r"""(?:enqueue_on_commit|send)\(\s*["']([a-z_.]+)["']""")


def our_tasks() -> set[str]:
    """The names of the tasks that a worker of ours knows."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def sent_names() -> set[str]:
    """Every name that our code sends."""
    found: set[str] = set()
    for folder in ("accounts", "mlmodels", "predictions"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(SENT.findall(path.read_text()))
    return found


def seconds_between(schedule: int | crontab) -> int:
    """How far one time is from the next; of times of the day, there is one a day."""
    if not isinstance(schedule, crontab):
        return schedule
    assert len(schedule.hour) == len(schedule.minute) == 1
    return 24 * 3600


def test_what_is_sent_by_name_is_a_task():
    assert sent_names() <= our_tasks()
    assert "predictions.classify_image" in sent_names()


def test_what_beat_schedules_is_a_task_and_expires_before_the_next():
    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in our_tasks()
        assert entry["options"]["expires"] <= seconds_between(entry["schedule"])


def test_every_task_has_a_queue_that_a_worker_of_the_procfile_takes():
    start = (ROOT / "deploy" / "start").read_text()
    taken = {
        name for names in re.findall(r"--queues ([a-z,]+)", start) for name in names.split(",")
    }
    declared = {queue.name for queue in settings.CELERY_TASK_QUEUES}
    routed = {app.conf.task_routes[name]["queue"] for name in our_tasks()}
    assert taken == declared
    assert routed <= taken


def test_names_are_written_out_app_and_verb():
    for name in our_tasks():
        assert re.fullmatch(r"(accounts|mlmodels|predictions)\.[a-z_]+", name)


@pytest.mark.parametrize("awaited", ["inference", "reports"])
def test_nothing_that_may_take_hours_stands_in_the_way_of(awaited):
    start = (ROOT / "deploy" / "start").read_text()
    [beside] = [q.split(",") for q in re.findall(r"--queues ([a-z,]+)", start) if awaited in q]
    for name, route in settings.CELERY_TASK_ROUTES.items():
        if route["queue"] in beside:
            limit = app.tasks[name].time_limit or settings.CELERY_TASK_TIME_LIMIT
            assert limit <= settings.CELERY_TASK_TIME_LIMIT, name
