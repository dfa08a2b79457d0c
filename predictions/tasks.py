"""What workers do for samples and images, and what a worker does when it starts and ends."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

from celery import current_app, shared_task, signals

from hematovision.leases import worker_name
from predictions.services.exchange import run_delivery
from predictions.services.imaging import run_archives, run_classification, run_shadow, sweep
from predictions.services.imaging.run_heartbeat import Heartbeat
from predictions.services.quality import run_drift
from predictions.services.reports import run_reports
from predictions.services.research import exports, run_exports
from predictions.services.review import run_added_cells

QUEUE = "inference"
# After what may pass by itself: with growing pauses of up to a minute.
_TRIED_AGAIN: dict[str, Any] = {"retry_backoff": 2, "retry_backoff_max": 60, "max_retries": 5}
# Five hundred pictures take minutes, the largest ones a good half-hour.
_ARCHIVE_LIMIT_S = 2 * 3600
# A slice takes seconds; the last one copies the whole file into storage.
_EXPORT_LIMIT_S = 3600


@shared_task(
    name="predictions.classify_image",
    autoretry_for=run_classification.PASSING,
    **_TRIED_AGAIN,
)
def classify_image(job_id: str) -> None:
    """Classify the image of one job."""
    run_classification.classify_image(job_id=UUID(job_id))


@shared_task(
    name="predictions.read_in_shadow",
    autoretry_for=run_shadow.PASSING,
    **_TRIED_AGAIN,
)
def read_in_shadow(job_id: str) -> None:
    """Let the version in shadow read the image of one job."""
    run_shadow.read_in_shadow(job_id=UUID(job_id))


@shared_task(
    name="predictions.make_report",
    autoretry_for=run_reports.PASSING,
    **_TRIED_AGAIN,
)
def make_report(report_id: str) -> None:
    """Make the file of one report."""
    run_reports.make_report(report_id=UUID(report_id))


@shared_task(
    name="predictions.deliver",
    autoretry_for=run_delivery.PASSING,
    **_TRIED_AGAIN,
)
def deliver(delivery_id: str) -> None:
    """Tell a system of one report."""
    run_delivery.deliver(delivery_id=UUID(delivery_id))


@shared_task(
    name="predictions.export_cells",
    autoretry_for=run_exports.PASSING,
    **_TRIED_AGAIN,
    soft_time_limit=_EXPORT_LIMIT_S,
    time_limit=_EXPORT_LIMIT_S + 60,
)
def export_cells(export_id: str) -> None:
    """Write a slice of one export of cells."""
    run_exports.export_cells(export_id=UUID(export_id))


@shared_task(name="predictions.expire_exports")
def expire_exports() -> None:
    """Remove exports whose time has come, and what killed workers left of others."""
    exports.expire_exports()
    exports.remove_left_parts()


@shared_task(
    name="predictions.name_added_cell",
    autoretry_for=run_added_cells.PASSING,
    **_TRIED_AGAIN,
)
def name_added_cell(cell_id: str) -> None:
    """Let the engine name a cell that a person added."""
    run_added_cells.name_added_cell(cell_id=UUID(cell_id))


@shared_task(
    name="predictions.unpack_archive",
    autoretry_for=run_archives.PASSING,
    **_TRIED_AGAIN,
    soft_time_limit=_ARCHIVE_LIMIT_S,
    time_limit=_ARCHIVE_LIMIT_S + 60,
)
def unpack_archive(archive_id: str) -> None:
    """Take the pictures of one archive."""
    run_archives.unpack_archive(archive_id=UUID(archive_id))


@shared_task(name="predictions.sweep_jobs")
def sweep_jobs() -> None:
    """Look after stale jobs and files of reports."""
    sweep.sweep()


@shared_task(name="predictions.remove_unnamed_files")
def remove_orphaned_files() -> None:
    """Delete what a crash left in storage."""
    sweep.remove_orphaned_files()


@shared_task(name="predictions.watch_drift")
def watch_drift() -> None:
    """Ask for each profile that was used lately whether its readings changed."""
    run_drift.send_profiles()


@shared_task(name="predictions.watch_profile")
def watch_profile(laboratory_id: str, profile_id: str) -> None:
    """Read some weeks of one profile; an empty one stands for images without."""
    run_drift.watch_profile(
        laboratory_id=UUID(laboratory_id), profile_id=UUID(profile_id) if profile_id else None
    )


@signals.worker_process_init.connect
def open_engine_ahead(**kwargs: Any) -> None:
    """In each new process of the pool, after the fork: open the engine beside the first tasks."""
    if _takes_images():
        threading.Thread(
            target=run_classification.preload_engine, name="preload", daemon=True
        ).start()


@signals.worker_ready.connect
def begin_heartbeat(**kwargs: Any) -> None:
    """Let /readyz know that somebody classifies."""
    if _takes_images():
        _heartbeats.append(Heartbeat(worker_name()))
        _heartbeats[-1].start()


@signals.worker_shutdown.connect
def end_heartbeat(**kwargs: Any) -> None:
    """Say goodbye, so that /readyz need not wait for silence."""
    while _heartbeats:
        _heartbeats.pop().stop()


_heartbeats: list[Heartbeat] = []


def _takes_images() -> bool:
    """Whether this worker consumes the queue of images."""
    return QUEUE in current_app.amqp.queues.consume_from
