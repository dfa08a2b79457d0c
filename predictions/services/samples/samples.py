"""Makes samples."""

from __future__ import annotations

import secrets

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Laboratory, User
from accounts.policy import Action, require
from predictions import policy
from predictions.errors import (
    AccessionNumberTaken,
    IdentifierInvalid,
    OtherNote,
    OtherPatient,
    SampleInvalid,
)
from predictions.identifiers import canonical, search_key
from predictions.models import Sample, SampleEvent
from predictions.selectors.samples.rules import rules_of
from predictions.services.samples.steps import take_step

# As the column has it.
LONGEST_NOTE = 2000

_TITLES = {"accession_number": "Accession number", "patient_reference": "Patient reference"}


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
        "accession_number": identifier("accession_number", accession_number),
        "patient_reference": identifier("patient_reference", patient_reference),
        "note": _note(note),
    }
    if not fields["accession_number"]:
        raise SampleInvalid("accession_number", "Give the sample an accession number.")
    try:
        with transaction.atomic():
            sample = Sample.objects.create(
                laboratory=actor.laboratory,
                created_by=actor,
                accession_key=key_in(actor.laboratory, fields["accession_number"]),
                patient_key=key_in(actor.laboratory, fields["patient_reference"]),
                **fields,
            )
            take_step(
                actor=actor,
                sample=sample,
                kind=SampleEvent.Kind.CREATED,
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
    number = identifier("accession_number", accession_number)
    known = _present_sample(actor, number)
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
            known = _present_sample(actor, number)
            if known is None:
                raise
    policy.refuse_closed(known)
    reference = identifier("patient_reference", patient_reference)
    if reference and key_in(actor.laboratory, reference) != known.patient_key:
        raise OtherPatient()
    if _note(note) not in ("", known.note):
        raise OtherNote()
    return known


def new_accession_number() -> str:
    """A number for an upload that names none: the day and eight random characters."""
    return f"P{timezone.now():%Y%m%d}-{secrets.token_hex(4).upper()}"


def _present_sample(actor: User, number: str) -> Sample | None:
    """The sample that has this number now; cancelled and retracted ones have given it free."""
    rows = policy.visible_samples(actor).exclude(state__in=Sample.GONE)
    return rows.filter(
        accession_key=key_in(actor.laboratory, number), number_collides=False
    ).first()


def identifier(field: str, value: str) -> str:
    """An accession number or patient reference in its one form, or a sentence why it has none."""
    try:
        return canonical(value, title=_TITLES[field])
    except IdentifierInvalid as error:
        raise SampleInvalid(field, error.message) from error


def key_in(laboratory: Laboratory, text: str) -> str:
    """What an identifier is compared by in this laboratory."""
    return search_key(text, tell_case_apart=rules_of(laboratory).tells_case_apart)


def _note(value: str) -> str:
    value = value.strip().replace("\r\n", "\n")
    if len(value) > LONGEST_NOTE:
        raise SampleInvalid("note", f"Note: use at most {LONGEST_NOTE} characters.")
    if "\x00" in value:
        raise SampleInvalid("note", "Note: it holds a character that cannot be kept.")
    return value
