"""What a laboratory asks of its cases, as its admins see it."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import AuditAction, User
from accounts.policy import managed_laboratory
from accounts.selectors.audit import Change, changes_of
from mlmodels.ml.classes import ALWAYS_REVIEWED, CLASSES
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version
from predictions.models import CaseRules, Sample
from predictions.selectors.samples.rules import rules_of
from predictions.selectors.samples.searching import colliding_samples

# What a laboratory asks, as pages call it.
FIELD_WORDS = {
    "target_cells": "Cells to count",
    "asks_for_second_person": "A second person",
    "unidentified_limit_percent": "Unidentified cells, at most %",
    "always_reviewed": "Always seen by a person",
    "second_read_percent": "Accepted cells read a second time, %",
    "second_read_rare_percent": "Rare cells read a second time, %",
    "tells_case_apart": "Capitals told apart",
    "page_size": "Paper of reports",
}
# As many samples as the page lists.
MOST_COLLIDING = 100


@dataclass(frozen=True)
class RulesPage:
    """The rules of a laboratory.

    Args:
        always_seen: names of the classes that a person sees in every laboratory.
        choices: code and name of what the model says beside them; a laboratory can add these.
        colliding: samples whose number another one has, the first of them.
        changes: the newest first.
    """

    rules: CaseRules
    always_seen: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    colliding: tuple[Sample, ...]
    changes: tuple[Change, ...]


def rules_page(viewer: User) -> RulesPage:
    """The rules of the viewer's laboratory, for those who manage it."""
    laboratory = managed_laboratory(viewer)
    labels = labels_for(laboratory)
    rules = rules_of(laboratory)
    version = active_version(laboratory)
    # What was chosen stays a choice when another version does not name it.
    named = {*(version.classes if version else CLASSES), *rules.always_reviewed} - ALWAYS_REVIEWED
    changes = changes_of(
        viewer, action=AuditAction.LABORATORY_CHANGED, of=laboratory, words=FIELD_WORDS
    )
    return RulesPage(
        rules=rules,
        always_seen=tuple(label.name for code, label in labels.items() if code in ALWAYS_REVIEWED),
        choices=tuple(
            (code, label.name) for code, label in labels.items() if code in named and label.is_used
        ),
        colliding=tuple(colliding_samples(viewer)[:MOST_COLLIDING]),
        changes=tuple(changes),
    )
