"""A control slide as it is put together, and the signed cells that may go onto it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, QuerySet

from accounts.models import User
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import ControlSlideNotFound, SampleNotFound
from predictions.models import (
    Cell,
    ControlCell,
    ControlSlide,
    Sample,
)
from predictions.selectors.quality.reading import name_of

# More cells of one sample are not laid out to be chosen from.
MOST_TO_CHOOSE = 400


@dataclass(frozen=True)
class SlideClass:
    """A class of a slide that is being put together."""

    label: Label
    cells: int


@dataclass(frozen=True)
class SlideSample:
    """A sample that cells of the slide are of."""

    sample: Sample
    cells: int

    @property
    def stands(self) -> bool:
        """Whether what was signed of it counts now."""
        return self.sample.state == Sample.State.SIGNED


@dataclass(frozen=True)
class SlidePage:
    """A control slide as it is put together.

    Args:
        classes: every class that can be chosen, with its cells on the slide.
        cells: on the slide.
    """

    slide: ControlSlide
    classes: list[SlideClass]
    samples: list[SlideSample]
    cells: int

    @property
    def missing(self) -> int:
        """How many cells it lacks; less than none where it has too many."""
        return self.slide.CELLS - self.cells


@dataclass(frozen=True)
class ChoosableCell:
    """A signed cell that may go onto the slide.

    Args:
        named_by: whose word it is, for people.
    """

    cell_id: UUID
    code: str
    name: str
    named_by: str
    is_chosen: bool


@dataclass(frozen=True)
class ChoosePage:
    """The signed cells of one sample, to choose from.

    Args:
        has_more: whether there are more than are shown.
    """

    slide: ControlSlide
    sample: Sample
    cells: list[ChoosableCell]
    has_more: bool


def draft_of(viewer: User, slide_id: UUID) -> ControlSlide:
    """A slide of the viewer's laboratory, for those who put it together.

    Raises:
        ControlSlideNotFound: there is none.
    """
    slide = policy.visible_control_slides(viewer).filter(pk=slide_id).first()
    if slide is None:
        raise ControlSlideNotFound()
    return slide


def slide_page(viewer: User, slide_id: UUID) -> SlidePage:
    """What a slide holds by class and sample.

    Raises:
        ControlSlideNotFound: there is none in the viewer's laboratory.
    """
    slide = draft_of(viewer, slide_id)
    rows = ControlCell.objects.filter(slide=slide).order_by()
    by_label = dict(rows.values_list("label").annotate(cells=Count("pk")))
    by_sample = dict(rows.values_list("cell__image__sample").annotate(cells=Count("pk")))
    samples = policy.visible_samples(viewer).in_bulk(by_sample)
    return SlidePage(
        slide=slide,
        classes=[
            SlideClass(label, by_label.get(code, 0))
            for code, label in labels_for(viewer.laboratory).items()
            if label.is_used or code in by_label
        ],
        samples=[SlideSample(samples[key], cells) for key, cells in by_sample.items()],
        cells=sum(by_label.values()),
    )


def choose_page(viewer: User, slide_id: UUID, sample_id: UUID) -> ChoosePage:
    """The cells of a sample that may go onto a slide, those that people named first.

    Raises:
        ControlSlideNotFound, SampleNotFound: there is none in the viewer's laboratory.
    """
    slide = draft_of(viewer, slide_id)
    sample = policy.visible_samples(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    labels = labels_for(viewer.laboratory)
    chosen = set(ControlCell.objects.filter(slide=slide).values_list("cell", flat=True))
    rows = list(signed_cells(viewer, sample)[: MOST_TO_CHOOSE + 1])
    cells = [
        ChoosableCell(
            cell_id=cell.pk,
            code=cell.present_label,
            name=name_of(labels, cell.present_label),
            named_by=cell.get_named_by_role_display().lower() or "the model",
            is_chosen=cell.pk in chosen,
        )
        for cell in rows[:MOST_TO_CHOOSE]
    ]
    return ChoosePage(slide, sample, cells, has_more=len(rows) > MOST_TO_CHOOSE)


def signed_cells(viewer: User, sample: Sample) -> QuerySet[Cell]:
    """The cells of a sample as they are signed, those that people named first, then by class."""
    if sample.state != Sample.State.SIGNED:
        return Cell.objects.none()
    cells = policy.visible_cells(viewer).filter(
        image__sample=sample, job_id=F("image__newest_result_id")
    )
    unnamed = cells.filter(last_review_number=0).exclude(disposition=Cell.Disposition.ACCEPTED)
    named = cells.exclude(pk__in=unnamed.values("pk")).defer("probabilities", "attributes")
    return named.order_by("-named_by_role", "present_label", "image_id", "position")
