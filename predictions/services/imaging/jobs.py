"""The life of a job: queued, claimed, renewed, and recorded or failed.

How a claim holds is the business of `hematovision.leases`; here is what it means for an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.models import ModelVersion
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import shadow_of
from predictions import policy
from predictions.errors import ImageNotFound
from predictions.models import Cell, CellFeatures, ClassificationJob, SmearImage
from predictions.services import summaries

_Status = ClassificationJob.Status
_Stage = ClassificationJob.Stage


@dataclass(frozen=True)
class Claim:
    """A job that this process holds for as long as its lease is renewed.

    Args:
        fence: what the row's fence must still be when something is written.
        version: the one that is active now for the image's profile; none where none is
            registered.
    """

    job_id: UUID
    fence: int
    attempt: int
    image: SmearImage
    laboratory: Laboratory
    version: ModelVersion | None


def queue_job(image: SmearImage) -> ClassificationJob:
    """Ask for the classification of an image, inside the caller's transaction."""
    job = ClassificationJob.objects.create(image=image, **leases.just_sent())
    if image.newest_job_id is None:
        summaries.image_added(image, job)
    else:
        summaries.job_queued_again(image, job)
    enqueue_on_commit("predictions.classify_image", job_id=str(job.pk))
    return job


def request_rerun(*, actor: User, image_id: UUID) -> ClassificationJob:
    """Ask for a new classification of an image with the version that is active now.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
        JobStateRefused: the last one asked for is not finished.
    """
    require(actor, Action.RERUN_IMAGES)
    with transaction.atomic():
        image = (
            policy.visible_images(actor).select_for_update(of=("self",)).filter(pk=image_id).first()
        )
        if image is None:
            raise ImageNotFound()
        policy.refuse_unfinished(image)
        job = queue_job(image)
        record_event(
            action=AuditAction.IMAGE_RERUN, actor=actor, laboratory=actor.laboratory, obj=image
        )
    return job


def claim(job_id: UUID) -> Claim | None:
    """Take a job that is queued, or whose holder's lease has ended; none if it is not to be had.

    The holder is this very process, by host and process id.
    """
    job = (
        ClassificationJob.objects.select_related(
            "image__sample__laboratory", "image__imaging_profile"
        )
        .filter(pk=job_id)
        .first()
    )
    if job is None:
        return None
    laboratory = job.image.sample.laboratory
    version = active_version(laboratory, job.image.imaging_profile)
    with transaction.atomic():
        taken = leases.claim(
            unfinished(),
            job_id,
            status=_Status.RUNNING,
            stage=_Stage.READING,
            model_version=version,
            started_at=timezone.now(),
        )
        if taken is None:
            return None
        summaries.job_moved(job.image, _Status.RUNNING)
    return Claim(job.pk, taken.fence, taken.attempts, job.image, laboratory, version)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the job is no longer this process's."""
    return leases.renew(_held(held))


def enter_stage(held: Claim, stage: ClassificationJob.Stage) -> bool:
    """Say what the work has come to, and prolong the lease; false when the job is lost."""
    return leases.renew(_held(held), stage=stage)


def record(
    held: Claim,
    *,
    cells: Sequence[Cell],
    features: Sequence[bytes] = (),
    timings_ms: dict[str, float],
    field_note: str = "",
) -> bool:
    """Store what was found, once; false, and nothing written, when the fence is old.

    Args:
        cells: unsaved rows, the principal cell first.
        features: of each cell, in the same order; none where they are not kept.
        timings_ms: of each step of the engine.
        field_note: why the picture may be no stained blood film; else empty.
    """
    ended: dict[str, object] = {"timings_ms": timings_ms, "field_note": field_note}
    with transaction.atomic():
        if not _end(_held(held), _Status.SUCCEEDED, error="", error_code="", **ended):
            return False
        # Only this transaction ever stores cells of the job: no other attempt left any.
        found = Cell.objects.bulk_create(cells, batch_size=200)
        if held.version is not None:
            CellFeatures.objects.bulk_create(
                CellFeatures(cell=cell, model_version=held.version, values=values)
                for cell, values in zip(found, features, strict=False)
            )
        summaries.result_recorded(held.image, held.job_id, held.version, found)
        _ask_the_shadow(held)
        record_event(
            action=AuditAction.IMAGE_CLASSIFIED,
            actor=None,
            laboratory=held.laboratory,
            obj=held.image,
            changes={
                "job": [None, str(held.job_id)],
                "cells": [None, len(found)],
                "model_version": [None, str(held.version)],
            },
        )
    return True


def _ask_the_shadow(held: Claim) -> None:
    """Let a version in shadow read the image as well; a message that is lost is not made up for."""
    shadow = shadow_of(held.laboratory)
    if shadow is not None and shadow.version != held.version:
        enqueue_on_commit("predictions.read_in_shadow", job_id=str(held.job_id))


def fail(held: Claim, *, code: str, sentence: str) -> bool:
    """End a job without a result; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.FAILED, error=sentence, error_code=code):
            return False
        summaries.job_failed(held.image)
        _record_failure(held.image, held.laboratory, held.job_id, code=code, sentence=sentence)
    return True


def release(held: Claim) -> bool:
    """Give a job back for another attempt, after what may pass; false when it is lost."""
    if not connection.in_atomic_block:
        # It is often given back because the database went away.
        connection.close_if_unusable_or_obsolete()
    with transaction.atomic():
        waits = {"status": _Status.QUEUED, "stage": "", **leases.just_sent()}
        if not leases.release(_held(held), **waits):
            return False
        summaries.job_moved(held.image, _Status.QUEUED)
    return True


def give_up(job: ClassificationJob) -> bool:
    """Fail a job that no attempt is left for; false when somebody holds it after all."""
    sentence = (
        f"The image could not be classified in {settings.JOB_MAX_ATTEMPTS} attempts. "
        "Run it again; if it fails again, tell the operator."
    )
    code = "too_many_attempts"
    with transaction.atomic():
        left = leases.left(leases.exhausted(unfinished()), job)
        if not _end(left, _Status.FAILED, error=sentence, error_code=code):
            return False
        summaries.job_failed(job.image)
        laboratory = job.image.sample.laboratory
        _record_failure(job.image, laboratory, job.pk, code=code, sentence=sentence)
    return True


def unfinished() -> QuerySet[ClassificationJob]:
    """Jobs that wait for a worker or that one works on."""
    return ClassificationJob.objects.filter(status__in=(_Status.QUEUED, _Status.RUNNING))


def _held(held: Claim) -> QuerySet[ClassificationJob]:
    return leases.held(unfinished(), held.job_id, held.fence)


def _end(rows: QuerySet[ClassificationJob], status: str, **values: object) -> bool:
    return leases.finish(rows, status=status, stage="", finished_at=timezone.now(), **values)


def _record_failure(
    image: SmearImage, laboratory: Laboratory, job_id: UUID, *, code: str, sentence: str
) -> None:
    record_event(
        action=AuditAction.IMAGE_FAILED,
        actor=None,
        laboratory=laboratory,
        obj=image,
        changes={"job": [None, str(job_id)], "code": [None, code]},
        reason=sentence,
    )
