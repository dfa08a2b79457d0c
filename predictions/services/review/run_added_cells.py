"""Names cells that people added. Opens an engine: only tasks import it."""

from __future__ import annotations

import logging
from copy import copy
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet

from mlmodels.errors import ModelDamaged
from mlmodels.ml.errors import BoxRefused, RejectedImage
from mlmodels.ml.inference.alarm import AlarmRule
from mlmodels.ml.inference.pipeline import CellFinding, read_box
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.models import ModelVersion
from mlmodels.selectors.profiles import classes_of
from mlmodels.services.versions.run_engine import engine_for
from predictions import storage
from predictions.errors import OriginalMissing, StorageUnavailable
from predictions.models import Cell, CellFeatures, SmearImage
from predictions.selectors.samples.rules import always_reviewed, rules_of
from predictions.services import summaries
from predictions.services.imaging.run_classification import engines_word, stored_features
from predictions.services.review.carrying import box_of

logger = logging.getLogger(__name__)

PASSING = (OperationalError, InterfaceError, StorageUnavailable)


def name_added_cell(*, cell_id: UUID) -> None:
    """Let the engine say what a cell is that a person added; run twice or in parallel, once.

    The version of its image's result reads it, among the classes that occur in the image's profile
    now: so a result has one version, and a cell keeps what it was chosen from. Where it cannot
    be read, it stays unidentified until a person names it.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable: what may pass; the task tries later.
    """
    cell = _waiting(cell_id)
    if cell is None:
        return
    version = cell.job.model_version
    found = _read(cell, version) if version is not None else None
    with transaction.atomic():
        list(SmearImage.objects.select_for_update(no_key=True).filter(pk=cell.image_id))
        before = _waiting(cell_id)
        if before is None or before.image.sample.is_frozen:
            return
        if found is None or version is None or before.job_id != before.image.newest_result_id:
            _still_waiting(before).update(awaits_engine=False)
            return
        _name(before, version, found)


def _waiting(cell_id: UUID) -> Cell | None:
    cells = Cell.objects.select_related(
        "image__sample", "image__laboratory", "image__imaging_profile", "job__model_version"
    )
    return cells.filter(pk=cell_id, awaits_engine=True).first()


def _read(cell: Cell, version: ModelVersion) -> CellFinding | None:
    """What the version makes of the box; none where it cannot read it."""
    limits = ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)
    try:
        data = storage.read_original(cell.image.original, sha256=cell.image.sha256)
        engine = engine_for(version).of_classes(classes_of(cell.image.imaging_profile))
        return read_box(data, box_of(cell), engine, limits, read=read_picture_apart)
    except (ModelDamaged, OriginalMissing, RejectedImage, BoxRefused) as error:
        logger.error("Cell %s was not read: %s", cell.pk, error.message)
        return None


def _name(before: Cell, version: ModelVersion, found: CellFinding) -> None:
    """Write the engine's word into the row; a person's word stays the cell's label."""
    always = always_reviewed(rules_of(before.image.laboratory))
    values = engines_word(found, always, AlarmRule.of_card(engine_for(version).card))
    if not before.is_reviewed:
        values["present_label"] = found.label
    after = copy(before)
    for name, value in values.items():
        setattr(after, name, value)
    if not _still_waiting(before).update(awaits_engine=False, **values):
        return
    CellFeatures.objects.create(cell=after, model_version=version, values=stored_features(found))
    summaries.cell_named(before, after)


def _still_waiting(cell: Cell) -> QuerySet[Cell]:
    return Cell.objects.filter(pk=cell.pk, awaits_engine=True)
