"""Where the onboarding of an imaging profile stands: reviewed cells, and how they were read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.models import User
from mlmodels.ml.adaptation.reviewed_cells import FEWEST_CELLS, FEWEST_SOURCES, MOST_CELLS
from mlmodels.ml.classes import class_among
from mlmodels.ml.evaluation.metrics import Answer, summarise
from mlmodels.ml.inference.occurring import occurring_among
from mlmodels.models import ImagingProfile, Label, ModelVersion, TrainingRun
from mlmodels.policy import visible_training_runs
from mlmodels.selectors.labels import labels_for
from mlmodels.selectors.profiles import profile_for_viewer
from mlmodels.selectors.versions.active import active_version
from predictions import policy
from predictions.models import Cell
from predictions.selectors.imaging.familiarity import Familiarity, familiarity_of_profile

# More than enough for the cells of an adaptation, and few enough for a page.
RECENT_IMAGES = 300
# Labels of this group say that there is no cell to name.
NOT_COUNTED = "not counted"


@dataclass(frozen=True)
class LabelCount:
    """How many reviewed cells carry a label, and whether the version can say it."""

    code: str
    label: Label | None
    cells: int
    is_known: bool


@dataclass(frozen=True)
class Onboarding:
    """A profile on its way to a version of its own.

    Args:
        version: the one that is active for the profile.
        counts: of the reviewed cells by label, the most frequent first.
        usable: how many can be adapted on.
        samples: how many samples those are of.
        before: figures of the version on the reviewed cells that it read; none where there are
            none.
        occurring: the classes that the profile declares, in the order of labels; empty: any may.
        read_by_others: reviewed cells that another version read; they are not in `before`.
        missing: a sentence about what is needed before the profile can be adapted, or empty.
        runs: adaptations of the profile, the newest first.
    """

    profile: ImagingProfile
    version: ModelVersion | None
    familiarity: Familiarity
    counts: list[LabelCount]
    usable: int
    samples: int
    before: dict[str, Any] | None
    read_by_others: int
    occurring: list[Label]
    missing: str
    labels: dict[str, Label]
    runs: list[TrainingRun]

    @property
    def share_of_fewest(self) -> float:
        """How far the cells are on the way to the number needed, 0 to 1."""
        return min(1.0, self.usable / FEWEST_CELLS)

    @property
    def last_done(self) -> TrainingRun | None:
        """The newest adaptation that made a candidate."""
        return next((run for run in self.runs if run.candidate is not None), None)

    @property
    def is_adapting(self) -> bool:
        """Whether an adaptation is queued or running."""
        return any(not run.is_final for run in self.runs)


def onboarding_of(viewer: User, profile_id: UUID) -> Onboarding:
    """All that the onboarding page shows.

    Raises:
        ProfileNotFound: there is no such profile in the viewer's laboratory.
    """
    profile = profile_for_viewer(viewer, profile_id)
    version = active_version(viewer.laboratory, profile)
    cells = reviewed_cells(viewer, profile)
    labels = labels_for(viewer.laboratory)
    classes = classes_to_adapt(version, profile)
    usable = usable_cells(cells, classes)
    read = [cell for cell in cells if version and cell.job.model_version_id == version.pk]
    samples = len({cell.image.sample_id for cell in usable})
    return Onboarding(
        profile=profile,
        version=version,
        familiarity=familiarity_of_profile(viewer, profile),
        counts=_counts(cells, labels, classes),
        usable=len(usable),
        samples=samples,
        before=_figures(read, labels, version.classes if version else []),
        read_by_others=len(cells) - len(read),
        occurring=[label for label in labels.values() if label.code in (profile.classes or ())],
        missing=what_is_missing(len(usable), samples),
        labels=labels,
        runs=_runs(viewer, profile),
    )


def reviewed_cells(viewer: User, profile: ImagingProfile) -> list[Cell]:
    """The profile's cells that a person has named, each once, of the images reviewed last.

    An image that was run again may have the same cell twice; the one of the newer result counts.
    """
    images = (
        policy.visible_images(viewer)
        .filter(imaging_profile=profile, last_reviewed_at__isnull=False)
        .order_by("-last_reviewed_at", "-id")
        .values_list("pk", flat=True)[:RECENT_IMAGES]
    )
    rows = (
        Cell.objects.filter(image__in=list(images), last_review_number__gt=0)
        .select_related("image", "job")
        .defer("probabilities", "attributes", "job__timings_ms", "job__field_note")
        .order_by("-image__last_reviewed_at", "-image", "-job__queued_at", "position")
    )
    kept: list[Cell] = []
    by_image: dict[UUID, list[Cell]] = {}
    for cell in rows:
        others = by_image.setdefault(cell.image_id, [])
        if not any(_is_inside(cell, other) for other in others):
            others.append(cell)
            kept.append(cell)
    return kept


def classes_to_adapt(version: ModelVersion | None, profile: ImagingProfile) -> list[str]:
    """The classes of a version whose cells can be adapted on: those that occur in the profile."""
    classes = version.classes if version else []
    if profile.classes is None:
        return classes
    occurring = occurring_among(profile.classes, classes)
    return [name for name, is_there in zip(classes, occurring, strict=True) if is_there]


def usable_cells(cells: list[Cell], classes: list[str]) -> list[Cell]:
    """Those whose label a version with these classes can say; at most so many as are needed."""
    return [c for c in cells if class_among(c.present_label, classes) in classes][:MOST_CELLS]


def what_is_missing(usable: int, samples: int) -> str:
    """Why a profile cannot be adapted yet, in a sentence; empty where it can."""
    if usable < FEWEST_CELLS:
        return (
            f"{usable} of at least {FEWEST_CELLS} reviewed cells. Open results of this profile "
            "and say of each cell what it is."
        )
    if samples < FEWEST_SOURCES:
        return (
            f"The reviewed cells are of {samples} sample{'s' if samples > 1 else ''}; "
            f"{FEWEST_SOURCES} are needed, so that the outcome can be measured on samples that "
            "were left out. Review cells of others."
        )
    return ""


def _is_inside(cell: Cell, other: Cell) -> bool:
    """Whether the middle of a cell's box lies in the other's."""
    x, y = cell.x_px + cell.width_px / 2, cell.y_px + cell.height_px / 2
    return (
        other.x_px <= x <= other.x_px + other.width_px
        and other.y_px <= y <= other.y_px + other.height_px
    )


def _counts(cells: list[Cell], labels: dict[str, Label], classes: list[str]) -> list[LabelCount]:
    found = Counter(cell.present_label for cell in cells)
    return [
        LabelCount(code, labels.get(code), count, class_among(code, classes) in classes)
        for code, count in found.most_common()
    ]


def _figures(
    cells: list[Cell], labels: dict[str, Label], classes: list[str]
) -> dict[str, Any] | None:
    """Accuracy, coverage and selective accuracy; what is no cell is not asked of the model."""
    answers = [
        Answer(
            class_among(cell.present_label, classes), cell.label, cell.confidence, cell.disposition
        )
        for cell in cells
        if not _is_not_counted(labels.get(cell.present_label))
    ]
    return summarise(answers, classes) if answers else None


def _is_not_counted(label: Label | None) -> bool:
    return label is not None and label.group == NOT_COUNTED


def _runs(viewer: User, profile: ImagingProfile, at_most: int = 5) -> list[TrainingRun]:
    runs = visible_training_runs(viewer).filter(profile=profile, kind=TrainingRun.Kind.ADAPTATION)
    return list(runs.select_related("candidate", "base_version", "created_by")[:at_most])
