"""Our own JPEGs of the pictures of datasets: made when first asked for, and kept."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from accounts.models import User
from accounts.policy import Action, require
from mlmodels import artifacts, storage
from mlmodels.errors import DatasetNotFound
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ROOM_FOR_PIXELS, ImageLimits
from mlmodels.ml.pictures.renditions import encode_rendition
from mlmodels.selectors.datasets.datasets import image_for_viewer

THUMBNAIL_SIDE_PX, PICTURE_SIDE_PX = 160, 480


def dataset_thumbnail(*, actor: User, image_id: UUID, side_px: int) -> bytes:
    """A small JPEG of a picture, without its metadata; decoded only where none is kept.

    Args:
        side_px: the longer side is reduced to this.

    Raises:
        DatasetNotFound: there is no such picture in the actor's laboratory, or its file is gone,
            is not the one that was imported, or is larger than pictures may be.
    """
    require(actor, Action.MANAGE_DATASETS)
    image = image_for_viewer(actor, image_id)
    thumbnails = artifacts.thumbnails_folder(image.dataset.folder)
    kept = storage.kept_thumbnail(thumbnails, image.sha256, side_px)
    if kept is not None:
        return kept
    folder = artifacts.dataset_folder(image.dataset.folder)
    data = storage.read_picture(folder, image.path, sha256=image.sha256)
    made = _reduced(data, side_px)
    storage.keep_thumbnail(thumbnails, image.sha256, side_px, made, picture=folder / image.path)
    return made


def _reduced(data: bytes, side_px: int) -> bytes:
    limits = ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)
    try:
        with ROOM_FOR_PIXELS:
            return encode_rendition(read_picture_apart(data, limits).rgb, max_side_px=side_px)
    except RejectedImage as error:
        raise DatasetNotFound() from error
