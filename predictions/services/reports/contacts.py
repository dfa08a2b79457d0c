"""What has to be on record before a signature: who was told, and that a doctor has looked."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, require
from predictions.errors import ContactRefused, StateRefused
from predictions.models import AlarmAcknowledgement, CriticalContact, Sample, SampleEvent
from predictions.selectors.reports.case import Case, read_case, reported_value
from predictions.selectors.samples.alarm import alarming_cells, digest_of
from predictions.services import summaries
from predictions.services.samples.steps import sample_under_lock, take_step

LONGEST_NAME, LONGEST_NOTE = 120, 500
# Clocks differ a little.
_AHEAD = timedelta(minutes=5)


@transaction.atomic
def record_contact(
    *,
    actor: User,
    sample_id: UUID,
    label: str,
    told_to: str,
    told_at: datetime,
    read_back: bool,
    note: str = "",
) -> CriticalContact:
    """Record that somebody was told a critical value, as it stands now.

    Args:
        label: code of the value's label, or "wbc".
        read_back: whether they repeated it.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: the sample is frozen.
        ContactRefused: that value is not critical, or what is said of the contact is not right.
    """
    require(actor, Action.RECORD_CONTACTS)
    told_to, note = _words("told_to", told_to, LONGEST_NAME), _words("note", note, LONGEST_NOTE)
    if not told_to:
        raise ContactRefused("told_to", "Say whom you told.")
    sample = _open_sample(actor, sample_id)
    if not sample.created_at - timedelta(days=1) <= told_at <= timezone.now() + _AHEAD:
        raise ContactRefused(
            "told_at", "Check the time: it lies ahead, or long before the sample came."
        )
    contact = CriticalContact.objects.create(
        sample=sample,
        label=label,
        value=_critical_value(read_case(sample), label),
        told_to=told_to,
        told_at=told_at,
        read_back=read_back,
        note=note,
        by=actor,
    )
    take_step(
        actor=actor,
        sample=sample,
        kind=SampleEvent.Kind.CONTACT_RECORDED,
        changes={"critical_value": [None, f"{label} {contact.value}"]},
    )
    return contact


@transaction.atomic
def acknowledge_alarm(
    *, actor: User, sample_id: UUID, note: str = "", seen: str | None = None
) -> AlarmAcknowledgement:
    """Record that a doctor has looked at what made the program suspect blasts, or raise an alarm.

    Args:
        note: what they found.
        seen: the digest of the cells of the alarm that they were shown, empty for none; None where
            whatever stands is acknowledged.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        StateRefused: the sample is frozen, nothing is suspected, or other cells make the alarm by
            now.
        ContactRefused: the note is too long.
    """
    require(actor, Action.SIGN_OUT)
    note = _words("note", note, LONGEST_NOTE)
    sample = _open_sample(actor, sample_id)
    facts = read_case(sample).facts
    if not facts.is_alarming:
        raise StateRefused(
            "Nothing of this sample waits for an acknowledgement. Load the page again."
        )
    cells = alarming_cells(sample)
    if seen is not None and seen != (digest_of(cells) if cells else ""):
        raise StateRefused(
            "Other cells make the alarm by now. Load the page again, look at them, then "
            "acknowledge it."
        )
    acknowledged = AlarmAcknowledgement.objects.create(
        sample=sample,
        by=actor,
        note=note,
        blasts=facts.blasts,
        immature_granulocytes=facts.immature_granulocytes,
        cells=[str(cell) for cell in cells] or None,
    )
    summaries.alarms_renewed({sample.pk})
    take_step(
        actor=actor,
        sample=sample,
        kind=SampleEvent.Kind.ALARM_ACKNOWLEDGED,
        reason=note,
        changes={
            "blasts": [None, acknowledged.blasts],
            "immature_granulocytes": [None, acknowledged.immature_granulocytes],
            "alarm_cells": [None, len(cells)],
        },
    )
    return acknowledged


def _open_sample(actor: User, sample_id: UUID) -> Sample:
    sample = sample_under_lock(actor, sample_id)
    if sample.is_frozen:
        raise StateRefused(
            f"This sample is {sample.get_state_display()}, so nothing is added to its record."
        )
    return sample


def _critical_value(case: Case, label: str) -> str:
    for critical in case.differential.critical:
        if critical.label == label:
            return reported_value(critical)
    raise ContactRefused("label", "This value is not critical now. Load the page again.")


def _words(field: str, value: str, longest: int) -> str:
    words = unicodedata.normalize("NFC", value).strip()
    if len(words) > longest:
        raise ContactRefused(field, f"Use at most {longest} characters here.")
    if any(unicodedata.category(each) == "Cc" and each not in "\n\t" for each in words):
        raise ContactRefused(field, "This holds a character that cannot be kept.")
    return words
