"""What an admin says of an archive whose classes are not all known, and what is remembered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.errors import DatasetRefused, DatasetStateRefused
from mlmodels.ml.datasets.layouts.listing import Folders, Half
from mlmodels.models import ClassMeaning, Dataset
from mlmodels.selectors.datasets.class_names import LEAVE_OUT
from mlmodels.selectors.labels import labels_for
from mlmodels.services.datasets.changes import locked_dataset, record_change

_State = Dataset.State
# Longer names are no names of classes, and are not kept for the next time.
_LONGEST_KEY = 200


def map_classes(
    *,
    actor: User,
    dataset_id: UUID,
    classes: Mapping[int, str],
    half: str = "",
    folders: str = "",
) -> Dataset:
    """Say what the classes of an archive mean, and let its import go on.

    Args:
        classes: code of a label, or `LEAVE_OUT`, by the place in the dataset's questions.
        half: which half of the four-class archive counts, where that is asked.
        folders: what further folders are, where that is asked.

    Raises:
        DatasetNotFound: there is no such dataset in the actor's laboratory.
        DatasetStateRefused: it does not wait for this.
        DatasetRefused: an answer is missing, or is none that can be given.
    """
    require(actor, Action.MANAGE_DATASETS)
    with transaction.atomic():
        dataset = locked_dataset(actor, dataset_id)
        if dataset.state != _State.MAPPING:
            raise DatasetStateRefused(
                f"The dataset is {dataset.get_state_display()}: its classes are not asked for "
                "now. Load the page again."
            )
        asked = dataset.questions or {}
        said = _said_of_classes(dataset, asked["classes"], classes)
        before = dataset.choices or {"classes": {}, "half": "", "folders": ""}
        dataset.choices = {
            "classes": {**before["classes"], **said},
            "half": _one_of(Half, half, "half") if asked["halves"] else before["half"],
            "folders": (
                _one_of(Folders, folders, "folders") if asked["folders"] else before["folders"]
            ),
        }
        dataset.state, dataset.questions, dataset.attempts = _State.IMPORTING, None, 0
        dataset.progress_done = dataset.progress_total = 0
        dataset.save(
            update_fields=[
                "choices",
                "state",
                "questions",
                "attempts",
                "progress_done",
                "progress_total",
            ]
        )
        Dataset.objects.filter(pk=dataset.pk).update(**leases.just_sent())
        _remember(dataset, said)
        enqueue_on_commit("mlmodels.import_dataset", dataset_id=str(dataset.pk))
        changes = {"state": [_State.MAPPING, _State.IMPORTING], "choices": [None, dataset.choices]}
        record_change(dataset, actor, AuditAction.DATASET_CHANGED, changes)
    return dataset


def _said_of_classes(
    dataset: Dataset, asked: list[dict[str, Any]], classes: Mapping[int, str]
) -> dict[str, str]:
    """The code of a label by class key, empty where it is left out."""
    labels = labels_for(dataset.laboratory)
    said = {}
    for number, each in enumerate(asked):
        answer = classes.get(number, "")
        if answer != LEAVE_OUT and answer not in labels:
            raise DatasetRefused(
                f"class_{number}", "Choose which label this class is, or leave it out."
            )
        said[each["key"]] = "" if answer == LEAVE_OUT else answer
    if not any(said.values()):
        raise DatasetRefused("classes", "Every class is left out. Choose a label for one of them.")
    return said


def _one_of(choices: type[Half] | type[Folders], answer: str, field: str) -> str:
    if answer not in set(choices):
        raise DatasetRefused(field, "Choose one of these.")
    return answer


def _remember(dataset: Dataset, said: Mapping[str, str]) -> None:
    """Keep what was said of names for the laboratory's next archive."""
    for key, label in said.items():
        if key and len(key) <= _LONGEST_KEY:
            ClassMeaning.objects.update_or_create(
                laboratory=dataset.laboratory, key=key, defaults={"label": label}
            )
