"""The Celery application. Its settings are the `CELERY_` ones of `settings.py`."""

import os
import signal
from typing import Any

from celery import Celery, signals
from django.db import close_old_connections

from hematovision import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings")

folder_broker.register()
app = Celery("hematovision")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.task_prerun.connect
def keep_the_connection_usable(**kwargs: Any) -> None:
    """Begin a task as a request begins: with a connection that is neither broken nor too old."""
    close_old_connections()


@signals.worker_process_init.connect
def finish_what_was_begun(**kwargs: Any) -> None:
    """Leave the end of a pool's process to its parent.

    Ctrl-C on `make run` ends the whole group; the parent then waits for the running jobs, which
    would otherwise stay held until their lease ends.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
