"""The laboratory's list of disease labels, and the samples that doctors gave them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q

from accounts.models import User
from accounts.policy import Action, allows, require
from predictions import policy
from predictions.errors import DiseaseNotFound, SampleNotFound
from predictions.models import DiseaseLabel, Sample, SampleDisease


@dataclass(frozen=True)
class DiseaseRow:
    """A disease label as it holds now.

    Args:
        samples: how many carry it.
        is_own: whether the laboratory said it; else it came with the program.
    """

    label: DiseaseLabel
    samples: int
    is_own: bool


@dataclass(frozen=True)
class DiseaseVersions:
    """A disease label with what it meant before, the newest first."""

    label: DiseaseLabel
    versions: tuple[DiseaseLabel, ...]


@dataclass(frozen=True)
class SaidDisease:
    """A disease as it was said of a sample.

    Args:
        label: with its meaning at that time.
        removed_by, removed_at: who took it back; none while it holds.
    """

    label: DiseaseLabel
    by: User
    at: datetime
    removed_by: User | None
    removed_at: datetime | None


@dataclass(frozen=True)
class DiseasesOfSample:
    """What is said of a sample, what was taken back, and what could be said.

    Args:
        choices: labels that can be chosen and are not said of it.
        can_change: whether this person may add and remove them now.
        takes_more: whether any may be added; of one that is gone they are only taken back.
    """

    held: tuple[SaidDisease, ...]
    removed: tuple[SaidDisease, ...]
    choices: tuple[DiseaseLabel, ...]
    can_change: bool
    takes_more: bool


def present_labels(laboratory_id: UUID) -> dict[str, DiseaseLabel]:
    """By code, by name: the newest version of each, a laboratory's own before a shipped one."""
    rows = DiseaseLabel.objects.filter(Q(laboratory__isnull=True) | Q(laboratory_id=laboratory_id))
    ordered = rows.order_by(F("laboratory_id").asc(nulls_first=True), "number")
    newest = {row.code: row for row in ordered}
    return dict(sorted(newest.items(), key=lambda each: each[1].name.casefold()))


def disease_list(viewer: User) -> list[DiseaseRow]:
    """All labels of the viewer's laboratory, those that are retired last; for its admins."""
    require(viewer, Action.MANAGE_LABORATORY)
    held = policy.visible_sample_diseases(viewer).filter(removed_at__isnull=True)
    counted = held.order_by().values("code").annotate(n=Count("pk"))
    samples = {row["code"]: row["n"] for row in counted}
    rows = [
        DiseaseRow(label, samples.get(code, 0), label.laboratory_id is not None)
        for code, label in present_labels(viewer.laboratory_id).items()
    ]
    return sorted(rows, key=lambda row: not row.label.is_active)


def disease_for_managing(viewer: User, code: str) -> DiseaseVersions:
    """One label with its versions.

    Raises:
        DiseaseNotFound: the laboratory has no such label.
    """
    require(viewer, Action.MANAGE_LABORATORY)
    label = present_labels(viewer.laboratory_id).get(code)
    if label is None:
        raise DiseaseNotFound()
    rows = DiseaseLabel.objects.filter(code=code).select_related("by")
    own = rows.filter(laboratory_id=viewer.laboratory_id).order_by("-number")
    shipped = rows.filter(laboratory__isnull=True).order_by("-number")
    return DiseaseVersions(label, (*own, *shipped))


def disease_choices(viewer: User) -> list[tuple[str, str]]:
    """Code and name of all labels by which samples can be found; none for who may not see them."""
    if not allows(viewer, Action.SEE_PATIENTS):
        return []
    return [(code, label.name) for code, label in present_labels(viewer.laboratory_id).items()]


def diseases_to_group_by(viewer: User) -> list[tuple[str, str]]:
    """Code and name of all labels by which exports and datasets can be narrowed."""
    require(viewer, Action.EXPORT_RESEARCH)
    return [(code, label.name) for code, label in present_labels(viewer.laboratory_id).items()]


def diseases_of_sample(viewer: User, sample_id: UUID) -> DiseasesOfSample | None:
    """What doctors said of a sample; none for those who do not see patients.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    if not allows(viewer, Action.SEE_PATIENTS):
        return None
    sample = policy.visible_samples(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    rows = policy.visible_sample_diseases(viewer).filter(sample=sample)
    rows = rows.select_related("label", "by", "removed_by").order_by("at", "pk")
    held, removed = _said(rows, is_held=True), _said(rows, is_held=False)
    said = {each.label.code for each in held}
    return DiseasesOfSample(
        held=held,
        removed=removed,
        choices=tuple(
            label
            for code, label in present_labels(viewer.laboratory_id).items()
            if label.is_active and code not in said
        ),
        can_change=allows(viewer, Action.SIGN_OUT),
        takes_more=sample.state not in Sample.GONE,
    )


def has_disease(viewer: User, codes: Collection[str]) -> Exists:
    """Whether a sample carries one of these labels, as far as the viewer may know."""
    rows = policy.visible_sample_diseases(viewer).filter(
        sample=OuterRef("pk"), code__in=codes, removed_at__isnull=True
    )
    return Exists(rows)


def codes_by_sample(viewer: User, samples: Iterable[Sample]) -> dict[UUID, Sequence[str]]:
    """The codes that each of some samples carries, in one query; for exports."""
    rows = policy.visible_sample_diseases(viewer).filter(
        sample__in=list(samples), removed_at__isnull=True
    )
    found: dict[UUID, list[str]] = {}
    for sample_id, code in rows.order_by("code").values_list("sample_id", "code"):
        found.setdefault(sample_id, []).append(code)
    return dict(found)


def _said(rows: Iterable[SampleDisease], *, is_held: bool) -> tuple[SaidDisease, ...]:
    return tuple(
        SaidDisease(row.label, row.by, row.at, row.removed_by, row.removed_at)
        for row in rows
        if (row.removed_at is None) == is_held
    )
