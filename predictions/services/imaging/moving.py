"""Moves an image that was uploaded to the wrong sample, with its cells and all that was said."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.errors import MoveRefused, SampleNotFound
from predictions.models import Sample, SampleEvent, SmearImage
from predictions.services import summaries
from predictions.services.imaging.held_images import image_under_lock
from predictions.services.samples.fields import needed_reason
from predictions.services.samples.steps import begin_review, take_step


def move_image(*, actor: User, image_id: UUID, to_sample_id: UUID, reason: str) -> SmearImage:
    """Give an image to another sample of the laboratory that takes images.

    Raises:
        ImageNotFound, SampleNotFound: there is no such row in the actor's laboratory.
        SampleInvalid: the reason is missing.
        ChangeRefused: the state of the image's sample does not let the actor take it away.
        SampleClosed: the other sample takes no images.
        JobStateRefused: the image is still being classified.
        MoveRefused: the other sample has this picture already.
    """
    require(actor, Action.CORRECT_SAMPLES)
    reason = needed_reason(reason, why="Say why the image belongs to the other sample.")
    try:
        with transaction.atomic():
            image = image_under_lock(actor, image_id)
            before, after = _under_lock(actor, image.sample_id, to_sample_id)
            policy.refuse_change(actor, before)
            policy.refuse_closed(after)
            policy.refuse_unfinished(image)
            image.sample = after
            image.save(update_fields=["sample"])
            summaries.image_moved(image, before.pk)
            _tell(actor, image, before, after, reason)
            begin_review([after.pk])
    except IntegrityError as error:
        raise _already_there() from error
    return image


def _under_lock(actor: User, sample_id: UUID, to_sample_id: UUID) -> tuple[Sample, Sample]:
    """Both samples, held; of two moves at once, there and back, neither waits for ever."""
    if sample_id == to_sample_id:
        raise _already_there()
    rows = policy.visible_samples(actor).select_for_update(of=("self",), no_key=True)
    found = {row.pk: row for row in rows.filter(pk__in=(sample_id, to_sample_id)).order_by("pk")}
    if to_sample_id not in found:
        raise SampleNotFound()
    return found[sample_id], found[to_sample_id]


def _already_there() -> MoveRefused:
    return MoveRefused("That sample holds this picture already. Choose another sample.")


def _tell(actor: User, image: SmearImage, before: Sample, after: Sample, reason: str) -> None:
    """Write the move into the histories of both samples."""
    ways = {before: [str(image.pk), None], after: [None, str(image.pk)]}
    for sample, was_and_is in ways.items():
        take_step(
            actor=actor,
            sample=sample,
            kind=SampleEvent.Kind.IMAGE_MOVED,
            reason=reason,
            changes={"image": was_and_is, "sample": [str(before.pk), str(after.pk)]},
        )
