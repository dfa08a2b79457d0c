"""What people say a cell is. Reviews are only ever added; a doctor's word goes before others'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, InternalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import Event, record_events
from hematovision.errors import DomainError
from mlmodels.models import Label
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import (
    CellNotFound,
    ReviewConflict,
    ReviewRefused,
    SaidOfCell,
    SampleNotFound,
)
from predictions.models import Cell, CellReview, Sample, SmearImage
from predictions.services import summaries

MOST_AT_ONCE = 500
LONGEST_REMARK = 500
# A day: what is open for longer was not looked at.
MOST_SECONDS = 86_400


@dataclass(frozen=True)
class WantedReview:
    """What a person says of a cell.

    Args:
        label: code of any label of the laboratory, those the model has not included.
        seen_number: number of the last review that the person saw; 0 for none.
        seconds: how long the cell was on screen before; none where that is not known.
        remark: free text beside the label.
    """

    cell_id: UUID
    label: str
    seen_number: int
    seconds: float | None = None
    remark: str = ""


@dataclass(frozen=True)
class ReviewOutcome:
    """What became of a wanted review: it is stored, or an error says why not.

    Args:
        review: with its cell as it is now.
    """

    cell_id: UUID
    review: CellReview | None = None
    error: DomainError | None = None

    @property
    def is_remark(self) -> bool:
        """Whether it stands beside a doctor's word and changes nothing."""
        return self.review is not None and self.review.is_overruled


def review_cell(
    *,
    actor: User,
    cell_id: UUID,
    label: str,
    seen_number: int,
    seconds: float | None = None,
    remark: str = "",
) -> CellReview:
    """Say what a cell is: the same as before confirms it, another label reclassifies it.

    Args:
        label, seen_number, seconds, remark: as in `WantedReview`.

    Returns:
        The review with its cell as it is now. What a technician says after a doctor is a remark.

    Raises:
        CellNotFound: there is no such cell in the actor's laboratory.
        ReviewRefused: the sample takes no reviews, the cell is of an older result, or there is
            no such label.
        ReviewConflict: somebody else reviewed it in between; it carries both versions.
    """
    require(actor, Action.REVIEW_CELLS)
    cell = policy.visible_cells(actor).select_related("image__sample").filter(pk=cell_id).first()
    if cell is None:
        raise CellNotFound()
    wanted = WantedReview(cell_id, label, seen_number, seconds, remark)
    [said] = _review(actor, cell.image.sample, [wanted])
    if isinstance(said, DomainError):
        raise said
    return said


def review_cells(
    *, actor: User, sample_id: UUID, reviews: Sequence[WantedReview]
) -> list[ReviewOutcome]:
    """Say what many cells of a sample are, at most `MOST_AT_ONCE`; in the order asked for.

    A refusal or a conflict of one keeps none of the others from being stored.

    Raises:
        SampleNotFound: there is no such sample in the actor's laboratory.
        ReviewRefused: the sample takes no reviews, or they are too many at once.
    """
    require(actor, Action.REVIEW_CELLS)
    sample = policy.visible_samples(actor).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    if len(reviews) > MOST_AT_ONCE:
        raise ReviewRefused(
            f"{len(reviews)} reviews were sent at once; at most {MOST_AT_ONCE} can be. Send them "
            "in parts.",
            field="reviews",
        )
    return [
        ReviewOutcome(each.cell_id, error=said)
        if isinstance(said, DomainError)
        else ReviewOutcome(each.cell_id, said)
        for each, said in zip(reviews, _review(actor, sample, reviews), strict=True)
    ]


def _review(
    actor: User, sample: Sample, wanted: Sequence[WantedReview]
) -> list[CellReview | DomainError]:
    """Store what can be taken; each review, or why it was not taken, in the order asked for."""
    policy.refuse_review(actor, sample)
    labels = labels_for(actor.laboratory)
    with reviewing(actor, sample.pk):
        cells = _cells_under_lock(
            policy.visible_cells(actor).filter(image__sample_id=sample.pk),
            [each.cell_id for each in wanted],
        )
        said = _judged(actor, cells, labels, wanted)
        taken = [each for each in said if isinstance(each, CellReview)]
        if taken:
            store_reviews(actor, sample.pk, [(cells[each.cell_id], each) for each in taken])
    return said


@contextmanager
def reviewing(actor: User, sample_id: UUID) -> Iterator[None]:
    """A transaction that writes of a sample's cells; it says so where the sample was closed."""
    try:
        with transaction.atomic():
            yield
    except (InternalError, IntegrityError):
        # The database itself refuses rows of a sample that was signed a moment ago: PostgreSQL
        # by the one, SQLite by the other.
        policy.refuse_review(actor, Sample.objects.get(pk=sample_id))
        raise


def _cells_under_lock(cells: QuerySet[Cell], wanted: Sequence[UUID]) -> dict[UUID, Cell]:
    """Cells as they are now, with their images' rows held: new results and other reviews wait."""
    images = list(cells.filter(pk__in=wanted).values_list("image", flat=True).distinct())
    # `no_key`: rows that only refer to the image need not wait.
    list(
        SmearImage.objects.select_for_update(no_key=True)
        .filter(pk__in=images)
        .order_by("pk")
        .values_list("pk")
    )
    return cells.select_related("image", "job").in_bulk(wanted)


