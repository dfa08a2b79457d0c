"""What admins do with labels: change one, put it in another place, add one.

A laboratory's first change of a shipped label gives it a row of its own, which goes before the
shipped one from then on.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.errors import LabelNotFound, LabelRefused, LabelTaken
from mlmodels.loinc import fault_of
from mlmodels.ml.names import name_key, plain_name
from mlmodels.models import Label
from mlmodels.selectors.labels import label_groups, labels_always_used, labels_for
from mlmodels.services.versions.class_labels import CODES_OF_THE_PROGRAM

# What a laboratory says of any label; the rest it says of those alone that it added.
OF_ANY_LABEL = (
    "name", "short_name", "group", "key", "is_used", "is_apart", "loinc_percent", "loinc_count",
)  # fmt: skip
OF_OWN_LABELS = ("in_denominator", "wider")
# The gallery's own: U takes back what was done.
KEYS_OF_THE_GALLERY = frozenset("u")
_CODE = re.compile(r"(?!new$)[a-z][a-z0-9_]{1,39}")
_KEY = re.compile(r"[a-z0-9]")
_TWO_LETTERS = re.compile(r"[A-Z]{2}")


def change_label(*, actor: User, code: str, changes: Mapping[str, Any]) -> Label:
    """Say something else of a label, for the actor's laboratory alone.

    Args:
        changes: values by field, those alone that are to change; `position` counts from 1.

    Raises:
        LabelNotFound: there is no such label.
        LabelRefused: a value cannot be taken; it names the field.
        LabelTaken: another label has this name, key or these two letters.
    """
    require(actor, Action.MANAGE_LABORATORY)
    with transaction.atomic():
        labels = _labels_under_lock(actor)
        if code not in labels:
            raise LabelNotFound()
        _refuse_the_program_s_own(labels[code], changes)
        label = _own_row(actor.laboratory, labels[code])
        changed = _take(label, changes)
        _refuse_wrong(actor.laboratory, label, labels)
        labels[code] = label
        if "position" in changes:
            changed |= _place(actor.laboratory, labels, code, changes["position"])
        if changed:
            label.save()
            _record(actor, label, changed)
    return label


def add_label(*, actor: User, code: str, values: Mapping[str, Any]) -> Label:
    """Add a label that only people of the actor's laboratory say; it is the last of the list.

    Args:
        code: what it is called in data, for good, e.g. "hairy_cell".
        values: by field, as of `change_label`.

    Raises:
        LabelRefused, LabelTaken: as `change_label`.
    """
    require(actor, Action.MANAGE_LABORATORY)
    with transaction.atomic():
        labels = _labels_under_lock(actor)
        _refuse_code(code, labels)
        label = Label(laboratory=actor.laboratory, code=code, position=len(labels) + 1)
        changed = {"code": [None, code], **_take(label, values)}
        _refuse_wrong(actor.laboratory, label, labels)
        label.save()
        _record(actor, label, changed)
    return label


def _labels_under_lock(actor: User) -> dict[str, Label]:
    """The labels as they are now; names and keys are unique over all of them, so one at a time."""
    Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
    return labels_for(actor.laboratory)


def _own_row(laboratory: Laboratory, label: Label) -> Label:
    """The laboratory's row of a label; a copy of the shipped one where it has none yet."""
    if label.laboratory_id is not None:
        return label
    said = {
        field.name: getattr(label, field.name)
        for field in Label._meta.concrete_fields
        if field.name not in {"id", "laboratory"}
    }
    return Label(laboratory=laboratory, **said)


