"""Sets an image aside: one that failed, or one whose cells are not to count, as blurred ones."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.policy import Action, require
from predictions import policy
from predictions.errors import DismissalRefused
from predictions.models import SampleEvent, SmearImage
from predictions.services import summaries
from predictions.services.imaging.held_images import image_under_lock
from predictions.services.samples.fields import needed_reason
from predictions.services.samples.steps import sample_under_lock, take_step


def dismiss_image(*, actor: User, image_id: UUID, reason: str) -> SmearImage:
    """Let a sample go on without an image; the cells that were found in it count no more.

    Running it again takes the dismissal back.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
        SampleInvalid: the reason is missing.
        ChangeRefused: the state of its sample does not let the actor change it.
        DismissalRefused: the image is being classified, or is dismissed.
    """
    require(actor, Action.CORRECT_SAMPLES)
    reason = needed_reason(reason, why="Say why the sample can do without this image.")
    with transaction.atomic():
        image = image_under_lock(actor, image_id)
        sample = sample_under_lock(actor, image.sample_id)
        policy.refuse_change(actor, sample)
        _refuse_undismissable(image)
        image.dismissed_at, image.dismissed_by = timezone.now(), actor
        image.dismissal_reason = reason
        image.save(update_fields=["dismissed_at", "dismissed_by", "dismissal_reason"])
        summaries.image_dismissed(image)
        take_step(
            actor=actor,
            sample=sample,
            kind=SampleEvent.Kind.IMAGE_DISMISSED,
            reason=reason,
            changes={"image": [str(image.pk), None]},
        )
    return image


def _refuse_undismissable(image: SmearImage) -> None:
    if image.dismissed_at is not None:
        raise DismissalRefused("This image is dismissed already.")
    if not image.is_final:
        raise DismissalRefused("This image is still being classified. Dismiss it afterwards.")
