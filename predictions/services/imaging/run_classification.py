"""The work of one job, from claim to record. Opens an engine: only tasks and commands import it."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import asdict
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection

from hematovision import leases
from hematovision.errors import DomainError
from mlmodels.errors import ModelDamaged, NoActiveModel
from mlmodels.ml.errors import RejectedImage
from mlmodels.ml.inference.alarm import AlarmRule
from mlmodels.ml.inference.engine import Engine
from mlmodels.ml.inference.pipeline import CellFinding, Findings, read_image
from mlmodels.ml.pictures.apart import read_picture_apart
from mlmodels.ml.pictures.picture import ImageLimits
from mlmodels.selectors.versions.active import versions_in_use
from mlmodels.services.versions.run_engine import ENGINES_KEPT, engine_for
from predictions import storage
from predictions.errors import OriginalMissing, StorageUnavailable
from predictions.models import Cell, ClassificationJob
from predictions.selectors.samples.rules import always_reviewed, rules_of
from predictions.services.imaging import jobs, sheets

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the job.
PASSING = (OperationalError, InterfaceError, StorageUnavailable)

# So many small images are read between two records: each is seen at most a second later.
AT_ONCE = 8
# A task goes on with what waits for so long, then the sweep gets its turn.
GO_ON_S = 10.0

_Stage = ClassificationJob.Stage


def classify_image(*, job_id: UUID) -> None:
    """Classify the image of a job, if nobody else does; run twice or in parallel, it counts once.

    Small images that wait beside it are classified with it, some at a time: their own messages
    then find nothing to do.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable: what may pass; jobs that it kept
            from an end are queued again and the task tries later.
    """
    held = jobs.claim(job_id)
    if held is None:
        return
    if held.attempt > 1 or not held.is_small:
        # Should its image be what ended a process before, it ends no other's work.
        _classify([held])
        return
    end = time.monotonic() + GO_ON_S
    batch = [held, *_more(held, AT_ONCE - 1)]
    while batch:
        _classify(batch)
        batch = _more(held, AT_ONCE) if time.monotonic() < end else []


def _more(held: jobs.Claim, at_most: int) -> list[jobs.Claim]:
    """Further jobs beside a claimed one; none where the database does not give them now."""
    try:
        return jobs.claim_more(held, at_most)
    except DatabaseError:
        # Each of them has a message of its own.
        logger.warning("No further jobs could be claimed.", exc_info=True)
        return []


def _classify(batch: list[jobs.Claim]) -> None:
    """Read and record claimed jobs; what cannot be read fails, or is given back, alone."""
    found: list[jobs.Result] = []
    errors: list[Exception] = []
    with leases.renewed(partial(jobs.renew, *batch), f"job {batch[0].job_id}"):
        for held in batch:
            try:
                result = _read(held)
            except PASSING as error:
                jobs.release(held)
                errors.append(error)
            except (NoActiveModel, ModelDamaged, OriginalMissing) as error:
                jobs.fail(held, code=error.code, sentence=error.message)
            except RejectedImage as error:
                jobs.fail(held, code="image_rejected", sentence=error.message)
            # A job must not stay running for ever: whatever it was, the row says that it ended.
            except Exception as error:
                _fail_unexpectedly(held)
                errors.append(error)
            else:
                found += [result] if result is not None else []
        errors += _record(found)
    if errors:
        raise errors[0]


def _record(found: list[jobs.Result]) -> list[Exception]:
    """Store results together; where that breaks, one by one, so that only the culprit fails."""
    try:
        stored = jobs.record(found)
    except PASSING as error:
        for result in found:
            jobs.release(result.held)
        return [error]
    except Exception as error:
        if len(found) > 1:
            return [fault for result in found for fault in _record([result])]
        _fail_unexpectedly(found[0].held)
        return [error]
    for result in found:
        if result.held in stored:
            sheets.prepare_sheet(result.held.image, result.held.job_id, result.cells)
    return []


def _fail_unexpectedly(held: jobs.Claim) -> None:
    logger.exception("Job %s failed.", held.job_id)
    jobs.fail(held, code="unexpected", sentence=_UNEXPECTED)


def preload_engine() -> None:
    """Open the engines of the active versions before the first image asks for one."""
    try:
        for version in versions_in_use(ENGINES_KEPT):
            engine_for(version)
    except (DomainError, DatabaseError):
        # The first job meets the same and says it on its row.
        logger.warning("The engine could not be opened ahead of the first image.", exc_info=True)
    finally:
        connection.close()


_UNEXPECTED = (
    "Something failed while this image was classified; the reason is in the log. "
    "Run it again; if it fails again, tell the operator."
)


def _read(held: jobs.Claim) -> jobs.Result | None:
    """What the engine finds; none as soon as the job is no longer ours."""
    data = storage.read_original(held.image.original, sha256=held.image.sha256)
    if held.version is None:
        raise NoActiveModel()
    # The stages of a small image are over before anybody could read them.
    tells = not held.is_small
    if tells and not jobs.enter_stage(held, _Stage.CLASSIFYING):
        return None
    limits = ImageLimits(settings.MAX_IMAGE_BYTES, settings.MAX_IMAGE_MEGAPIXELS)
    engine = engine_for(held.version).of_classes(held.classes)
    findings = read_image(data, engine, limits, read=read_picture_apart)
    if tells and not jobs.enter_stage(held, _Stage.RECORDING):
        return None
    return jobs.Result(
        held,
        cells=_rows(held, engine, findings, always_reviewed(rules_of(held.laboratory))),
        features=[stored_features(cell) for cell in findings.cells],
        timings_ms=findings.timings_ms,
        field_note=findings.field_note,
        photograph_again=findings.photograph_again,
    )


def _rows(
    held: jobs.Claim, engine: Engine, findings: Findings, always: Collection[str]
) -> list[Cell]:
    """The findings as rows that are not stored yet, the principal cell first.

    Args:
        engine: that found them.
        always: codes of classes of which a person sees every cell.
    """
    rule = AlarmRule.of_card(engine.card)
    return [
        Cell(
            image=held.image,
            job_id=held.job_id,
            position=position,
            x_px=cell.box.x,
            y_px=cell.box.y,
            width_px=cell.box.width,
            height_px=cell.box.height,
            present_label=cell.label,
            **engines_word(cell, always, rule),
        )
        for position, cell in enumerate(findings.cells, start=1)
    ]


def engines_word(
    cell: CellFinding, always: Collection[str], rule: AlarmRule | None
) -> dict[str, Any]:
    """What the engine said of a cell, by the columns of its row.

    Args:
        always: classes that the laboratory wants a person to see, whatever the version's card says.
        rule: by which the version raises an alarm; none where it has none.
    """
    is_accepted = cell.disposition == Cell.Disposition.ACCEPTED
    asks = is_accepted and cell.label in always
    return {
        "label": cell.label,
        "confidence": cell.confidence,
        "probabilities": cell.probabilities,
        "disposition": Cell.Disposition.REVIEW if asks else cell.disposition,
        "reason": cell.reason or None,
        "nucleus_area_px": cell.nucleus_area_px,
        "nucleus_in_red_cells": cell.nucleus_in_red_cells,
        "objectness": cell.objectness,
        "familiarity_percentile": cell.familiarity_percentile,
        "suspicion": _suspicion(cell, rule),
        "attributes": {name: asdict(found) for name, found in cell.attributes.items()},
    }


def _suspicion(cell: CellFinding, rule: AlarmRule | None) -> float | None:
    """None too of a cell that the picture shows too small to be named at all."""
    if rule is None or cell.reason == Cell.Reason.TOO_SMALL:
        return None
    return rule.suspicion(cell.of_all, cell.familiarity_percentile, cell.objectness)


def stored_features(cell: CellFinding) -> bytes:
    """The engine's features of a cell as they are kept."""
    return cell.features.astype("<f2").tobytes()
