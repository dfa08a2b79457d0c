"""A doctor says which disease a sample's patient has, or takes it back; signed or not.

It is no part of any report: it groups samples for research and datasets.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions.errors import DiseaseInvalid, DiseaseRefused
from predictions.models import Sample, SampleDisease
from predictions.selectors.laboratory.diseases import present_labels
from predictions.services.samples.steps import sample_under_lock


@transaction.atomic
def add_disease(*, actor: User, sample_id: UUID, code: str) -> SampleDisease:
    """Say a disease of a sample; one that is said of it already stays as it is.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        DiseaseInvalid: the laboratory has no such label, or retired it.
        DiseaseRefused: the sample was cancelled or retracted.
    """
    require(actor, Action.SIGN_OUT)
    sample = sample_under_lock(actor, sample_id)
    if sample.state in Sample.GONE:
        raise DiseaseRefused(
            f"This sample is {sample.get_state_display()}: whose it is, is not known."
        )
    held = _held(sample, code)
    if held is not None:
        return held
    label = present_labels(sample.laboratory_id).get(code)
    if label is None or not label.is_active:
        raise DiseaseInvalid("code", "Choose a disease label from the laboratory's list.")
    row = SampleDisease.objects.create(
        sample=sample, label=label, laboratory_id=sample.laboratory_id, code=code, by=actor
    )
    _record(actor, sample, [None, label.name])
    return row


@transaction.atomic
def remove_disease(*, actor: User, sample_id: UUID, code: str) -> None:
    """Take back what was said; that it was said, by whom and until when, stays.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        DiseaseInvalid: it is not said of the sample.
    """
    require(actor, Action.SIGN_OUT)
    sample = sample_under_lock(actor, sample_id)
    held = _held(sample, code)
    if held is None:
        raise DiseaseInvalid("code", "This disease is not said of the sample. Load the page again.")
    held.removed_by, held.removed_at = actor, timezone.now()
    held.save(update_fields=["removed_by", "removed_at"])
    _record(actor, sample, [held.label.name, None])


def _held(sample: Sample, code: str) -> SampleDisease | None:
    rows = sample.diseases.filter(code=code, removed_at__isnull=True)
    return rows.select_related("label").first()


def _record(actor: User, sample: Sample, change: list[str | None]) -> None:
    record_event(
        action=AuditAction.DISEASE_LABELS_CHANGED,
        actor=actor,
        laboratory=sample.laboratory,
        obj=sample,
        changes={"disease": change},
    )
