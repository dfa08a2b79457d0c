"""Reads an image once more with the version in shadow. Opens an engine: only tasks import it."""

from __future__ import annotations

import logging
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from mlmodels.errors import ModelDamaged
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.inference.pipeline import CellFinding, read_image
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.selectors.profiles import classes_of
from mlmodels.selectors.versions.promotions import shadow_of
from mlmodels.services.versions.run_engine import engine_for
from predictions import storage
from predictions.errors import OriginalMissing, StorageUnavailable
from predictions.models import ClassificationJob, ShadowReading

logger = logging.getLogger(__name__)

PASSING = (OperationalError, InterfaceError, StorageUnavailable)


def read_in_shadow(*, job_id: UUID) -> None:
    """Store what the version in shadow finds in the image of a finished job, once.

    It ends quietly where no version is in shadow any more, or where the image cannot be read:
    what people see does not depend on it.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable: what may pass; the task tries later.
    """
    jobs = ClassificationJob.objects.filter(pk=job_id, status=ClassificationJob.Status.SUCCEEDED)
    job = jobs.select_related("image__sample__laboratory", "image__imaging_profile").first()
    if job is None:
        return
    shadow = shadow_of(job.image.sample.laboratory)
    # A version that was promoted since would only agree with itself.
    if shadow is None or shadow.version_id == job.model_version_id:
        return
    known = ShadowReading.objects.filter(job=job, model_version=shadow.version)
    if known.exists():
        return
    limits = ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)
    try:
        data = storage.read_original(job.image.original, sha256=job.image.sha256)
        classes = classes_of(job.image.imaging_profile)
        engine = engine_for(shadow.version).of_classes(classes)
        found = read_image(data, engine, limits, read=read_picture_apart).cells
    except (ModelDamaged, OriginalMissing, RejectedImage) as error:
        logger.error("Job %s was not read in shadow: %s", job_id, error.message)
        return
    # Of two deliveries of one message the second changes nothing.
    ShadowReading.objects.bulk_create(
        [
            ShadowReading(
                job=job, model_version=shadow.version, cells=[_as_stored(cell) for cell in found]
            )
        ],
        ignore_conflicts=True,
    )


def _as_stored(cell: CellFinding) -> dict[str, object]:
    box = cell.box
    return {
        "box": [box.x, box.y, box.width, box.height],
        "label": cell.label,
        "confidence": round(cell.confidence, 6),
        "disposition": cell.disposition,
    }
