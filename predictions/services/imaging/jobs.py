"""The life of a job: queued, claimed, renewed, and recorded or failed.

The row is the truth. A claim is one conditional update; each claim raises the fence, and who
holds an older fence writes nothing. Messages only say "look at this row".
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import record_event
from hematovision.queue import enqueue_on_commit
from mlmodels.models import ModelVersion
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import shadow_of
from predictions import policy
from predictions.errors import ImageNotFound
from predictions.models import Cell, ClassificationJob, SmearImage

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
    job = ClassificationJob.objects.create(image=image, sends=1, last_sent_at=timezone.now())
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
        policy.refuse_unfinished(image.jobs.first())
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
    now = timezone.now()
    # The read of the new fence stands under the row's lock of the update.
    with transaction.atomic():
        taken = _claimable(job_id).update(
            status=_Status.RUNNING,
            stage=_Stage.READING,
            attempts=F("attempts") + 1,
            fence=F("fence") + 1,
            lease_until=_lease_end(),
            worker=worker_name(),
            model_version=version,
            sends=0,
            started_at=now,
        )
        if not taken:
            return None
        job.refresh_from_db(fields=["fence", "attempts"])
    return Claim(job.pk, job.fence, job.attempts, job.image, laboratory, version)


def worker_name() -> str:
    """The process that works, as it stands in the row: "host:pid"."""
    return f"{socket.gethostname()}:{os.getpid()}"


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the job is no longer this process's."""
    return bool(_held(held).update(lease_until=_lease_end()))


def enter_stage(held: Claim, stage: ClassificationJob.Stage) -> bool:
    """Say what the work has come to, and prolong the lease; false when the job is lost."""
    return bool(_held(held).update(stage=stage, lease_until=_lease_end()))


def record(
    held: Claim, *, cells: Iterable[Cell], timings_ms: dict[str, float], field_note: str = ""
) -> bool:
    """Store what was found, once; false, and nothing written, when the fence is old.

    Args:
        cells: unsaved rows, the principal cell first.
        timings_ms: of each step of the engine.
        field_note: why the picture may be no stained blood film; else empty.
    """
    ended: dict[str, object] = {"timings_ms": timings_ms, "field_note": field_note}
    with transaction.atomic():
        if not _finish(held, _Status.SUCCEEDED, error="", error_code="", **ended):
            return False
        Cell.objects.filter(job_id=held.job_id).delete()
        _ask_the_shadow(held)
        found = Cell.objects.bulk_create(cells, batch_size=200)
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
        if not _finish(held, _Status.FAILED, error=sentence, error_code=code):
            return False
        _record_failure(held.image, held.laboratory, held.job_id, code=code, sentence=sentence)
    return True


def release(held: Claim) -> bool:
    """Give a job back for another attempt, after what may pass; false when it is lost."""
    return bool(
        _held(held).update(
            status=_Status.QUEUED,
            stage="",
            lease_until=None,
            sends=1,
            last_sent_at=timezone.now(),
        )
    )


def give_up(job: ClassificationJob) -> bool:
    """Fail a job that no attempt is left for; false when somebody holds it after all."""
    sentence = (
        f"The image could not be classified in {settings.JOB_MAX_ATTEMPTS} attempts. "
        "Run it again; if it fails again, tell the operator."
    )
    code = "too_many_attempts"
    with transaction.atomic():
        changed = (
            ClassificationJob.objects.filter(pk=job.pk, fence=job.fence)
            .filter(unheld(), attempts__gte=settings.JOB_MAX_ATTEMPTS)
            .update(**_end_of_work(_Status.FAILED), error=sentence, error_code=code)
        )
        if not changed:
            return False
        laboratory = job.image.sample.laboratory
        _record_failure(job.image, laboratory, job.pk, code=code, sentence=sentence)
    return True


def _claimable(job_id: UUID) -> QuerySet[ClassificationJob]:
    return ClassificationJob.objects.filter(
        unheld(), pk=job_id, attempts__lt=settings.JOB_MAX_ATTEMPTS
    )


def unheld() -> Q:
    """Nobody's: queued, or running under a lease that has ended."""
    return Q(status=_Status.QUEUED) | Q(status=_Status.RUNNING, lease_until__lt=timezone.now())


def _held(held: Claim) -> QuerySet[ClassificationJob]:
    return ClassificationJob.objects.filter(
        pk=held.job_id, fence=held.fence, status=_Status.RUNNING
    )


def _finish(held: Claim, status: str, **values: object) -> bool:
    return bool(_held(held).update(**_end_of_work(status), **values))


def _end_of_work(status: str) -> dict[str, object]:
    return {"status": status, "stage": "", "lease_until": None, "finished_at": timezone.now()}


def _lease_end() -> object:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_S)


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
