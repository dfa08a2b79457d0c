"""What admins do with the list of disease labels: each change a new version of a label."""

from __future__ import annotations

import re
import unicodedata

from django.db import transaction

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions.errors import DiseaseInvalid, DiseaseNotFound
from predictions.models import DiseaseLabel
from predictions.selectors.laboratory.diseases import present_labels

LONGEST_NAME, LONGEST_CODE = 80, 40
_CODE = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
# Letter, two digits, and behind a point what is finer; WHO's, and those of countries.
_ICD10 = re.compile(r"[A-Z][0-9][0-9AB](\.[0-9A-Z]{1,4})?", re.ASCII)


def add_disease_label(*, actor: User, code: str, name: str, icd10: str = "") -> DiseaseLabel:
    """Add a label to the laboratory's list.

    Args:
        code: for good, in small letters, e.g. "anaemia".
        icd10: as D64.9; empty for none.

    Raises:
        DiseaseInvalid: a field cannot be so, or the code is taken.
    """
    require(actor, Action.MANAGE_LABORATORY)
    code = code.strip()
    if not _CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        raise DiseaseInvalid(
            "code",
            "Use up to 40 small letters, digits and underscores, a letter first, e.g. anaemia.",
        )
    name, icd10 = _name(name), icd10_code(icd10)
    with transaction.atomic():
        known = _labels_under_lock(actor)
        if code in known:
            raise DiseaseInvalid("code", "A label has this code. Change that one, or use it again.")
        return _save(actor, code, name, icd10, is_active=True, before=None)


def change_disease_label(
    *, actor: User, code: str, name: str, icd10: str, is_active: bool
) -> DiseaseLabel:
    """Say something else of a label, or retire it; samples keep what it meant when it was said.

    Raises:
        DiseaseNotFound: the laboratory has no such label.
        DiseaseInvalid: a field cannot be so.
    """
    require(actor, Action.MANAGE_LABORATORY)
    name, icd10 = _name(name), icd10_code(icd10)
    with transaction.atomic():
        before = _labels_under_lock(actor).get(code)
        if before is None:
            raise DiseaseNotFound()
        if (before.name, before.icd10, before.is_active) == (name, icd10, is_active):
            return before
        return _save(actor, code, name, icd10, is_active=is_active, before=before)


def icd10_code(text: str) -> str:
    """A code of ICD-10 in its one form; whether there is such a disease is not asked.

    Raises:
        DiseaseInvalid: it has not the form of one.
    """
    code = text.strip().upper()
    if code and not _ICD10.fullmatch(code):
        raise DiseaseInvalid("icd10", "Write the code of ICD-10 as D64.9, or leave it empty.")
    return code


def _labels_under_lock(actor: User) -> dict[str, DiseaseLabel]:
    """Of two admins the second one changes what the first has left."""
    Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
    return present_labels(actor.laboratory_id)


def _save(
    actor: User,
    code: str,
    name: str,
    icd10: str,
    *,
    is_active: bool,
    before: DiseaseLabel | None,
) -> DiseaseLabel:
    label = DiseaseLabel.objects.create(
        laboratory=actor.laboratory,
        code=code,
        number=before.number + 1 if before else 1,
        name=name,
        icd10=icd10,
        is_active=is_active,
        by=actor,
    )
    fields = ("name", "icd10", "is_active")
    record_event(
        action=AuditAction.DISEASE_LIST_CHANGED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=label,
        changes={
            "code": [before and before.code, code],
            **{
                field: [before and getattr(before, field), getattr(label, field)]
                for field in fields
                if before is None or getattr(before, field) != getattr(label, field)
            },
        },
    )
    return label


def _name(text: str) -> str:
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > LONGEST_NAME:
        raise DiseaseInvalid("name", f"Give a name of up to {LONGEST_NAME} letters.")
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in name):
        raise DiseaseInvalid("name", "The name holds a character that cannot be kept.")
    return name
