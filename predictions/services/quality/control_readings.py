"""A reviewer reads the control slide: once a month, in an order of chance, at one's own pace."""

from __future__ import annotations

import secrets
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from mlmodels.selectors.labels import labels_for
from predictions import policy
from predictions.errors import ControlSlideRefused
from predictions.models import ControlAnswer, ControlReading
from predictions.selectors.quality.control_slides import (
    DAYS_TO_FINISH,
    MOST_ATTEMPTS,
    cell_of_turn,
    is_over,
    own_reading,
    this_month,
    verdict_of,
)
from predictions.services.imaging.sheets import tile_bytes
from predictions.services.quality.second_reads import MOST_SECONDS
from predictions.services.review.reviews import refuse_label

_CHANCE = secrets.SystemRandom()


@transaction.atomic
def begin_control_reading(*, actor: User) -> ControlReading:
    """The reading of the control slide that was begun and may be finished, else this month's.

    Raises:
        ControlSlideRefused: the laboratory has none, or the actor has read it this month.
    """
    require(actor, Action.READ_AGAIN)
    # Of two windows of one person one begins it.
    User.objects.select_for_update(no_key=True).get(pk=actor.pk)
    slide = policy.control_slide_in_use(actor)
    if slide is None:
        raise ControlSlideRefused(
            "There is no control slide yet. An admin puts one together and starts it."
        )
    month = this_month(actor)
    own = slide.readings.filter(reader=actor).select_related("slide")
    # The one before this month's may have some days left.
    for begun in own.filter(finished_at=None).order_by("month", "attempt"):
        if not is_over(actor, begun):
            return begun
    last = own.filter(month=month).order_by("-attempt").first()
    if last is not None and (last.passed or last.attempt >= MOST_ATTEMPTS):
        raise ControlSlideRefused(
            "You have read the control slide this month. It is due again next month."
        )
    order = [str(key) for key in slide.cells.values_list("pk", flat=True)]
    _CHANCE.shuffle(order)
    return ControlReading.objects.create(
        slide=slide,
        reader=actor,
        reader_role=actor.role,
        month=month,
        attempt=last.attempt + 1 if last else 1,
        order=order,
    )


def control_crop(*, actor: User, reading_id: UUID, number: int) -> bytes:
    """A JPEG of a cell of the actor's own reading, as the gallery shows it.

    Raises:
        ControlReadingNotFound: there is no such reading of theirs, or no such cell in it.
        OriginalMissing, StorageUnavailable: as for any picture.
    """
    require(actor, Action.READ_AGAIN)
    return tile_bytes(cell_of_turn(own_reading(actor, reading_id), number))


def answer_control_cell(
    *, actor: User, reading_id: UUID, number: int, label: str, seconds: float | None = None
) -> ControlReading:
    """Say what a cell of the control slide is; the last answer ends the reading.

    Args:
        number: of the cell in this reading, from 0.
        label: code of a label that the laboratory uses; empty: cannot tell.

    Raises:
        ControlReadingNotFound: there is no such reading of the actor's, or no such cell in it.
        ControlSlideRefused: the reading is over, or the cell was read before.
        ReviewRefused: there is no such label.
    """
    require(actor, Action.READ_AGAIN)
    reading = own_reading(actor, reading_id)
    if label:
        refuse_label(labels_for(actor.laboratory), label)
    cell_of_turn(reading, number)
    with transaction.atomic():
        held = ControlReading.objects.select_for_update(of=("self",)).select_related("slide")
        reading = held.get(pk=reading.pk)
        _refuse_over(actor, reading)
        answers = ControlAnswer.objects.filter(reading=reading)
        if answers.filter(cell_id=reading.order[number]).exists():
            raise ControlSlideRefused("You have read this cell already. Go on with the next one.")
        ControlAnswer.objects.create(
            reading=reading,
            cell_id=UUID(reading.order[number]),
            label=label,
            seconds=seconds if seconds is None or 0 <= seconds <= MOST_SECONDS else None,
        )
        if answers.count() == len(reading.order):
            _finish(actor, reading)
    return reading


def _refuse_over(actor: User, reading: ControlReading) -> None:
    """Let only a reading pass that goes on."""
    if reading.is_finished:
        raise ControlSlideRefused("This reading is finished.")
    if is_over(actor, reading):
        raise ControlSlideRefused(
            f"This reading is over: more than {DAYS_TO_FINISH} days have passed since the end of "
            "its month, or another control slide is in use. Begin a new one."
        )


def _finish(actor: User, reading: ControlReading) -> None:
    reading.finished_at = timezone.now()
    reading.passed = verdict_of(reading, labels_for(actor.laboratory)).passed
    reading.save(update_fields=["finished_at", "passed"])
    record_event(
        action=AuditAction.CONTROL_SLIDE_READ,
        actor=actor,
        laboratory=actor.laboratory,
        obj=reading,
        changes={
            "month": [None, reading.month.isoformat()],
            "attempt": [None, reading.attempt],
            "passed": [None, reading.passed],
        },
    )
