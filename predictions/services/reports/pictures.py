"""The pictures of cells on a report, cut from the bytes that were uploaded."""

from __future__ import annotations

import logging
from itertools import groupby
from uuid import UUID

from predictions import storage
from predictions.errors import OriginalMissing
from predictions.models import SmearImage
from predictions.reports.content import ReportContent, ReportCrop

logger = logging.getLogger(__name__)


def cut_pictures(content: ReportContent, *, laboratory_id: UUID) -> dict[str, bytes]:
    """The cells that a report shows, by key; image by image, each opened once.

    Raises:
        StorageUnavailable: the storage does not answer now.
    """
    crops = sorted(
        (crop for of_class in content.crops for crop in of_class.crops),
        key=lambda crop: crop.image_id,
    )
    originals = dict(
        SmearImage.objects.filter(
            laboratory_id=laboratory_id, pk__in={crop.image_id for crop in crops}
        ).values_list("pk", "original")
    )
    pictures: dict[str, bytes] = {}
    for image_id, of_image in groupby(crops, key=lambda crop: crop.image_id):
        pictures |= _cut(originals.get(UUID(image_id), ""), list(of_image))
    return pictures


def _cut(original: str, crops: list[ReportCrop]) -> dict[str, bytes]:
    """Cells of one image; where its bytes are gone, the report says so in their place."""
    pictures: dict[str, bytes] = {}
    try:
        storage.read_original(original, sha256=crops[0].image_sha256)
        for crop in crops:
            box = crop.box
            pictures[crop.cell_id] = storage.cut_crop(
                original, x_px=box.x, y_px=box.y, width_px=box.width, height_px=box.height
            )
    except OriginalMissing:
        logger.warning("A picture of image %s is missing on a report.", crops[0].image_id)
    return pictures
