"""What workers do for datasets, training runs and models."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import shared_task, signals
from django.conf import settings

from mlmodels.services import sweep
from mlmodels.services.datasets import run_datasets
from mlmodels.services.training import run_training_job
from mlmodels.services.versions import run_gate

# The run itself ends what takes too long, with a sentence; this is for a watcher that hangs.
_TRAINING_LIMIT_S = (settings.TRAINING_AT_MOST_H + 1) * 3600
# Some ten thousand pictures take an hour or two on one core.
_DATASET_LIMIT_S = 12 * 3600


@shared_task(
    name="mlmodels.run_training",
    soft_time_limit=_TRAINING_LIMIT_S,
    time_limit=_TRAINING_LIMIT_S + 60,
)
def run_training(run_id: str) -> None:
    """Train, or go on training, what one run asks for."""
    run_training_job.run_training(run_id=UUID(run_id))


@shared_task(name="mlmodels.check_gate", soft_time_limit=6 * 3600, time_limit=6 * 3600 + 60)
def check_gate(gate_id: str) -> None:
    """Compare one version with the active one."""
    run_gate.check_gate(gate_id=UUID(gate_id))


@shared_task(
    name="mlmodels.import_dataset",
    autoretry_for=run_datasets.PASSING,
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=5,
    soft_time_limit=_DATASET_LIMIT_S,
    time_limit=_DATASET_LIMIT_S + 60,
)
def import_dataset(dataset_id: str) -> None:
    """Read the archive of one dataset."""
    run_datasets.import_dataset(dataset_id=UUID(dataset_id))


@shared_task(
    name="mlmodels.check_duplicates",
    autoretry_for=run_datasets.PASSING,
    retry_backoff=2,
    retry_backoff_max=60,
    max_retries=5,
    soft_time_limit=_DATASET_LIMIT_S,
    time_limit=_DATASET_LIMIT_S + 60,
)
def check_duplicates(dataset_id: str) -> None:
    """Search one dataset for the same cell on both sides of a split."""
    run_datasets.check_duplicates(dataset_id=UUID(dataset_id))


@shared_task(name="mlmodels.sweep")
def sweep_models() -> None:
    """Look after stale work."""
    sweep.sweep()


@signals.worker_shutting_down.connect
def let_trainings_go(**kwargs: Any) -> None:
    """A worker that is told to end gives its training back: it goes on elsewhere, or later."""
    run_training_job.end_with_worker()
