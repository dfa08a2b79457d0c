"""The project: wiring only, no clinical rule."""

from hematovision.celery import app as celery_app

__all__ = ["celery_app"]
