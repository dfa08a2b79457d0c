"""All cells of a sample by class, in the order in which a person goes through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import F, Max
from django.utils import timezone

from accounts.models import Role, User
from mlmodels.ml.classes import class_in_words
from mlmodels.ml.inference.measured_words import size_of, unusual_size
from mlmodels.ml.inference.sheets import TILE_PX, sheet_size, tile_corner
from mlmodels.models import Label, ModelVersion
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import SampleNotFound
from predictions.models import Cell, CellReview, ImageLabel, Sample, SampleEvent
from predictions.selectors.imaging import confidence
from predictions.selectors.samples.alarm import alarming_cells
from predictions.selectors.samples.rules import always_reviewed, rules_of

UNIDENTIFIED = ImageLabel.UNIDENTIFIED
# A review carries the time at which it was written, not that at which others could see it.
OVERLAP = timedelta(seconds=20)


@dataclass(frozen=True)
class Field:
    """An image of the sample, with the sheet that its cells are shown from.

    Args:
        number: among the sample's images, in the order they came, from 1.
        job_id: whose result the cells are.
        cells: how many there are, which is how many tiles the sheet has.
    """

    number: int
    image_id: UUID
    job_id: UUID
    name: str
    width_px: int
    height_px: int
    cells: int

    @property
    def sheet_px(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        return sheet_size(self.cells)


@dataclass(frozen=True)
class GalleryCell:
    """A cell as the gallery shows it.

    Args:
        code: what it is shown as: its present label, or `UNIDENTIFIED`.
        name: of that, for people.
        model_name: what the model said.
        box: x, y, width and height in pixels of the picture.
        tile: x and y of its crop on the field's sheet.
        named_by_role: whose word counts; empty: the model's.
        word: the model's confidence: high, fair, low, or empty where that is not known.
        asks: whether a person must look at it, and none has.
        remark: what of its size is unusual for what it is called, in words; empty: nothing.
        alarm_place: its place among the cells that make the sample's alarm, the most suspicious
            first, from 0; none where it is none of them.
    """

    id: UUID
    field: Field
    position: int
    code: str
    name: str
    model_name: str
    box: tuple[int, int, int, int]
    tile: tuple[int, int]
    named_by_role: str
    disposition: str
    confidence: float
    word: str
    last_review_number: int
    origin: str
    asks: bool
    remark: str = ""
    alarm_place: int | None = None

    @property
    def makes_alarm(self) -> bool:
        """Whether it is one of those to be looked at first."""
        return self.alarm_place is not None

    @property
    def is_reviewed(self) -> bool:
        """Whether a person said what it is."""
        return self.last_review_number > 0

    @property
    def is_counted(self) -> bool:
        """Whether somebody stands behind the label: a person, or the model."""
        return self.is_reviewed or not self.asks

    @property
    def mark(self) -> str:
        """How it is marked: who spoke last, else what the engine makes of it."""
        if self.is_reviewed:
            return self.named_by_role or "reviewed"
        if self.disposition == Cell.Disposition.UNIDENTIFIED:
            return UNIDENTIFIED
        return "review" if self.asks else "accepted"

    @property
    def state_in_words(self) -> str:
        """What is known of it, without its class."""
        first = "look at it first, " if self.makes_alarm else ""
        return first + self._said

    @property
    def _said(self) -> str:
        if self.is_reviewed:
            role = Role(self.named_by_role).label.lower() if self.named_by_role else "person"
            other = f", the model said {self.model_name}" if self.model_name != self.name else ""
            return f"named by a {role}{other}"
        by_hand = "added by hand, " if self.origin == Cell.Origin.PERSON else ""
        if self.disposition == Cell.Disposition.UNIDENTIFIED:
            return f"{by_hand}a person must say what it is"
        sure = f"{self.word} confidence, " if self.word else ""
        asked = "to review" if self.asks else "not reviewed"
        remark = f", remarkable for its class: {self.remark}" if self.remark else ""
        return f"{by_hand}{sure}{asked}{remark}"

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"cell {self.position} of field {self.field.number}"

    @property
    def box_words(self) -> str:
        """The box as an attribute holds it."""
        return "{} {} {} {}".format(*self.box)

    @property
    def view_box(self) -> str:
        """The window on the sheet that shows its crop."""
        return f"{self.tile[0]} {self.tile[1]} {TILE_PX} {TILE_PX}"

    @property
    def turn(self) -> tuple[int, float]:
        """Where it stands in its column: first what makes an alarm, the most suspicious of it
        before all, then what asks for a person, of these first what is remarkable; then the least
        sure."""
        if self.alarm_place is not None:
            return -1, self.alarm_place
        if self.asks:
            return (0 if self.remark else 1), self.confidence
        return (3 if self.is_reviewed else 2), self.confidence


@dataclass(frozen=True)
class Column:
    """The cells of one class.

    Args:
        label: its row; none for `UNIDENTIFIED`, and for a code that the laboratory lacks.
        percent: of the counted cells, 0 to 100; none for what is no white cell of the count.
        listed: those of them that the page shows.
    """

    code: str
    name: str
    label: Label | None
    cells: Sequence[GalleryCell]
    percent: float | None
    listed: Sequence[GalleryCell]

    @property
    def to_review(self) -> int:
        """How many of them ask for a person."""
        return sum(cell.asks for cell in self.cells)

    @property
    def is_named(self) -> bool:
        """Whether its cells can be confirmed as what the column says."""
        return self.code != UNIDENTIFIED


@dataclass(frozen=True)
class Gallery:
    """The cells of a sample's newest results.

    Args:
        columns: unidentified first, then in the laboratory's order; those without cells, too.
        only: the code of the one class that is asked for; empty for all.
        only_alarm: whether only the cells that make the alarm are shown.
        can_sign: whether the viewer may sign the sample now, and acknowledge its alarm.
        fields: by image.
        counted: how many cells the percentages are of.
        state: as `state_of` gives it.
        results: changes when an image has another result, so that the page must be loaded again.
        as_of: up to when changes are in it.
    """

    sample: Sample
    columns: Sequence[Column]
    only: str
    only_alarm: bool
    fields: Sequence[Field]
    labels: dict[str, Label]
    counted: int
    can_review: bool
    can_sign: bool
    state: str
    results: str
    as_of: datetime

    @property
    def shown(self) -> list[Column]:
        """The columns of the page: all, or the one that is asked for."""
        return [column for column in self.columns if self.only in ("", column.code)]

    @property
    def cells(self) -> dict[UUID, GalleryCell]:
        """All of them by id, in the order of the page."""
        return {cell.id: cell for column in self.columns for cell in column.cells}

    @property
    def to_review(self) -> int:
        """How many ask for a person."""
        return sum(column.to_review for column in self.columns)


@dataclass(frozen=True)
class Change:
    """Who last said something of a cell."""

    cell_id: UUID
    by: str


def gallery_of(
    viewer: User, sample_id: UUID, label: str | None = None, *, only_alarm: bool = False
) -> Gallery:
    """The cells of a sample by present label, those that ask for a person first.

    Args:
        label: the code of the one class to show; one that is not there shows all.
        only_alarm: show those alone that make the sample's alarm; where there is none, all.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    as_of = timezone.now()
    # Read first: what is said in between comes with the first poll.
    sample, state = _sample_and_state(viewer, sample_id)
    labels = labels_for(viewer.laboratory)
    images = list(_images(viewer, sample_id))
    rows = _rows(viewer, sample_id)
    fields = _fields(images, rows)
    asked = always_reviewed(rules_of(viewer.laboratory))
    versions = _versions(images)
    alarm = alarming_cells(sample) if sample.alarm_cells else ()
    places = {cell_id: place for place, cell_id in enumerate(alarm)}
    cells = [
        replace(cell, alarm_place=places[cell.id]) if cell.id in places else cell
        for image_id, field in fields.items()
        for cell in _cells(rows[image_id], field, labels, versions.get(image_id), asked)
    ]
    only_alarm = only_alarm and bool(alarm)
    columns, counted = _columns(cells, labels, only_alarm=only_alarm)
    codes = {column.code for column in columns}
    return Gallery(
        sample=sample,
        columns=columns,
        only=label if label in codes else "",
        only_alarm=only_alarm,
        fields=list(fields.values()),
        labels=labels,
        counted=counted,
        can_review=policy.can_review(viewer, sample),
        can_sign=policy.can_take(viewer, sample, SampleEvent.Kind.SIGNED),
        state=state,
        results=_fingerprint(images, len(cells)),
        as_of=as_of,
    )


