"""The life of an export: claimed, told how far it is, paused between slices, ready or failed.

How a claim holds is the business of `hematovision.leases`; here is what it means for an export.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction
from accounts.services.audit import record_event
from hematovision import leases, queue
from hematovision.queue import enqueue_on_commit
from mlmodels.models import Dataset
from predictions import storage
from predictions.models import CellExport, JobStatus

TASK = "predictions.export_cells"


@dataclass(frozen=True)
class Claim:
    """An export that this process writes for as long as its lease is renewed.

    Args:
        export: as it was when it was claimed.
        fence: what the row's fence must still be when something is written.
        part: the file of the slice before, which ended in order; empty where there is none, and
            then all of it is written anew.
    """

    export: CellExport
    fence: int
    part: str


def unfinished() -> QuerySet[CellExport]:
    """Exports that wait for a worker or that one writes."""
    return CellExport.objects.filter(status__in=(JobStatus.QUEUED, JobStatus.RUNNING))


def claim(export_id: UUID) -> Claim | None:
    """Take an export that nobody holds; none if it is not to be had.

    The part that was left is taken out of the row: whoever is killed leaves one of unknown
    length, which nobody may go on with.
    """
    before = unfinished().filter(pk=export_id).values("fence", "part", "part_bytes").first()
    row = leases.claim(unfinished(), export_id, status=JobStatus.RUNNING, part="", part_bytes=0)
    if row is None or before is None:
        return None
    is_next = before["fence"] + 1 == row.fence
    is_whole = storage.part_size(before["part"]) == before["part_bytes"]
    part = before["part"] if is_next and before["part"] and is_whole else ""
    export = CellExport.objects.select_related("laboratory", "asked_by__laboratory").get(pk=row.pk)
    return Claim(export, row.fence, part)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the export is no longer this process's."""
    return leases.renew(_held(held))


def tell(held: Claim, **values: Any) -> bool:
    """Write how far it is, and prolong the lease; false when the export is lost."""
    return leases.renew(_held(held), **values)


def pause(held: Claim, **values: Any) -> bool:
    """End a slice in order and let other work come first; false when the export is lost."""
    with transaction.atomic():
        paused = leases.release(
            _held(held), counts=False, status=JobStatus.QUEUED, **values, **leases.just_sent()
        )
        if paused:
            enqueue_on_commit(TASK, export_id=str(held.export.pk))
    return paused


def release(held: Claim) -> bool:
    """Give the export back for another attempt, after what may pass; false when it is lost."""
    return leases.release(_held(held), status=JobStatus.QUEUED, **leases.just_sent())


def end_with_file(held: Claim, *, file: str, size_bytes: int, sha256: str) -> bool:
    """Record the whole ZIP; false, and nothing written, when the fence is old."""
    now = timezone.now()
    with transaction.atomic():
        ended = _finish(
            held,
            file=file,
            size_bytes=size_bytes,
            sha256=sha256,
            expires_at=now + timedelta(days=settings.EXPORT_DAYS),
        )
        if ended:
            _record(held, {"sha256": [None, sha256]})
    return ended


def end_with_dataset(held: Claim, dataset: Dataset) -> bool:
    """Record which dataset it became; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        ended = _finish(held, dataset=dataset)
        if ended:
            _record(held, {"dataset": [None, str(dataset.pk)]})
    return ended


def fail(held: Claim, sentence: str) -> bool:
    """End an export that cannot be written; false, and nothing written, when the fence is old."""
    return _fail(held.export, _held(held), sentence)


def give_up_exhausted() -> int:
    """Fail those that no attempt is left for; says how many."""
    sentence = (
        f"The writing was interrupted {settings.JOB_MAX_ATTEMPTS} times. Ask for it again; if it "
        "is interrupted again, tell the operator."
    )
    exhausted = leases.exhausted(unfinished())
    rows = exhausted.defer("plan")[: settings.JOB_RESEND_AT_MOST]
    return sum(_fail(row, leases.left(exhausted, row), sentence) for row in rows)


def send_due() -> int:
    """Send what nobody has claimed in time; says how many."""
    return leases.send_due(unfinished().defer("plan"), _send)


def _send(row: CellExport) -> bool:
    return queue.send(TASK, export_id=str(row.pk))


def _held(held: Claim) -> QuerySet[CellExport]:
    return leases.held(unfinished(), {held.export.pk: held.fence})


def _finish(held: Claim, **values: Any) -> bool:
    return leases.finish(
        _held(held), status=JobStatus.SUCCEEDED, error="", finished_at=timezone.now(), **values
    )


def _fail(export: CellExport, rows: QuerySet[CellExport], sentence: str) -> bool:
    failed = leases.finish(
        rows, status=JobStatus.FAILED, error=sentence, finished_at=timezone.now()
    )
    if failed:
        storage.remove_parts(export.pk)
    return failed


def _record(held: Claim, changes: dict[str, list[Any]]) -> None:
    export = held.export
    record_event(
        action=AuditAction.RESEARCH_EXPORTED,
        actor=None,
        laboratory=export.laboratory,
        obj=export,
        changes={
            "kind": [None, export.kind],
            "name": [None, export.name],
            "cells": [None, export.cells_found],
            "images missing": [None, len(export.images_missing)],
            "samples left out": [None, (export.plan or {}).get("left_out", 0)],
            **changes,
        },
    )
