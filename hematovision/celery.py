"""The Celery application. Its settings are the `CELERY_` ones of `settings.py`."""

import os

from celery import Celery

from hematovision import folder_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings")

folder_broker.register()
app = Celery("hematovision")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