def state_of(viewer: User, sample_id: UUID) -> str:
    """Changes whenever a gallery would look different, in one query.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    return _sample_and_state(viewer, sample_id)[1]


def changes_since(viewer: User, sample_id: UUID, since: datetime) -> list[Change]:
    """Of which cells somebody said something since a time, and who last did.

    A change may come twice, never not at all: whoever asks knows the numbers of the reviews.
    """
    cells = policy.visible_cells(viewer).filter(image__sample_id=sample_id)
    said = CellReview.objects.filter(cell__in=cells, at__gt=since - OVERLAP)
    last = {review.cell_id: review for review in said.select_related("by").order_by("number")}
    return [Change(cell_id, review.by.display_name) for cell_id, review in last.items()]


def _sample_and_state(viewer: User, sample_id: UUID) -> tuple[Sample, str]:
    sample = (
        policy.visible_samples(viewer)
        .annotate(
            reviewed_at=Max("images__last_reviewed_at"),
            result_at=Max("images__newest_result__finished_at"),
        )
        .filter(pk=sample_id)
        .first()
    )
    if sample is None:
        raise SampleNotFound()
    parts = (sample.state, sample.cells_found, sample.reviewed_at, sample.result_at)
    return sample, "-".join(str(part) for part in parts).replace(" ", "T")


def _images(viewer: User, sample_id: UUID) -> Iterable[Any]:
    """What is needed of each image, in the order they came."""
    images = policy.visible_images(viewer).filter(sample_id=sample_id)
    return images.order_by("uploaded_at", "id").values_list(
        "id",
        "original_name",
        "width_px",
        "height_px",
        "newest_result_id",
        "newest_result__model_version_id",
        named=True,
    )


def _rows(viewer: User, sample_id: UUID) -> dict[UUID, list[Any]]:
    """What is needed of each cell of the newest results, by image, in the order of their numbers.

    Neither probabilities nor attributes: they are most of a row.
    """
    cells = policy.visible_cells(viewer).filter(
        image__sample_id=sample_id, job_id=F("image__newest_result_id")
    )
    rows: dict[UUID, list[Any]] = defaultdict(list)
    for row in cells.order_by("image_id", "position").values_list(
        "id",
        "image_id",
        "position",
        "x_px",
        "y_px",
        "width_px",
        "height_px",
        "label",
        "present_label",
        "named_by_role",
        "disposition",
        "confidence",
        "last_review_number",
        "origin",
        "nucleus_in_red_cells",
        "nucleus_area_px",
        named=True,
    ):
        rows[row.image_id].append(row)
    return rows


def _fields(images: Sequence[Any], rows: dict[UUID, list[Any]]) -> dict[UUID, Field]:
    """The images that have cells, numbered among all of them."""
    return {
        image.id: Field(
            number=number,
            image_id=image.id,
            job_id=image.newest_result_id,
            name=image.original_name,
            width_px=image.width_px,
            height_px=image.height_px,
            cells=len(rows[image.id]),
        )
        for number, image in enumerate(images, start=1)
        if image.id in rows
    }


def _versions(images: Sequence[Any]) -> dict[UUID, ModelVersion]:
    """The version that read each image: few versions, whose cards are large."""
    by_id = ModelVersion.objects.in_bulk(
        {image.newest_result__model_version_id for image in images} - {None}
    )
    return {
        image.id: by_id[image.newest_result__model_version_id]
        for image in images
        if image.newest_result__model_version_id in by_id
    }


def _cells(
    rows: Sequence[Any],
    field: Field,
    labels: dict[str, Label],
    version: ModelVersion | None,
    asked: frozenset[str],
) -> Iterator[GalleryCell]:
    """The cells of one image, in the order of their numbers, as the tiles of its sheet are."""
    for index, row in enumerate(rows):
        reviewed = row.last_review_number > 0
        unidentified = not reviewed and row.disposition == Cell.Disposition.UNIDENTIFIED
        code = UNIDENTIFIED if unidentified else row.present_label
        accepted = row.disposition == Cell.Disposition.ACCEPTED and row.present_label not in asked
        yield GalleryCell(
            id=row.id,
            field=field,
            position=row.position,
            code=code,
            name=_name(labels, code),
            model_name=_name(labels, row.label),
            box=(row.x_px, row.y_px, row.width_px, row.height_px),
            tile=tile_corner(index),
            named_by_role=row.named_by_role,
            disposition=row.disposition,
            confidence=row.confidence,
            word=confidence.word_of(row.confidence, version),
            last_review_number=row.last_review_number,
            origin=row.origin,
            asks=not reviewed and not accepted,
            remark="" if unidentified else _remark(row),
        )


def _remark(row: Any) -> str:
    """Of the size alone: the words of attributes are on the cell's own page."""
    box = row.width_px, row.height_px
    size = size_of(row.nucleus_in_red_cells, row.nucleus_area_px, box)
    return unusual_size(row.present_label, size)


