"""What a laboratory asks of its cases."""

from __future__ import annotations

from accounts.models import Laboratory
from mlmodels.ml.classes import ALWAYS_REVIEWED
from predictions.identifiers import search_key
from predictions.models import CaseRules


def rules_of(laboratory: Laboratory) -> CaseRules:
    """The laboratory's rules; the program's own where it never changed them."""
    rules = CaseRules.objects.filter(laboratory=laboratory).first()
    return rules or CaseRules(laboratory=laboratory)


def always_reviewed(rules: CaseRules) -> frozenset[str]:
    """Codes that a person looks at whatever the model is sure of: ours, and the laboratory's."""
    return ALWAYS_REVIEWED.union(rules.always_reviewed)


def key_in(laboratory: Laboratory, text: str) -> str:
    """What an accession number or patient reference is compared by in this laboratory.

    Args:
        text: in its canonical form.
    """
    return search_key(text, tell_case_apart=rules_of(laboratory).tells_case_apart)
