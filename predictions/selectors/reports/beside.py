"""Two samples of one patient beside each other: their figures, and the cells of one class."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from accounts.models import User
from accounts.policy import Action, require
from mlmodels.ml.classes import WIDER_CLASS
from mlmodels.selectors.labels import labels_for
from predictions.counts import label_by_code, shown_as
from predictions.errors import SampleNotFound
from predictions.models import Cell, Report, Sample
from predictions.reports.content import ReportContent, ReportDifferential
from predictions.selectors.reports.case import present_cells, read_case
from predictions.selectors.reports.comparison import Comparison, compare
from predictions.selectors.reports.contents import differential_now, models_of
from predictions.selectors.reports.courses import models_in_words
from predictions.selectors.reports.patient import newest_reports, samples_of_patient
from predictions.selectors.review.counts import label_uses
from predictions.selectors.review.crops import Crop, crops_of
from predictions.selectors.samples.page import SampleHead, short_head
from predictions.selectors.samples.rules import always_reviewed, rules_of

# Of a class of one sample; the gallery shows them all.
MOST_CELLS = 24


@dataclass(frozen=True)
class Side:
    """One of the two samples.

    Args:
        report: what was signed last of it; none where nothing is.
        differential: of that, else as it stands now.
        model: the versions that read its images, in words.
        at: when it was collected, else received.
        cells: crops of the class that is compared as they stand now, at most `MOST_CELLS`.
        cells_count: how many cells of it are counted now.
    """

    sample: Sample
    report: Report | None
    differential: ReportDifferential
    model: str
    at: datetime
    cells: list[Crop]
    cells_count: int


@dataclass(frozen=True)
class BesidePage:
    """Both samples, the one that was taken first as the earlier one.

    Args:
        other: the one whose page this is not.
        label: the class whose cells are shown; empty where neither has one.
    """

    head: SampleHead
    other: Sample
    earlier: Side
    later: Side
    rows: list[Comparison]
    label: str
    name: str

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both, in the order they were taken."""
        return self.earlier, self.later

    @property
    def has_absolute(self) -> bool:
        """Whether counts in 10⁹/L are known of either."""
        sides = (side for row in self.rows for side in (row.earlier, row.later))
        return any(side is not None and side.absolute is not None for side in sides)

    @property
    def has_other_model(self) -> bool:
        """Whether other model versions read the one than the other."""
        return self.earlier.model != self.later.model


def beside_page(viewer: User, sample_id: UUID, other_id: UUID, label: str = "") -> BesidePage:
    """A sample beside another one of the same patient.

    Args:
        label: the class whose cells are compared; one that neither has, or none, gives the class
            that changed most.

    Raises:
        SampleNotFound: one of them is not in the viewer's laboratory, or they are not two samples
            of one patient reference.
    """
    require(viewer, Action.SEE_PATIENTS)
    head = short_head(viewer, sample_id)
    others = samples_of_patient(viewer, head.sample).exclude(pk=sample_id)
    other = others.select_related("laboratory").filter(pk=other_id).first()
    if other is None:
        raise SampleNotFound()
    read = sorted((_read(viewer, sample) for sample in (head.sample, other)), key=_by_time)
    compared = compare(read[0].differential, read[1].differential, WIDER_CLASS)
    rows = [row for row in compared if row.was_or_is_there]
    shown = next((row for row in rows if row.label == label), None) or _most_changed(rows)
    code = shown.label if shown else ""
    codes = _codes_shown_as(viewer, code)
    earlier, later = (_side(each, codes) for each in read)
    return BesidePage(
        head=head,
        other=other,
        earlier=earlier,
        later=later,
        rows=rows,
        label=code,
        name=shown.name if shown else "",
    )


@dataclass(frozen=True)
class _Read:
    sample: Sample
    report: Report | None
    differential: ReportDifferential
    model: str
    at: datetime


def _read(viewer: User, sample: Sample) -> _Read:
    report = newest_reports(viewer, sample).filter(sample=sample).first()
    if report is None:
        differential, models = differential_now(read_case(sample)), models_of(sample)
    else:
        content = ReportContent.from_json(report.content)
        differential, models = content.differential, content.models
    taken_at = sample.collected_at or sample.created_at
    return _Read(sample, report, differential, models_in_words(models), taken_at)


def _by_time(read: _Read) -> tuple[datetime, UUID]:
    return read.at, read.sample.pk


def _most_changed(rows: list[Comparison]) -> Comparison | None:
    """What is clear before what is not, then by the size of the change."""
    return max(rows, key=lambda row: (row.is_clear, abs(row.change or 0)), default=None)


def _codes_shown_as(viewer: User, code: str) -> list[str]:
    """The labels whose cells a row of this code counts."""
    uses = label_by_code(label_uses(labels_for(viewer.laboratory)))
    return [code, *(each for each in uses if each != code and shown_as(each, uses) == code)]


def _side(read: _Read, codes: list[str]) -> Side:
    """What people named stands first, then what the model is surest of."""
    asked = always_reviewed(rules_of(read.sample.laboratory))
    accepted = Q(disposition=Cell.Disposition.ACCEPTED) & ~Q(present_label__in=asked)
    counted = present_cells(read.sample).filter(
        Q(last_review_number__gt=0) | accepted, present_label__in=codes
    )
    ordered = counted.order_by("-named_by_role", "-confidence", "image", "position")
    return Side(
        sample=read.sample,
        report=read.report,
        differential=read.differential,
        model=read.model,
        at=read.at,
        cells=crops_of(ordered, MOST_CELLS),
        cells_count=counted.count(),
    )
