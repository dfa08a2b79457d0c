"""What people say of a dataset's near-duplicates, and what that changes in it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels import artifacts, storage
from mlmodels.errors import DatasetNotFound, DatasetRefused, DatasetStateRefused
from mlmodels.models import Dataset, NearDuplicate
from mlmodels.selectors.datasets.datasets import open_pairs
from mlmodels.services.datasets.changes import locked_dataset, record_change, refuse_not_open

_Check = Dataset.DuplicateCheck
_Resolution = NearDuplicate.Resolution


def resolve_pair(*, actor: User, dataset_id: UUID, pair_id: UUID, resolution: str) -> None:
    """Say what a pair is, and change the dataset accordingly.

    `keep_first` and `keep_second` take the other picture out of the dataset. `same_group` moves
    every picture of the second's source to the first's source and split; what was moved is
    compared again as soon as no pair is open. `not_the_same` leaves both where they are.

    Raises:
        DatasetNotFound: there is no such dataset or pair in the actor's laboratory.
        DatasetStateRefused: the dataset is not open, or somebody resolved the pair already.
        DatasetRefused: there is no such resolution.
    """
    require(actor, Action.MANAGE_DATASETS)
    if resolution not in set(_Resolution) - {_Resolution.OPEN}:
        raise DatasetRefused("resolution", "Choose one of the four answers.")
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        pair = dataset.near_duplicates.select_related("first", "second").filter(pk=pair_id).first()
        if pair is None:
            raise DatasetNotFound()
        if pair.resolution != _Resolution.OPEN:
            raise DatasetStateRefused(
                f"This pair was resolved already: {pair.get_resolution_display()}. "
                "Load the page again."
            )
        changes = _apply(dataset, pair, _Resolution(resolution), actor)
        _ask_again_where_moved(dataset)
        record_change(dataset, actor, AuditAction.DUPLICATE_RESOLVED, changes)


def _apply(
    dataset: Dataset, pair: NearDuplicate, resolution: NearDuplicate.Resolution, actor: User
) -> dict[str, Any]:
    changes: dict[str, Any] = {"pair": [f"{pair.first.path} | {pair.second.path}", str(resolution)]}
    if resolution in (_Resolution.KEEP_FIRST, _Resolution.KEEP_SECOND):
        removed = pair.second if resolution == _Resolution.KEEP_FIRST else pair.first
        changes["removed"] = [removed.path, None]
        folder = artifacts.dataset_folder(dataset.folder)
        removed.delete()
        transaction.on_commit(partial(storage.remove_picture, folder, removed.path))
        thumbnails = artifacts.thumbnails_folder(dataset.folder)
        transaction.on_commit(partial(storage.remove_thumbnails, thumbnails, removed.sha256))
        return changes
    pair.resolution, pair.resolved_by, pair.resolved_at = resolution, actor, timezone.now()
    pair.save(update_fields=["resolution", "resolved_by", "resolved_at"])
    if resolution == _Resolution.SAME_GROUP:
        moved = dataset.images.filter(source=pair.second.source)
        changes["source"] = [pair.second.source, pair.first.source]
        changes["split"] = [pair.second.split, pair.first.split]
        moved.update(source=pair.first.source, split=pair.first.split)
        # Whoever compares now compares what was moved meanwhile: a new fence ends that.
        dataset.duplicate_check, dataset.fence = _Check.WAITING, dataset.fence + 1
        dataset.lease_until, dataset.attempts = None, 0
        dataset.progress_done = dataset.progress_total = 0
        dataset.save(
            update_fields=[
                "duplicate_check",
                "fence",
                "lease_until",
                "attempts",
                "progress_done",
                "progress_total",
            ]
        )
    return changes


def _ask_again_where_moved(dataset: Dataset) -> None:
    """Send what waits for its comparison once nothing is left to resolve."""
    if dataset.duplicate_check == _Check.WAITING and not open_pairs(dataset).exists():
        _send_check(dataset)


def ask_for_check(*, actor: User, dataset_id: UUID) -> Dataset:
    """Search for near-duplicates again, after a search that failed.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: the search did not fail.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        refuse_not_open(dataset)
        if dataset.duplicate_check != _Check.FAILED:
            raise DatasetStateRefused("The search for near-duplicates has not failed.")
        dataset.duplicate_check, dataset.error = _Check.WAITING, ""
        dataset.save(update_fields=["duplicate_check", "error"])
        _send_check(dataset)
        record_change(
            dataset, actor, AuditAction.DATASET_CHANGED, {"duplicate_check": ["failed", "waiting"]}
        )
    return dataset


def _send_check(dataset: Dataset) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(**leases.just_sent())
    enqueue_on_commit("mlmodels.check_duplicates", dataset_id=str(dataset.pk))