def store_reviews(
    actor: User,
    sample_id: UUID,
    said: Sequence[tuple[Cell, CellReview]],
    *,
    after: Sequence[Event] = (),
) -> None:
    """Store what a person said of cells of one sample, each once, and count it.

    Args:
        said: cells as they were before, whose images' rows are held, and their new reviews.
        after: what goes before it in the trail.
    """
    CellReview.objects.bulk_create([review for _, review in said])
    # Late, so that uploads, which count in the sample, need not wait; yet before its labels, as
    # everybody takes them: a review that changes nothing of what waits touches the sample's row
    # nowhere else. Who closed the sample meanwhile undoes all of this.
    sample = Sample.objects.select_for_update(no_key=True).get(pk=sample_id)
    policy.refuse_review(actor, sample)
    summaries.cells_reviewed(said)
    record_events(
        actor=actor,
        laboratory=actor.laboratory,
        events=[
            *after,
            *(
                Event(
                    AuditAction.CELL_REVIEWED,
                    obj=cell,
                    changes={
                        "label": [review.from_label, review.to_label],
                        "review": [review.number - 1, review.number],
                    },
                )
                for cell, review in said
            ),
        ],
    )


def new_review(actor: User, cell: Cell, label: str) -> CellReview:
    """An unsaved review of a cell as it is before; the row names the cell as it is after."""
    review = CellReview(
        cell=cell,
        number=cell.last_review_number + 1,
        from_label=cell.present_label,
        to_label=label,
        by=actor,
        by_role=actor.role,
        at=timezone.now(),
        model_label=cell.label,
        model_version_id=cell.job.model_version_id,
    )
    review.cell = summaries.named_anew(cell, review)
    return review


def _judged(
    actor: User,
    cells: dict[UUID, Cell],
    labels: dict[str, Label],
    wanted: Sequence[WantedReview],
) -> list[CellReview | DomainError]:
    """Unsaved reviews of what can be taken, and errors for the rest, in their order."""
    overtaken = [
        each.cell_id
        for each in wanted
        if each.cell_id in cells and cells[each.cell_id].last_review_number != each.seen_number
    ]
    earlier = _with_reviews(overtaken)
    said: list[CellReview | DomainError] = []
    taken: set[UUID] = set()
    for each in wanted:
        cell = cells.get(each.cell_id)
        try:
            if cell is None:
                raise CellNotFound("this sample")
            _refuse(cell, each, labels, is_second=each.cell_id in taken)
            if each.cell_id in earlier:
                raise _conflict(earlier[each.cell_id], each, labels)
        except DomainError as error:
            said.append(error)
            continue
        taken.add(each.cell_id)
        review = new_review(actor, cell, each.label)
        review.seconds, review.remark = each.seconds, each.remark.strip()
        said.append(review)
    return said


def _refuse(cell: Cell, wanted: WantedReview, labels: dict[str, Label], *, is_second: bool) -> None:
    """Let only pass what can be said of this cell."""
    if cell.job_id != cell.image.newest_result_id:
        raise ReviewRefused(
            "This image was classified again, so this cell is of an older result. Load the page "
            "again and review the present cells."
        )
    if is_second:
        raise ReviewRefused("This cell is named twice in one request; the first was taken.")
    # Whatever a cell is called can be confirmed; what nobody named has no name to confirm.
    if not cell.is_named or wanted.label != cell.present_label or wanted.label not in labels:
        refuse_label(labels, wanted.label)
    if len(wanted.remark.strip()) > LONGEST_REMARK:
        raise ReviewRefused(f"Remark: use at most {LONGEST_REMARK} characters.", field="remark")
    if "\x00" in wanted.remark:
        raise ReviewRefused("Remark: it holds a character that cannot be kept.", field="remark")
    if wanted.seconds is not None and not 0 <= wanted.seconds <= MOST_SECONDS:
        raise ReviewRefused(f"Seconds: give 0 to {MOST_SECONDS}, or none.", field="seconds")


def refuse_label(labels: dict[str, Label], code: str) -> None:
    """Let only a label pass that the laboratory can choose now."""
    label = labels.get(code)
    if label is None:
        raise ReviewRefused("Choose what the cell is from the list.", field="label")
    if not label.is_used:
        raise ReviewRefused(
            f"Your laboratory does not use the label {label.name}. Choose another from the list.",
            field="label",
        )


def _with_reviews(cell_ids: Sequence[UUID]) -> dict[UUID, Cell]:
    """Cells with everything that was said of them."""
    if not cell_ids:
        return {}
    return Cell.objects.prefetch_related("reviews__by").in_bulk(cell_ids)


def _conflict(cell: Cell, wanted: WantedReview, labels: dict[str, Label]) -> ReviewConflict:
    """Both versions: what the cell is now, and what was wanted over an older one."""
    deciding = cell.deciding_review
    yours = SaidOfCell(wanted.label, wanted.seen_number)
    if deciding is None or wanted.seen_number > cell.last_review_number:
        return ReviewConflict(
            "This review is of a state that never was. Load the page again.",
            now=_said_now(cell),
            yours=yours,
        )
    newest = list(cell.reviews.all())[-1]
    said, now, chosen = (
        labels[code].name if code in labels else code
        for code in (newest.to_label, cell.present_label, wanted.label)
    )
    told = f"{newest.by.display_name} reviewed this cell in the meantime: {said}."
    if newest.is_overruled:
        told += f" It stays {now}, as {deciding.by.display_name} named it."
    return ReviewConflict(
        f"{told} You chose {chosen}. Look again, then confirm or change it.",
        now=_said_now(cell),
        yours=yours,
    )


def _said_now(cell: Cell) -> SaidOfCell:
    deciding = cell.deciding_review
    return SaidOfCell(
        cell.present_label,
        cell.last_review_number,
        by=deciding.by.display_name if deciding else "",
        at=deciding.at if deciding else None,
    )
