"""Finds samples by their number or their patient, in the form in which both are compared."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.db.models.functions import Left

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.identifiers import canonical
from predictions.models import Sample
from predictions.selectors.samples.rules import key_in
from predictions.selectors.samples.samples import samples_newest_first


def find_samples(
    viewer: User,
    *,
    accession_number: str = "",
    patient_reference: str = "",
    text: str = "",
    state: str = "",
) -> QuerySet[Sample]:
    """The viewer's samples of this number and this patient, newest first.

    Args:
        accession_number, patient_reference: whole, as typed, pasted, scanned or sent.
        text: how one of the two begins.
        state: in which they are; any where it is empty.

    Raises:
        IdentifierInvalid: one is longer than an identifier can be, or holds what cannot be seen.
    """
    samples = samples_newest_first(viewer)
    if accession_number:
        key = _key(viewer, accession_number, "Accession number")
        samples = samples.filter(accession_key=key)
    if patient_reference:
        key = _key(viewer, patient_reference, "Patient reference")
        # Most samples may have no reference: they are not of one patient.
        samples = samples.filter(patient_key=key) if key else samples.none()
    if state:
        samples = samples.filter(state=state)
    key = _key(viewer, text, "Search")
    return _beginning_with(samples, key) if key else samples


def colliding_samples(viewer: User) -> QuerySet[Sample]:
    """The samples whose number an older one has in its canonical form, for who puts them right."""
    require(viewer, Action.MANAGE_LABORATORY)
    marked = policy.visible_samples(viewer).filter(number_collides=True)
    return marked.exclude(state__in=Sample.GONE).order_by("accession_key", "created_at", "pk")


def _key(viewer: User, text: str, title: str) -> str:
    return key_in(viewer.laboratory, canonical(text, title=title))


def _beginning_with(samples: QuerySet[Sample], key: str) -> QuerySet[Sample]:
    """Compared by characters: LIKE takes no account of case on SQLite, whatever the laboratory."""
    return samples.alias(
        number_begins=Left("accession_key", len(key)), patient_begins=Left("patient_key", len(key))
    ).filter(Q(number_begins=key) | Q(patient_begins=key))
