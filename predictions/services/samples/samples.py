"""Makes samples."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from predictions import policy
from predictions.errors import AccessionNumberTaken, OtherNote, OtherPatient, SampleInvalid
from predictions.models import Sample

# As the columns have it.
LONGEST_LINE = 64
LONGEST_NOTE = 2000


def create_sample(
    *, actor: User, accession_number: str, patient_reference: str = "", note: str = ""
) -> Sample:
    """Make a new sample in the actor's laboratory.

    Raises:
        SampleInvalid: a field is missing, too long or holds control characters.
        AccessionNumberTaken: the laboratory has a sample of this number.
    """
    require(actor, Action.UPLOAD_IMAGES)
    fields = {
        "accession_number": _line("accession_number", "Accession number", accession_number),
        "patient_reference": _line("patient_reference", "Patient reference", patient_reference),
        "note": _note(note),
    }
    if not fields["accession_number"]:
        raise SampleInvalid("accession_number", "Give the sample an accession number.")
    try:
        with transaction.atomic():
            sample = Sample.objects.create(
                laboratory_id=actor.laboratory_id, created_by=actor, **fields
            )
            record_event(
                action=AuditAction.SAMPLE_CREATED,
                actor=actor,
                laboratory=actor.laboratory,
                obj=sample,
                changes={name: [None, value] for name, value in fields.items() if value},
            )
    except IntegrityError as error:
        raise AccessionNumberTaken() from error
    return sample


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
    number = _line("accession_number", "Accession number", accession_number)
    known = policy.visible_samples(actor).filter(accession_number=number).first()
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
            known = policy.visible_samples(actor).get(accession_number=number)
    policy.refuse_closed(known)
    reference = _line("patient_reference", "Patient reference", patient_reference)
    if reference and reference != known.patient_reference:
        raise OtherPatient()
    if _note(note) not in ("", known.note):
        raise OtherNote()
    return known


def new_accession_number() -> str:
    """A number for an upload that names none: the day and eight random characters."""
    return f"P{timezone.now():%Y%m%d}-{secrets.token_hex(4).upper()}"


def _line(field: str, title: str, value: str) -> str:
    """One line of text as it is stored, or a sentence why it cannot be."""
    value = value.strip()
    if len(value) > LONGEST_LINE:
        raise SampleInvalid(field, f"{title}: use at most {LONGEST_LINE} characters.")
    if not value.isprintable():
        raise SampleInvalid(field, f"{title}: use letters, digits and signs in one line.")
    return value


def _note(value: str) -> str:
    value = value.strip().replace("\r\n", "\n")
    if len(value) > LONGEST_NOTE:
        raise SampleInvalid("note", f"Note: use at most {LONGEST_NOTE} characters.")
    if "\x00" in value:
        raise SampleInvalid("note", "Note: it holds a character that cannot be kept.")
    return value