def _columns(
    cells: Iterable[GalleryCell], labels: dict[str, Label], *, only_alarm: bool
) -> tuple[list[Column], int]:
    """One a label that is used or present, and how many cells the percentages are of."""
    by_code: dict[str, list[GalleryCell]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: cell.turn):
        by_code[cell.code].append(cell)
    counted = {
        code: sum(cell.is_counted for cell in by_code[code])
        for code, label in labels.items()
        if label.in_denominator
    }
    total = sum(counted.values())
    used = [code for code, label in labels.items() if label.is_used or code in by_code]
    unknown = sorted(set(by_code) - {UNIDENTIFIED, *labels})
    return [
        Column(
            code=code,
            name=_name(labels, code),
            label=labels.get(code),
            cells=by_code[code],
            percent=100 * counted[code] / total if total and code in counted else None,
            listed=[each for each in by_code[code] if each.makes_alarm or not only_alarm],
        )
        for code in (UNIDENTIFIED, *used, *unknown)
    ], total


def _name(labels: dict[str, Label], code: str) -> str:
    if code in labels:
        return labels[code].name
    return class_in_words(code)


def _fingerprint(images: Sequence[Any], cells: int) -> str:
    """The newest results and how many cells they hold, in a word."""
    results = "".join(str(image.newest_result_id) for image in images)
    return f"{sha256(results.encode()).hexdigest()[:16]}-{cells}"
