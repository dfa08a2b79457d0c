"""Gives the classes of a version their rows among the labels, so that data alone adds a class.

A card may describe its classes under `labels`: by code a table with any of `name`, `short_name`,
`group`, `in_denominator`, `wider`, `is_apart`, `look`, `function`, `interval_note`,
`loinc_percent` and `loinc_count`. What it does not say has a default that promises nothing: the
code in words, two free letters, and no place among the counted white cells, since nobody said that
it is one. Rows that are there stay as they are: what a laboratory says goes before any card.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from string import ascii_uppercase
from typing import Any

from accounts.models import AuditAction, Laboratory
from accounts.services.audit import record_event
from mlmodels.errors import ModelVersionRefused
from mlmodels.loinc import fault_of
from mlmodels.ml.classes import class_in_words
from mlmodels.ml.names import name_key
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for

# Named beside labels: cells that nobody has named, and the analyser's white-cell count.
CODES_OF_THE_PROGRAM = frozenset({"unidentified", "wbc"})
LONGEST_CODE, LONGEST_NAME = 40, 60
COUNTED_GROUP, OTHER_GROUP = "other white cells", "not counted"


def refuse_unusable_classes(card: Mapping[str, Any]) -> None:
    """Let only classes pass that can stand among the labels.

    Raises:
        ModelVersionRefused: naming the first that cannot.
    """
    classes = card["engine"]["classes"]
    for code in classes:
        if not 0 < len(code) <= LONGEST_CODE or code in CODES_OF_THE_PROGRAM:
            raise ModelVersionRefused(
                f"The card of this version names a class “{code}”, which cannot be a label: a "
                f"code has 1 to {LONGEST_CODE} characters and is none of the program's own. Train "
                "it again with another class name."
            )
    if len(set(classes)) != len(classes):
        raise ModelVersionRefused(
            "The card of this version names a class twice. Train it again with one name a class."
        )


def add_class_labels(card: Mapping[str, Any], laboratory: Laboratory | None) -> list[Label]:
    """Add a row for every class of a version that has none; call it in a transaction.

    Args:
        card: of the version.
        laboratory: whose version it is; none for one that comes with the program.

    Returns:
        The rows that were added.
    """
    if laboratory is not None:
        # Names and keys are unique over all labels, so one at a time.
        laboratory = Laboratory.objects.select_for_update(no_key=True).get(pk=laboratory.pk)
    labels = labels_for(laboratory)
    engine = card["engine"]
    said = card.get("labels", {})
    added = []
    for code in engine["classes"]:
        if code in labels:
            continue
        label = _described(code, said.get(code, {}), labels, is_unlike=code == engine.get("unlike"))
        label.laboratory = laboratory
        label.save(force_insert=True)
        labels[code] = label
        added.append(label)
        if laboratory is not None:
            record_event(
                action=AuditAction.LABEL_CHANGED,
                actor=None,
                laboratory=laboratory,
                obj=label,
                changes={"code": [None, code], "name": [None, label.name]},
            )
    return added


def _described(
    code: str, said: Mapping[str, Any], labels: Mapping[str, Label], *, is_unlike: bool
) -> Label:
    """An unsaved row: what the card says as far as it can stand, and defaults.

    Args:
        is_unlike: whether it means "none of the others": nothing that a person says of a cell.
    """
    wider = labels.get(str(said.get("wider", "")))
    if wider is not None and wider.wider:
        # Only one step leads to a wider class.
        wider = labels.get(wider.wider)
    counts = wider.in_denominator if wider else bool(said.get("in_denominator")) and not is_unlike
    groups = {label.group for label in labels.values()}
    default_group = wider.group if wider else COUNTED_GROUP if counts else OTHER_GROUP
    group = said.get("group", "")
    texts = {name: str(said.get(name, "")) for name in ("look", "function", "interval_note")}
    codes = {name: str(said.get(name, "")) for name in ("loinc_percent", "loinc_count")}
    name = str(said.get("name", "")) or class_in_words(code)
    return Label(
        code=code,
        name=_free_name(name, code, labels),
        short_name=_free_letters(str(said.get("short_name", "")), name, labels),
        group=group if group in groups else default_group,
        in_denominator=counts,
        wider=wider.code if wider else "",
        is_apart=wider is None or bool(said.get("is_apart", True)),
        is_used=not is_unlike,
        position=max((label.position for label in labels.values()), default=0) + 1,
        **texts,
        **{name: "" if value and fault_of(value) else value for name, value in codes.items()},
    )


def _free_name(name: str, code: str, labels: Mapping[str, Label]) -> str:
    """The name, with the code behind it where another label is called so."""
    taken = {name_key(label.name) for label in labels.values()}
    shown = f"{name} ({code})" if name_key(name) in taken else name
    return shown[:LONGEST_NAME]


def _free_letters(wanted: str, name: str, labels: Mapping[str, Label]) -> str:
    """Two letters that stand for no other label, as near to the name as there are any."""
    taken = {label.short_name for label in labels.values()}
    return next((two for two in _letters(wanted, name) if two not in taken), "ZZ")


def _letters(wanted: str, name: str) -> Iterator[str]:
    """What is wanted, initials, the first letter with each other one, then any two."""
    words = ["".join(c for c in word.upper() if c in ascii_uppercase) for word in name.split()]
    words = [word for word in words if word]
    if len(wanted) == 2 and set(wanted.upper()) <= set(ascii_uppercase):
        yield wanted.upper()
    if len(words) > 1:
        yield words[0][0] + words[1][0]
    spelt = "".join(words)
    yield from (spelt[0] + other for other in spelt[1:])
    yield from map("".join, product(ascii_uppercase, repeat=2))
