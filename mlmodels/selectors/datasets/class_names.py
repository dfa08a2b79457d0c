"""Which class names a laboratory knows, and what waits for its word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from accounts.models import Laboratory
from mlmodels.ml.datasets.class_names import ClassNames, LabelName
from mlmodels.models import ClassMeaning, Dataset
from mlmodels.selectors.labels import labels_for


@dataclass(frozen=True)
class AskedClass:
    """A class name of an archive, as the page shows it.

    Args:
        number: its place in the dataset's questions.
        name: as written; empty where nothing names a class.
        pictures: how many, or how many boxes.
        chosen: what is preselected: a label's code, `LEAVE_OUT`, or nothing.
        is_known: whether its meaning is known already.
        examples: numbers of its example pictures.
    """

    number: int
    name: str
    pictures: int
    chosen: str
    is_known: bool
    examples: tuple[int, ...]


# What a form sends for a class that is left out; no label has such a code.
LEAVE_OUT = "-"


def class_names_of(laboratory: Laboratory) -> ClassNames:
    """The class names that a laboratory knows: its labels, what is published, what it said."""
    labels = (
        LabelName(label.code, label.name, label.short_name)
        for label in labels_for(laboratory).values()
    )
    said = ClassMeaning.objects.filter(laboratory=laboratory).exclude(label="")
    return ClassNames(labels, dict(said.values_list("key", "label")))


def asked_classes(dataset: Dataset) -> tuple[AskedClass, ...]:
    """The classes of a dataset that waits for its mapping, those to be judged first."""
    asked: list[dict[str, Any]] = (dataset.questions or {}).get("classes", [])
    keys = [each["key"] for each in asked]
    before = ClassMeaning.objects.filter(laboratory=dataset.laboratory, key__in=keys, label="")
    left_out_before = set(before.values_list("key", flat=True))
    return tuple(
        AskedClass(
            number=number,
            name=each["name"],
            pictures=each["pictures"],
            chosen=_chosen(each, left_out_before),
            is_known=bool(each["code"]),
            examples=tuple(each["examples"]),
        )
        for number, each in enumerate(asked)
    )


def label_choices(laboratory: Laboratory) -> list[tuple[str, list[tuple[str, str]]]]:
    """Code and name of the labels that are used, by the words they stand under in lists."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for label in labels_for(laboratory).values():
        if label.is_used:
            groups.setdefault(label.group.capitalize(), []).append((label.code, label.name))
    return list(groups.items())


def _chosen(asked: dict[str, Any], left_out_before: set[str]) -> str:
    if asked["is_left_out"] or (not asked["code"] and asked["key"] in left_out_before):
        return LEAVE_OUT
    return asked["code"] or asked["proposal"]
