"""The names that a cell can carry in a laboratory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from accounts.models import AuditAction, Laboratory, User
from accounts.selectors.audit import Change, changes_of
from mlmodels import policy
from mlmodels.errors import LabelNotFound
from mlmodels.ml.classes import CLASSES
from mlmodels.models import Label
from mlmodels.selectors.versions.active import active_version

# What is said of a label, as pages call it.
FIELD_WORDS = {
    "code": "Code",
    "name": "Name",
    "short_name": "Two letters",
    "group": "Group",
    "key": "Key",
    "position": "Place in the list",
    "is_used": "Used",
    "is_apart": "Row of its own",
    "in_denominator": "Counted as a white cell",
    "wider": "Kind of",
    "loinc_percent": "LOINC code of the percentage",
    "loinc_count": "LOINC code of the count",
}


NOT_A_CELL = "not_a_cell"


def labels_for(laboratory: Laboratory | None) -> dict[str, Label]:
    """Labels by code, in the order of reading; the laboratory's own row goes before the shipped.

    Args:
        laboratory: whose; none gives the shipped rows.
    """
    return _by_code(Label.objects.filter(Q(laboratory__isnull=True) | Q(laboratory=laboratory)))


def labels_always_used(laboratory: Laboratory) -> frozenset[str]:
    """Codes of labels that stay a choice: what the model says, and what is no cell.

    The model's are those of the version that classifies now, for all profiles; where none is
    registered yet, those of the networks that come with the program.
    """
    version = active_version(laboratory)
    return frozenset({*(version.classes if version else CLASSES), NOT_A_CELL})


@dataclass(frozen=True)
class ManagedLabel:
    """A label as its admins see it.

    Args:
        label: the row that counts.
        number: its place in the list, from 1.
        is_own: whether the laboratory added it.
        is_always_used: whether it cannot be switched off.
        wider_name: of what it is a kind; empty where of nothing.
        is_last: whether none comes after it.
    """

    label: Label
    number: int
    is_own: bool
    is_always_used: bool
    wider_name: str
    is_last: bool


@dataclass(frozen=True)
class LabelPage:
    """One label and what was changed of it.

    Args:
        managed: the label.
        wider_choices: code and name of what it can be a kind of.
        changes: the newest first.
    """

    managed: ManagedLabel
    wider_choices: tuple[tuple[str, str], ...]
    changes: tuple[Change, ...]


def label_list(viewer: User) -> list[ManagedLabel]:
    """Every label of the viewer's laboratory, in the order of reading."""
    return list(_managed(viewer).values())


def label_for_managing(viewer: User, code: str) -> ManagedLabel:
    """One label of the viewer's laboratory.

    Raises:
        LabelNotFound: there is none of this code.
    """
    managed = _managed(viewer).get(code)
    if managed is None:
        raise LabelNotFound()
    return managed


def label_page(viewer: User, code: str) -> LabelPage:
    """One label, what it can be a kind of, and its history.

    Raises:
        LabelNotFound: there is none of this code.
    """
    managed = label_for_managing(viewer, code)
    changes = changes_of(
        viewer, action=AuditAction.LABEL_CHANGED, of=managed.label, words=FIELD_WORDS
    )
    wider = tuple(choice for choice in wider_choices(viewer) if choice[0] != code)
    return LabelPage(managed, wider, tuple(changes))


def wider_choices(viewer: User) -> list[tuple[str, str]]:
    """Code and name of what another label can be a kind of: what is a kind of nothing itself."""
    labels = [managed.label for managed in label_list(viewer)]
    return [(label.code, label.name) for label in labels if label.is_used and not label.wider]


def label_groups() -> list[str]:
    """The words that labels stand under in lists."""
    return list(dict.fromkeys(label.group for label in labels_for(None).values()))


def _managed(viewer: User) -> dict[str, ManagedLabel]:
    rows = list(policy.visible_labels(viewer))
    shipped = {row.code for row in rows if row.laboratory_id is None}
    labels = _by_code(rows)
    always_used = labels_always_used(viewer.laboratory)
    return {
        code: ManagedLabel(
            label=label,
            number=number,
            is_own=code not in shipped,
            is_always_used=code in always_used,
            wider_name=labels[label.wider].name if label.wider in labels else "",
            is_last=number == len(labels),
        )
        for number, (code, label) in enumerate(labels.items(), start=1)
    }


def _by_code(rows: Iterable[Label]) -> dict[str, Label]:
    """One row a code, in the order of reading."""
    chosen: dict[str, Label] = {}
    for row in sorted(rows, key=lambda row: row.laboratory_id is not None):
        chosen[row.code] = row
    return dict(sorted(chosen.items(), key=lambda item: (item[1].position, item[0])))
