"""What every change of a dataset needs: its locked row, whether it may change, the audit event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from accounts.models import AuditAction, User
from accounts.services.audit import record_event
from mlmodels import policy
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
