"""An image as it is now, held against everybody else who would change it."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from predictions import policy
from predictions.errors import ImageNotFound
from predictions.models import SmearImage


def image_under_lock(actor: User, image_id: UUID) -> SmearImage:
    """The image, held until the transaction ends: first of all rows that a service takes.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
    """
    rows = policy.visible_images(actor).select_for_update(of=("self",))
    image = rows.filter(pk=image_id).first()
    if image is None:
        raise ImageNotFound()
    return image
