"""Whether the parts that classification needs are there. Open to all, so it says yes or no."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from mlmodels import artifacts
from mlmodels.selectors.versions.active import active_version
from predictions.models import WorkerHeartbeat


def database_answers() -> bool:
    """One row comes back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def model_is_there() -> bool:
    """A version is active, and its folder is the one that was registered."""
    version = active_version(None)
    return version is not None and artifacts.is_registered_folder(
        artifacts.model_folder(version), version.checksums_sha256
    )


def worker_was_heard() -> bool:
    """A worker that classifies has written its heartbeat lately."""
    since = timezone.now() - timedelta(seconds=settings.WORKER_SILENT_AFTER_S)
    return WorkerHeartbeat.objects.filter(seen_at__gte=since).exists()
