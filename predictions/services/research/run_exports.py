"""Writes signed cells as files, slice by slice. Workers only."""

from __future__ import annotations

import logging
import time
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db import InterfaceError, OperationalError, transaction

from accounts.policy import require
from hematovision import leases
from hematovision.errors import DomainError
from mlmodels.services.datasets.sending import upload_dataset
from predictions import storage
from predictions.errors import ExportRefused, OriginalMissing, StorageUnavailable
from predictions.exported.zip_part import ZipPart, grown, is_disk_full, sha256_of
from predictions.models import CellExport
from predictions.policy import export_action
from predictions.services.research import claims
from predictions.services.research.contents import Content, content_of
from predictions.services.research.sent_part import SentPart

logger = logging.getLogger(__name__)

# What may pass by itself: the task is tried again, up to the attempts of the export.
PASSING = (OperationalError, InterfaceError, StorageUnavailable, OSError)

_FULL = (
    "The disk of the installation is full, so the files could not be written. Nothing is left of "
    "them. Tell the operator, and ask again when there is room."
)
_GONE = (
    "The pictures of these cells are gone from the store. Tell the operator: they can be restored "
    "from a backup."
)
_UNEXPECTED = (
    "Something failed while the cells were written; the reason is in the log. Ask for it again; "
    "if it fails again, tell the operator."
)


class _Lost(Exception):
    """Somebody else holds the export now."""


def export_cells(*, export_id: UUID) -> None:
    """Write one slice of an export; the last slice makes it whole.

    Run twice or in parallel, it counts once. Whoever is killed leaves a half-written file that
    nobody goes on with: the next attempt writes all of it anew, and removes that one.

    Raises:
        OperationalError, InterfaceError, StorageUnavailable, OSError: what may pass; the export is
            given back.
    """
    held = claims.claim(export_id)
    if held is None:
        return
    try:
        with leases.renewed(partial(claims.renew, held), f"export {export_id}"):
            _write(held)
    except _Lost:
        logger.info("Export %s is held by somebody else now.", export_id)
    except PASSING as error:
        if is_disk_full(error):
            logger.exception("There is no room for export %s.", export_id)
            claims.fail(held, _FULL)
            return
        claims.release(held)
        raise
    except DomainError as error:
        claims.fail(held, error.message)
    # It must not be written for ever: whatever it was, the row says that it ended.
    except Exception:
        logger.exception("Export %s failed.", export_id)
        claims.fail(held, _UNEXPECTED)
        raise


def _write(held: claims.Claim) -> None:
    export = held.export
    # Roles change, and so may those of whoever asked.
    require(export.asked_by, export_action(export.kind))
    if export.plan is None:
        _begin(held)
    elif not held.part:
        _tell(held, images_done=0, images_missing=[])
    content = content_of(export)
    part = held.part or storage.new_part(export.pk, held.fence)
    file = storage.part_file(part)
    until = time.monotonic() + settings.EXPORT_SLICE_S
    with grown(file) as zipped:
        while export.images_done < len(content.images):
            _add_next(held, content, zipped)
            if time.monotonic() > until:
                break
        is_whole = export.images_done == len(content.images)
        if is_whole and len(export.images_missing) == len(content.images):
            raise ExportRefused("first_day", _GONE)
        if is_whole:
            content.add_papers(zipped)
    # Asked last: what was read of the cells before was signed as long as their reports stand.
    gone = content.no_longer_signed() if is_whole else set()
    if gone:
        _begin_anew(held, content.plan_without(gone))
    elif is_whole:
        _end(held, content, file)
        storage.remove_parts(export.pk)
    elif not claims.pause(held, part=part, part_bytes=file.stat().st_size):
        raise _Lost


def _begin(held: claims.Claim) -> None:
    """Choose the cells, once: what is signed meanwhile changes nothing any more."""
    export = held.export
    plan = content_of(export).plan()
    _tell(held, **_with(plan))


def _begin_anew(held: claims.Claim, plan: dict[str, Any]) -> None:
    """Throw away what is written: cells are in it that nobody's signature stands for any more."""
    logger.info("Export %s is written anew: reports were amended or taken back.", held.export.pk)
    if not claims.pause(held, **_with(plan), part="", part_bytes=0):
        raise _Lost


def _with(plan: dict[str, Any]) -> dict[str, Any]:
    """What a row says of a plan of which nothing is written."""
    return {
        "plan": plan,
        "images_found": len(plan["images"]),
        "cells_found": sum(len(image["cells"]) for image in plan["images"]),
        "images_done": 0,
        "images_missing": [],
    }


def _add_next(held: claims.Claim, content: Content, zipped: ZipPart) -> None:
    """Add the next image with its cells; one whose bytes are gone is left out, and told."""
    export = held.export
    missing = list(export.images_missing)
    try:
        content.add_image(zipped, export.images_done)
    except OriginalMissing:
        logger.warning("An image of export %s is gone from the store.", export.pk)
        missing.append(content.images[export.images_done]["image"])
    _tell(held, images_done=export.images_done + 1, images_missing=missing)


def _end(held: claims.Claim, content: Content, file: Path) -> None:
    """Let the whole file become what was asked for, in one transaction with its row."""
    if held.export.kind == CellExport.Kind.DATASET:
        _send_in(held, content, file)
        return
    size, sha256 = file.stat().st_size, sha256_of(file)
    with file.open("rb") as stream:
        kept = storage.keep_export(File(stream))
    if not claims.end_with_file(held, file=kept, size_bytes=size, sha256=sha256):
        storage.remove(kept)
        raise _Lost


def _send_in(held: claims.Claim, content: Content, file: Path) -> None:
    """Send the archive in as an admin sends one: there is no other way into the datasets."""
    with transaction.atomic():
        dataset = upload_dataset(
            actor=held.export.asked_by,
            name=held.export.name,
            archive=SentPart(file),
            origin=content.origin(),
        )
        if not claims.end_with_dataset(held, dataset):
            raise _Lost


def _tell(held: claims.Claim, **values: object) -> None:
    """Write how far it is into the row, and into what this process knows of it."""
    if not claims.tell(held, **values):
        raise _Lost
    for name, value in values.items():
        setattr(held.export, name, value)
