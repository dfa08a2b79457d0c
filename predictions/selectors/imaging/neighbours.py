"""The image before and after one, in the order of the list that one came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from predictions import policy
from predictions.models import SmearImage
from predictions.selectors.imaging.history import beyond, order_of

# Of a longer list it is not told how long it is: nobody walks through it image by image.
MOST_COUNTED = 1000


@dataclass(frozen=True)
class Place:
    """Where an image stands in a list.

    Args:
        previous_id, next_id: its neighbours; none at an end.
        number, of: that it is the n-th of so many; 0 where the list is too long to be counted.
    """

    previous_id: UUID | None
    next_id: UUID | None
    number: int = 0
    of: int = 0


def place_in_sample(viewer: User, image: SmearImage) -> Place:
    """Its place among the images of its sample, in the order they came."""
    images = policy.visible_images(viewer).filter(sample=image.sample_id)
    return _among(list(images.order_by("uploaded_at", "id").values_list("pk", flat=True)), image)


def place_in_list(images: QuerySet[SmearImage], image: SmearImage) -> Place | None:
    """Its place in a list of `images_newest_first`, filtered or not; none where it is not in it."""
    first = list(images.values_list("pk", flat=True)[: MOST_COUNTED + 1])
    if len(first) <= MOST_COUNTED:
        return _among(first, image) if image.pk in first else None
    cursor = (image.uploaded_at, image.pk)
    newer, older = beyond(images, cursor, "gt"), beyond(images, cursor, "lt")
    return Place(
        previous_id=newer.order_by(*order_of(images)).values_list("pk", flat=True).first(),
        next_id=older.values_list("pk", flat=True).first(),
    )


def _among(keys: Sequence[UUID], image: SmearImage) -> Place:
    at = keys.index(image.pk)
    return Place(
        previous_id=keys[at - 1] if at else None,
        next_id=keys[at + 1] if at + 1 < len(keys) else None,
        number=at + 1,
        of=len(keys),
    )
