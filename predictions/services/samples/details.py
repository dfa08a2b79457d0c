"""Corrects what is said of a sample, for as long as it is not signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions import policy
from predictions.models import Sample, SampleEvent
from predictions.services.samples.fields import (
    as_told,
    judged,
    needed_reason,
    refuse_contradictions,
)
from predictions.services.samples.numbers import pass_number_on
from predictions.services.samples.samples import number_taken
from predictions.services.samples.steps import sample_under_lock, take_step

_Changes = dict[str, list[Any]]


def change_sample(
    *, actor: User, sample_id: UUID, changes: Mapping[str, Any], reason: str = ""
) -> Sample:
    """Say something else of a sample; fields that are not named stay as they are.

    Args:
        changes: by field: accession_number, patient_reference, sex, birth_date, age ("3 d", "4 m",
            "35 y", or days), collected_at, requester, note, priority, wbc, wbc_at and
            wbc_is_corrected.
        reason: why; needed where the sample gets another number or another patient.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        ChangeRefused: its state does not let the actor change it.
        SampleInvalid: a field cannot be so, or the reason is missing.
        AccessionNumberTaken: another sample of the laboratory has this number.
    """
    require(actor, Action.CORRECT_SAMPLES)
    try:
        with transaction.atomic():
            sample = sample_under_lock(actor, sample_id)
            policy.refuse_change(actor, sample)
            before = sample.accession_key
            changed = _set(sample, judged(actor.laboratory, changes))
            if changed:
                _write(actor, sample, changed, reason, number_before=before)
    except IntegrityError as error:
        raise number_taken(actor, sample) from error
    return sample


def _set(sample: Sample, columns: Mapping[str, Any]) -> _Changes:
    """Put the columns on the sample; by column, what was and what is."""
    changed = {
        name: [as_told(getattr(sample, name)), as_told(value)]
        for name, value in columns.items()
        if getattr(sample, name) != value
    }
    for name, value in columns.items():
        setattr(sample, name, value)
    refuse_contradictions(sample)
    return changed


def _write(
    actor: User, sample: Sample, changed: _Changes, reason: str, *, number_before: str
) -> None:
    if "accession_number" in changed:
        # Whatever it collided with, the new number is its own, or the database refuses it.
        sample.number_collides = False
    sample.save(update_fields=[*changed, "number_collides"])
    if "accession_number" in changed:
        pass_number_on(sample, number_before)
    told = {name: was_and_is for name, was_and_is in changed.items() if not name.endswith("_key")}
    if _names_another(sample, changed):
        reason = needed_reason(
            reason, why="Say why the sample gets another number or another patient reference."
        )
        kind = SampleEvent.Kind.CORRECTED
        take_step(actor=actor, sample=sample, kind=kind, reason=reason, changes=told)
        return
    record_event(
        action=AuditAction.SAMPLE_CHANGED,
        actor=actor,
        laboratory=sample.laboratory,
        obj=sample,
        changes=told,
        reason=reason.strip(),
    )


def _names_another(sample: Sample, changed: _Changes) -> bool:
    """Whether what was found would now be another specimen's, or another patient's.

    A reference that was missing can still be given while no cell has been found.
    """
    if "accession_number" in changed:
        return True
    before = changed.get("patient_reference", [None])[0]
    return before is not None and (before != "" or sample.cells_found > 0)