def _take(label: Label, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Set the values, and say what each was before where it is another one now."""
    changed = {}
    for name in (*OF_ANY_LABEL, *OF_OWN_LABELS):
        if name not in values:
            continue
        before, after = getattr(label, name), _tidied(name, values[name])
        if before != after:
            changed[name] = [before, after]
            setattr(label, name, after)
    return changed


def _tidied(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = plain_name(value) if name == "name" else " ".join(value.split())
    return {"short_name": text.upper(), "key": text.lower()}.get(name, text)


def _place(
    laboratory: Laboratory, labels: dict[str, Label], code: str, number: int
) -> dict[str, list[int]]:
    """Put a label at a place; those between move by one. Says from where to where."""
    order = list(labels)
    before = order.index(code) + 1
    if not 1 <= number <= len(order):
        raise LabelRefused("position", f"Give a place from 1 to {len(order)}.")
    if number == before:
        return {}
    order.remove(code)
    order.insert(number - 1, code)
    for position, moved in enumerate(order, start=1):
        if labels[moved].position != position:
            labels[moved] = _own_row(laboratory, labels[moved])
            labels[moved].position = position
            labels[moved].save()
    return {"position": [before, number]}


def _refuse_the_program_s_own(label: Label, changes: Mapping[str, Any]) -> None:
    """What counts means the same in every laboratory, so of shipped labels it is fixed."""
    if not Label.objects.filter(laboratory__isnull=True, code=label.code).exists():
        return
    for name in OF_OWN_LABELS:
        if name in changes and changes[name] != getattr(label, name):
            raise LabelRefused(
                name,
                f"Whether {label.name} counts and what it is a kind of is fixed, so that "
                "differentials mean the same everywhere. Add a label of your own instead.",
            )


def _refuse_code(code: str, labels: Mapping[str, Label]) -> None:
    if not _CODE.fullmatch(code):
        raise LabelRefused(
            "code",
            "Write the code with 2 to 40 small letters, digits and underscores, a letter first, "
            "e.g. hairy_cell.",
        )
    if code in labels or code in CODES_OF_THE_PROGRAM:
        raise LabelTaken("code", f"The code {code} is taken. Choose another one.")


def _refuse_wrong(laboratory: Laboratory, label: Label, labels: Mapping[str, Label]) -> None:
    """Let only a label pass that is whole and that nobody takes for another one."""
    _refuse_wrong_words(label)
    _refuse_wrong_codes(label)
    _refuse_wrong_kind(label, labels)
    _refuse_unused(label, labels, labels_always_used(laboratory))
    if label.is_used:
        _refuse_taken(label, [other for other in labels.values() if other.code != label.code])


def _refuse_wrong_words(label: Label) -> None:
    if not label.name or len(label.name) > 60 or not label.name.isprintable():
        raise LabelRefused("name", "Give the label a name of at most 60 letters in one line.")
    if not _TWO_LETTERS.fullmatch(label.short_name):
        raise LabelRefused("short_name", "Give two letters from A to Z.")
    if label.group not in label_groups():
        raise LabelRefused("group", "Choose the group from the list.")


def _refuse_wrong_codes(label: Label) -> None:
    if label.key in KEYS_OF_THE_GALLERY:
        raise LabelRefused("key", "The key U takes back what was done. Choose another key.")
    if label.key and not _KEY.fullmatch(label.key):
        raise LabelRefused("key", "Choose one letter from a to z or one digit.")
    for name in ("loinc_percent", "loinc_count"):
        code = getattr(label, name)
        if code and (fault := fault_of(code)):
            raise LabelRefused(name, fault)


def _refuse_wrong_kind(label: Label, labels: Mapping[str, Label]) -> None:
    """A kind of a class counts as that one does, and is shown with it or apart."""
    if not label.wider:
        if not label.is_apart:
            raise LabelRefused(
                "is_apart", "Only a kind of another label can be counted in that one's row."
            )
        return
    wider = labels.get(label.wider)
    if wider is None or wider.wider or wider.code == label.code or not wider.is_used:
        raise LabelRefused("wider", "Choose from the list what it is a kind of.")
    if any(other.wider == label.code for other in labels.values()):
        raise LabelRefused("wider", f"Other labels are kinds of {label.name}, so it is of none.")
    if wider.in_denominator != label.in_denominator:
        counts = "counts" if wider.in_denominator else "does not count"
        raise LabelRefused(
            "in_denominator", f"{wider.name} {counts} as a white cell, so its kinds do the same."
        )


def _refuse_unused(label: Label, labels: Mapping[str, Label], always_used: Collection[str]) -> None:
    """What the model says, and what others are kinds of, stays a choice."""
    if label.is_used:
        return
    if label.code in always_used:
        raise LabelRefused("is_used", f"{label.name} is always used, so it cannot be switched off.")
    kinds = [other.name for other in labels.values() if other.wider == label.code and other.is_used]
    if kinds:
        raise LabelRefused("is_used", f"Switch off its kinds first: {', '.join(kinds)}.")


def _refuse_taken(label: Label, others: list[Label]) -> None:
    """Of the labels that are used, each is called and set in its own way."""
    for other in others:
        if not other.is_used:
            continue
        if name_key(other.name) == name_key(label.name):
            raise LabelTaken("name", "Another label has this name. Choose another one.")
        if other.short_name == label.short_name:
            raise LabelTaken(
                "short_name", f"{label.short_name} stands for {other.name}. Choose other letters."
            )
        if label.key and other.key == label.key:
            raise LabelTaken(
                "key", f"The key {label.key} sets {other.name}. Choose another, or change that one."
            )


def _record(actor: User, label: Label, changes: dict[str, list[Any]]) -> None:
    record_event(
        action=AuditAction.LABEL_CHANGED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=label,
        changes=changes,
    )
