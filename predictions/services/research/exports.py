"""Asking for signed cells as files, taking them, and letting them expire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import require
from accounts.services.audit import record_event, record_read
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.selectors.labels import labels_for
from mlmodels.services.datasets.sending import refuse_known, texts_of
from predictions import storage
from predictions.errors import (
    ExportExpired,
    ExportNotReady,
    ExportRefused,
    ExportWaits,
    OriginalMissing,
)
from predictions.models import CellExport
from predictions.policy import export_action
from predictions.selectors.imaging.history import NO_PROFILE, profile_choices
from predictions.selectors.laboratory.diseases import diseases_to_group_by
from predictions.selectors.research.exports import export_for_viewer
from predictions.selectors.research.reviewed import DatasetWanted, preview
from predictions.selectors.research.signed_cells import Wanted, found_cells
from predictions.services.research import claims
from predictions.services.research.tables import project_of

_Kind = CellExport.Kind


@dataclass(frozen=True)
class Download:
    """A ZIP to hand out; whoever sends it closes it."""

    name: str
    stream: BinaryIO


def ask_for_export(*, actor: User, project: str, wanted: Wanted) -> CellExport:
    """Ask for the signed cells that are wanted as a ZIP for research.

    Raises:
        ExportRefused: there is no such cell, or there are too many for one export.
        ExportWaits: the last one is not ready yet.
    """
    require(actor, export_action(_Kind.RESEARCH))
    name = project_of(project)
    _refuse_unknown(actor, wanted)
    found = found_cells(actor, wanted)
    if not found.cells:
        raise ExportRefused(
            "first_day", "No signed cell is so. Choose a longer span, other labels or profiles."
        )
    if found.cells > settings.MAX_EXPORT_CELLS:
        raise ExportRefused("first_day", too_many(found.cells))
    return _ask(actor, _Kind.RESEARCH, name, wanted.as_json(), found.cells)


def too_many(cells: int) -> str:
    """Why so many cells are not exported at once."""
    return (
        f"These are {cells:,} cells; one export holds at most {settings.MAX_EXPORT_CELLS:,}. "
        "Choose a shorter span, and ask for the rest in a second export of the same project."
    )


def ask_for_dataset(*, actor: User, name: str, wanted: DatasetWanted) -> CellExport:
    """Ask for a dataset of the signed cells that are wanted.

    Raises:
        ExportRefused: what is wanted makes no dataset.
        ExportWaits: the last one is not written yet.
        DatasetRefused, DatasetNameTaken: it cannot be called so.
    """
    require(actor, export_action(_Kind.DATASET))
    texts = texts_of(name, "", "")
    refuse_known(actor.laboratory, texts["name"])
    _refuse_unknown(actor, wanted)
    seen = preview(actor, wanted)
    if seen.refusal:
        raise ExportRefused("labels", seen.refusal)
    return _ask(actor, _Kind.DATASET, texts["name"], seen.wanted.as_json(), len(seen.chosen))


def download_export(*, actor: User, export_id: UUID) -> Download:
    """The ZIP of an export for research, noted in the trail.

    Raises:
        ExportNotFound: there is none in the actor's laboratory.
        ExportNotReady: it is not written yet, or could not be.
        ExportExpired: it is gone.
        StorageUnavailable: the storage does not answer now.
    """
    require(actor, export_action(_Kind.RESEARCH))
    export = export_for_viewer(actor, export_id)
    if export.has_expired:
        raise ExportExpired()
    if not export.can_be_downloaded:
        raise ExportNotReady(export.error)
    try:
        stream = storage.open_file(export.file)
    except OriginalMissing as error:
        raise ExportExpired() from error
    record_read(
        action=AuditAction.RESEARCH_DOWNLOADED,
        actor=actor,
        laboratory=actor.laboratory,
        obj=export,
        changes={"project": [None, export.name]},
    )
    return Download(f"cells-{export.pk}.zip", stream)


def expire_exports() -> int:
    """Remove the files whose time has come; says how many."""
    due = CellExport.objects.filter(expires_at__lte=timezone.now()).exclude(file="")
    removed = 0
    for pk, file in due.values_list("pk", "file")[: settings.JOB_RESEND_AT_MOST]:
        # The row first: a file that no row names is swept, a row without its file is a lie.
        if CellExport.objects.filter(pk=pk, file=file).update(file=""):
            storage.remove(file)
            removed += 1
    return removed


def remove_left_parts() -> int:
    """Remove what killed workers left half-written a day ago or more; says how many."""
    named = set(claims.unfinished().exclude(part="").values_list("part", flat=True))
    left = storage.parts_left(older_than_s=24 * 3600) - named
    storage.remove_part_files(left)
    return len(left)


def _refuse_unknown(actor: User, wanted: Wanted) -> None:
    """Let only labels, diseases and profiles pass that the laboratory has."""
    labels = labels_for(actor.laboratory)
    if unknown := [code for code in wanted.labels if code not in labels]:
        raise ExportRefused("labels", f"There is no label {unknown[0][:40]}.")
    diseases = dict(diseases_to_group_by(actor))
    if unknown := [code for code in wanted.diseases if code not in diseases]:
        raise ExportRefused("diseases", f"There is no disease label {unknown[0][:40]}.")
    profiles = {key for key, _ in profile_choices(actor)} | {NO_PROFILE}
    if not profiles.issuperset(wanted.profiles):
        raise ExportRefused("profiles", "There is no such imaging profile in your laboratory.")
    if wanted.first_day and wanted.last_day and wanted.last_day < wanted.first_day:
        raise ExportRefused("last_day", "This is before the first day.")


def _ask(
    actor: User, kind: CellExport.Kind, name: str, wanted: Mapping[str, Any], cells: int
) -> CellExport:
    with transaction.atomic():
        # Whoever asks at the same moment waits here, and then sees this one.
        Laboratory.objects.select_for_update(no_key=True).get(pk=actor.laboratory_id)
        mine = claims.unfinished().filter(laboratory=actor.laboratory, kind=kind)
        if mine.exists():
            raise ExportWaits()
        export = CellExport.objects.create(
            laboratory=actor.laboratory,
            kind=kind,
            name=name,
            wanted=wanted,
            asked_by=actor,
            cells_found=cells,
            **leases.just_sent(),
        )
        enqueue_on_commit(claims.TASK, export_id=str(export.pk))
        record_event(
            action=AuditAction.RESEARCH_ASKED_FOR,
            actor=actor,
            laboratory=actor.laboratory,
            obj=export,
            changes={
                "kind": [None, kind.value],
                "name": [None, name],
                "cells": [None, cells],
                **{key: [None, said] for key, said in wanted.items() if said},
            },
        )
    return export
