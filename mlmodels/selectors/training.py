"""Reads of training runs."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from mlmodels import artifacts
from mlmodels.errors import TrainingRefused
from mlmodels.models import Dataset


def folder_of_dataset(reference: str) -> Path:
    """The folder that the operator's command names, by its path or by a dataset's id.

    Raises:
        TrainingRefused: it is neither.
    """
    if Path(reference).is_dir():
        return Path(reference)
    try:
        dataset = Dataset.objects.filter(pk=UUID(reference)).first()
    except ValueError:
        dataset = None
    if dataset is None or not dataset.folder:
        raise TrainingRefused("dataset", "There is no dataset of this id, and no such folder.")
    return artifacts.dataset_folder(dataset.folder)
