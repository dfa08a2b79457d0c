"""Draws what patients and samples are called outside the laboratory, once a project."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from accounts.models import Laboratory
from predictions.models import Sample, StudyCode

# Without letters and digits that are taken for each other. Eight of them: a thousand billions.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_LENGTH = 8
_AT_ONCE = 500
_LETTER = {StudyCode.Kind.PATIENT: "P", StudyCode.Kind.SAMPLE: "S"}


@dataclass(frozen=True)
class Codes:
    """What a sample and its patient are called."""

    patient: str
    sample: str


def draw_codes(
    laboratory: Laboratory, project: str, samples: Iterable[Sample]
) -> dict[UUID, Codes]:
    """The study codes of samples and their patients: those that are there, else new ones.

    Two who draw at once for the same patient get the same code: what counts is the row.

    Args:
        samples: of the laboratory.

    Returns:
        By the key of the sample.
    """
    found: dict[UUID, Codes] = {}
    waiting = list(samples)
    for begin in range(0, len(waiting), _AT_ONCE):
        part = waiting[begin : begin + _AT_ONCE]
        while missing := _missing(laboratory, project, part):
            # What another one has drawn meanwhile, and a code that is taken, is passed over.
            StudyCode.objects.bulk_create(missing, ignore_conflicts=True)
        found |= _codes(laboratory, project, part)
    return found


def _missing(laboratory: Laboratory, project: str, samples: list[Sample]) -> list[StudyCode]:
    known = _known(laboratory, project, samples)
    wanted = {_key(sample, kind): (sample, kind) for sample in samples for kind in StudyCode.Kind}
    return [
        StudyCode(
            laboratory=laboratory,
            project=project,
            kind=kind,
            code=f"{_LETTER[kind]}-{_drawn()}",
            **_subject(sample, kind),
        )
        for key, (sample, kind) in wanted.items()
        if key not in known
    ]


def _codes(laboratory: Laboratory, project: str, samples: list[Sample]) -> dict[UUID, Codes]:
    known = _known(laboratory, project, samples)
    return {
        sample.pk: Codes(*(known[_key(sample, kind)] for kind in StudyCode.Kind))
        for sample in samples
    }


def _known(
    laboratory: Laboratory, project: str, samples: list[Sample]
) -> dict[tuple[str, str, UUID | None], str]:
    rows = StudyCode.objects.filter(
        Q(sample__in=samples) | Q(patient_key__in={s.patient_key for s in samples} - {""}),
        laboratory=laboratory,
        project=project,
    )
    return {
        (kind, patient, sample): code
        for kind, patient, sample, code in rows.values_list("kind", "patient_key", "sample", "code")
    }


def _key(sample: Sample, kind: StudyCode.Kind) -> tuple[str, str, UUID | None]:
    if kind == StudyCode.Kind.PATIENT and sample.patient_key:
        return (kind.value, sample.patient_key, None)
    return (kind.value, "", sample.pk)


def _subject(sample: Sample, kind: StudyCode.Kind) -> dict[str, object]:
    _, patient_key, sample_id = _key(sample, kind)
    return {"patient_key": patient_key, "sample_id": sample_id}


def _drawn() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
