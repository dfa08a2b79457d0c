"""Makes samples."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.errors import AccessionNumberTaken, OtherNote, OtherPatient
from predictions.models import Sample, SampleEvent
from predictions.selectors.samples.rules import key_in
from predictions.selectors.samples.samples import sample_of_number
from predictions.services.samples.fields import (
    as_told,
    identifier,
    judged,
    refuse_contradictions,
    text_of,
)
from predictions.services.samples.steps import take_step

_COMPARED = ("accession_key", "patient_key")


def create_sample(*, actor: User, accession_number: str, **said: Any) -> Sample:
    """Make a new sample in the actor's laboratory.

    Args:
        said: what else is known of it, by field, as `change_sample` takes it.

    Raises:
        SampleInvalid: a field is missing, or cannot be so.
        AccessionNumberTaken: the laboratory has a sample of this number.
    """
    require(actor, Action.UPLOAD_IMAGES)
    columns = judged(actor.laboratory, {"accession_number": accession_number, **said})
    sample = Sample(laboratory=actor.laboratory, created_by=actor, **columns)
    refuse_contradictions(sample)
    told = {
        name: [None, as_told(value)]
        for name, value in columns.items()
        if value not in (None, "") and name not in _COMPARED
    }
    try:
        with transaction.atomic():
            sample.save(force_insert=True)
            take_step(actor=actor, sample=sample, kind=SampleEvent.Kind.CREATED, changes=told)
    except IntegrityError as error:
        raise number_taken(actor, sample) from error
    return sample


def number_taken(actor: User, sample: Sample) -> AccessionNumberTaken:
    """The refusal that names the sample which has this one's number."""
    holder = sample_of_number(actor, sample.accession_number)
    return AccessionNumberTaken(holder.pk if holder else None)


def sample_for_upload(
    *, actor: User, accession_number: str, patient_reference: str = "", note: str = ""
) -> Sample:
    """The laboratory's sample of this number if it still takes images, else a new one.

    Raises:
        SampleInvalid: as `create_sample`.
        SampleClosed: the sample of this number takes no more images.
        OtherPatient, OtherNote: it has not the patient reference, or the note, that was given.
    """
    require(actor, Action.UPLOAD_IMAGES)
    number = identifier("accession_number", accession_number)
    known = sample_of_number(actor, number)
    if known is None:
        try:
            return create_sample(
                actor=actor,
                accession_number=number,
                patient_reference=patient_reference,
                note=note,
            )
        except AccessionNumberTaken:
            # Somebody made it in this very moment: theirs is as good.
            known = sample_of_number(actor, number)
            if known is None:
                raise
    policy.refuse_closed(known)
    reference = identifier("patient_reference", patient_reference)
    if reference and key_in(actor.laboratory, reference) != known.patient_key:
        raise OtherPatient()
    if text_of("note", note) not in ("", known.note):
        raise OtherNote()
    return known


def new_accession_number() -> str:
    """A number for an upload that names none: the day and eight random characters."""
    return f"P{timezone.now():%Y%m%d}-{secrets.token_hex(4).upper()}"
