"""Which signed cells would make a dataset for the models, and how far the model agreed on them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.models import Label
from mlmodels.policy import visible_datasets
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.versions.active import active_version
from predictions import policy
from predictions.exported.splits import FEWEST_SOURCES
from predictions.models import Cell, CellExport, CellReview
from predictions.quality.agreement import Share
from predictions.selectors.research.signed_cells import (
    Wanted,
    cells_that_stand,
    of_profiles,
    signed_samples,
)

# The newest signed samples are looked at, until they have about so many cells together: a page
# stays quick, and what was signed longest ago says least of what comes in now.
MOST_LOOKED_AT = 20_000
MOST_SAMPLES = 4_000
USUAL_CELLS = 10_000
# Fewer cells of a class tell little when they measure (the gate asks for ten in a test part).
FEW_CELLS = 50
_A_YEAR = timedelta(days=365)


class SeenBy(StrEnum):
    """Whose word is enough."""

    ANYBODY = "anybody"
    PERSON = "person"
    TWO = "two"


@dataclass(frozen=True)
class DatasetWanted(Wanted):
    """Which cells are to make a dataset.

    Args:
        labels: the classes; empty for those that the active version names. A finer word than one
            of them counts as it.
        seen_by: how many people must have named a cell.
        at_most: cells; those that two people named come first, then those of one.
    """

    seen_by: str = SeenBy.ANYBODY
    at_most: int = USUAL_CELLS

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> DatasetWanted:
        """What a row kept."""
        base = Wanted.from_json(kept)
        return cls(
            **{name: getattr(base, name) for name in ("first_day", "last_day")},
            profiles=base.profiles,
            labels=base.labels,
            diseases=base.diseases,
            seen_by=kept["seen_by"],
            at_most=kept["at_most"],
        )


@dataclass(frozen=True)
class ChosenCell:
    """A cell that would be in the dataset.

    Args:
        person: whose it is, by what tells people apart inside the laboratory. Never shown.
        label: the class it would have.
        people: how many named it; none where the report was signed with the model's word.
        is_agreed: whether the model had called it so.
    """

    cell_id: UUID
    image_id: UUID
    sample_id: UUID
    person: str
    label: str
    people: int
    is_agreed: bool


@dataclass(frozen=True)
class ClassRow:
    """One class of the dataset.

    Args:
        cells, patients: how many it would have.
        agreement: the cells that the model had called so, of those that people named.
        is_small: whether figures about it will be rough.
    """

    code: str
    label: Label | None
    cells: int
    patients: int
    agreement: Share
    is_small: bool


@dataclass(frozen=True)
class Preview:
    """What one click would make.

    Args:
        wanted: with everything that was left open decided.
        chosen: the cells.
        classes: the largest first.
        by_label: cells of each label that was looked at, chosen or not.
        is_cut: whether older samples of the span were not looked at.
        left_over: cells that would do, beyond the most that were asked for.
        refusal: why it cannot be made, as a sentence; empty where it can.
    """

    wanted: DatasetWanted
    chosen: list[ChosenCell]
    classes: list[ClassRow]
    by_label: dict[str, int]
    is_cut: bool
    left_over: int
    refusal: str

    @property
    def samples(self) -> int:
        """How many the cells are of."""
        return len({cell.sample_id for cell in self.chosen})

    @property
    def patients(self) -> int:
        """How many the cells are of."""
        return len({cell.person for cell in self.chosen})

    @property
    def by_two(self) -> int:
        """Cells that two people named, or more."""
        return sum(cell.people > 1 for cell in self.chosen)

    @property
    def by_one(self) -> int:
        """Cells that one person named."""
        return sum(cell.people == 1 for cell in self.chosen)

    @property
    def by_nobody(self) -> int:
        """Cells that the model named and a doctor signed for."""
        return sum(cell.people == 0 for cell in self.chosen)

    @property
    def agreement(self) -> Share:
        """Of all classes together."""
        return _agreement(self.chosen)

    @property
    def small(self) -> list[ClassRow]:
        """The classes about which figures will be rough."""
        return [row for row in self.classes if row.is_small]


def usual_wish(viewer: User) -> DatasetWanted:
    """What is chosen before anybody chooses: what was signed since the last such dataset.

    Its last day is chosen again: more reports may have been signed on it after it was made.
    """
    made = policy.visible_exports(viewer).filter(
        kind=CellExport.Kind.DATASET, dataset__isnull=False
    )
    newest = made.order_by("-asked_at").values_list("wanted", flat=True).first()
    last = Wanted.from_json(newest or {}).last_day
    today = viewer.laboratory.today
    first = last or today - _A_YEAR
    return DatasetWanted(first_day=min(first, today), last_day=today, labels=_usual_labels(viewer))


def free_name(viewer: User, wanted: DatasetWanted) -> str:
    """A name that says what it is made of, and that no dataset of the laboratory has."""
    first, last = (day.isoformat() if day else "" for day in (wanted.first_day, wanted.last_day))
    name = f"Signed reviews {first} to {last}" if first and last else "Signed reviews"
    taken = set(
        visible_datasets(viewer).filter(name__startswith=name).values_list("name", flat=True)
    )
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def preview(viewer: User, wanted: DatasetWanted) -> Preview:
    """What the cells that are wanted would make.

    Raises:
        AccessDenied: the viewer does not manage datasets.
    """
    require(viewer, Action.MANAGE_DATASETS)
    if not wanted.labels:
        wanted = replace(wanted, labels=_usual_labels(viewer))
    labels = labels_for(viewer.laboratory)
    samples, is_cut = _newest_samples(viewer, wanted)
    pool, by_label = _pool(wanted, samples, labels)
    # The sort is stable: of as many people, the newest sample comes first.
    fitting = sorted(pool, key=lambda cell: -min(cell.people, 2))
    chosen = fitting[: wanted.at_most]
    return Preview(
        wanted=wanted,
        chosen=chosen,
        classes=_classes(chosen, labels),
        by_label=by_label,
        is_cut=is_cut,
        left_over=len(fitting) - len(chosen),
        refusal=_refusal(chosen),
    )


def _usual_labels(viewer: User) -> tuple[str, ...]:
    """The classes of the active version; those of every label where no version is there."""
    version = active_version(viewer.laboratory)
    return tuple(version.classes) if version else tuple(labels_for(viewer.laboratory))


def _newest_samples(viewer: User, wanted: DatasetWanted) -> tuple[list[UUID], bool]:
    """Keys of the newest signed samples, and whether older ones are left out."""
    rows = signed_samples(viewer, wanted).order_by("-state_changed_at", "-pk")
    kept: list[UUID] = []
    cells = 0
    for pk, found in rows.values_list("pk", "cells_found")[: MOST_SAMPLES + 1]:
        if len(kept) == MOST_SAMPLES or (kept and cells + found > MOST_LOOKED_AT):
            return kept, True
        kept.append(pk)
        cells += found
    return kept, False


def _pool(
    wanted: DatasetWanted, samples: list[UUID], labels: Mapping[str, Label]
) -> tuple[list[ChosenCell], dict[str, int]]:
    """The cells that would do, in the order of the samples; and how many of each label there are.

    What the model did not accept, and nobody looked at, has no label that anybody stands behind.
    """
    accepted = Q(last_review_number=0, disposition=Cell.Disposition.ACCEPTED)
    rows = (
        cells_that_stand()
        .filter(
            Q(last_review_number__gt=0) | accepted,
            of_profiles(wanted.profiles, "image__imaging_profile"),
            image__sample__in=samples,
        )
        .order_by("image__sample", "image__uploaded_at", "image", "position")
        .values_list(
            "pk", "image", "image__sample", "image__sample__patient_key", "present_label",
            "label", "last_review_number",
        )
    )  # fmt: skip
    by_two = _named_by_two(samples)
    by_label: Counter[str] = Counter()
    pool = []
    for pk, image, sample, patient, present, said, number in rows:
        people = (2 if pk in by_two else 1) if number else 0
        if not _is_enough(people, wanted.seen_by):
            continue
        by_label[present] += 1
        label = _as_class(present, wanted.labels, labels)
        if label:
            is_agreed = _as_class(said, wanted.labels, labels) == label
            person = patient or f"sample {sample}"
            pool.append(ChosenCell(pk, image, sample, person, label, people, is_agreed))
    order = {sample: place for place, sample in enumerate(samples)}
    pool.sort(key=lambda cell: order[cell.sample_id])
    return pool, dict(by_label)


def _named_by_two(samples: list[UUID]) -> set[UUID]:
    """Cells that at least two people named."""
    named = CellReview.objects.filter(
        cell__image__sample__in=samples,
        cell__job=F("cell__image__newest_result"),
        cell__last_review_number__gt=1,
    )
    people = named.order_by().values("cell").annotate(n=Count("by", distinct=True))
    return set(people.filter(n__gt=1).values_list("cell", flat=True))


def _is_enough(people: int, seen_by: str) -> bool:
    return people >= {SeenBy.ANYBODY: 0, SeenBy.PERSON: 1, SeenBy.TWO: 2}[SeenBy(seen_by)]


def _as_class(code: str, classes: Collection[str], labels: Mapping[str, Label]) -> str:
    """The class that a label counts as: itself, or what it is a kind of; empty for none."""
    if code in classes:
        return code
    wider = labels[code].wider if code in labels else ""
    return wider if wider in classes else ""


def _classes(chosen: list[ChosenCell], labels: Mapping[str, Label]) -> list[ClassRow]:
    of_class: dict[str, list[ChosenCell]] = defaultdict(list)
    for cell in chosen:
        of_class[cell.label].append(cell)
    rows = []
    for code, cells in of_class.items():
        patients = len({cell.person for cell in cells})
        is_small = len(cells) < FEW_CELLS or patients < FEWEST_SOURCES
        row = ClassRow(code, labels.get(code), len(cells), patients, _agreement(cells), is_small)
        rows.append(row)
    return sorted(rows, key=lambda row: (-row.cells, row.code))


def _agreement(cells: list[ChosenCell]) -> Share:
    named = [cell for cell in cells if cell.people]
    return Share(sum(cell.is_agreed for cell in named), len(named))


def _refusal(chosen: list[ChosenCell]) -> str:
    if not chosen:
        return "No signed cell is so. Choose a longer span, other labels or other profiles."
    classes = {cell.label for cell in chosen}
    if len(classes) < 2:
        return "All these cells are of one class, so there is nothing to tell apart. Add a label."
    patients = len({cell.person for cell in chosen})
    if patients < FEWEST_SOURCES:
        some = "1 patient" if patients == 1 else f"{patients} patients"
        return (
            f"These cells are of {some}; at least {FEWEST_SOURCES} are needed, so that one can "
            "train, one calibrate and one measure. Choose a longer span."
        )
    return ""
