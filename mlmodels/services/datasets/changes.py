"""What changes of datasets share: the locked row, whether it may change, the audit event."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, User
from accounts.services.audit import record_event
from mlmodels import artifacts, policy, storage
from mlmodels.errors import DatasetNotFound, DatasetStateRefused
from mlmodels.models import Dataset

_State = Dataset.State
FROZEN = "A frozen dataset never changes. Derive a new one from it and change that."


def locked_dataset(actor: User, dataset_id: UUID) -> Dataset:
    """A dataset of the actor's laboratory, locked until the transaction ends.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
    """
    dataset = (
        policy.visible_datasets(actor)
        .select_for_update(of=("self",))
        .select_related("laboratory")
        .filter(pk=dataset_id)
        .first()
    )
    if dataset is None:
        raise DatasetNotFound()
    return dataset


def refuse_not_open(dataset: Dataset) -> None:
    """Let pass only a dataset that may still change.

    Raises:
        DatasetStateRefused: it is frozen, being imported, waits for its classes, or was refused.
    """
    if dataset.state == _State.FROZEN:
        raise DatasetStateRefused(FROZEN)
    if dataset.state != _State.OPEN:
        raise DatasetStateRefused(
            f"The dataset is {dataset.get_state_display()}, so it cannot be changed."
        )


def record_change(
    dataset: Dataset,
    actor: User | None,
    action: AuditAction,
    changes: dict[str, Any],
    *,
    reason: str = "",
) -> None:
    """Write what was done to a dataset into the audit trail; no actor is operator or worker."""
    record_event(
        action=action,
        actor=actor,
        laboratory=dataset.laboratory,
        obj=dataset,
        changes=changes,
        reason=reason,
    )


def delete_with_files(dataset: Dataset, actor: User | None) -> None:
    """Delete a locked dataset, and after that its files."""
    folder, name = artifacts.dataset_folder(dataset.folder), dataset.folder
    record_change(dataset, actor, AuditAction.DATASET_DELETED, {"name": [dataset.name, None]})
    dataset.delete()
    transaction.on_commit(partial(storage.remove_incoming, name))
    transaction.on_commit(partial(storage.remove_folder, folder))
    # After the pictures: who keeps a thumbnail in this moment looks for its picture then.
    transaction.on_commit(partial(storage.remove_folder, artifacts.thumbnails_folder(name)))
