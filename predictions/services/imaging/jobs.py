"""The life of a job: queued, claimed, renewed, and recorded or failed.

How a claim holds is the business of `hematovision.leases`; here is what it means for an image.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import AuditAction, Laboratory, User
from accounts.policy import Action, require
from accounts.services.audit import Event, record_event, record_events
from hematovision import leases
from hematovision.queue import enqueue_on_commit
from mlmodels.models import ModelVersion
from mlmodels.selectors.profiles import classes_of
from mlmodels.selectors.versions.active import active_version
from mlmodels.selectors.versions.promotions import shadow_of
from predictions import policy
from predictions.errors import RerunAsksFirst
from predictions.models import (
    Cell,
    CellFeatures,
    CellReview,
    ClassificationJob,
    Sample,
    SmearImage,
)
from predictions.services import summaries
from predictions.services.imaging.held_images import image_under_lock
from predictions.services.review.carrying import carry
from predictions.services.samples.steps import begin_review

logger = logging.getLogger(__name__)

# Images up to this size take well under a second to read, so several of them are claimed, and
# recorded, at once; what a larger one has come to is worth telling.
SMALL_BYTES, SMALL_PIXELS = 2_000_000, 4_000_000

_Status = ClassificationJob.Status
_Stage = ClassificationJob.Stage


@dataclass(frozen=True)
class Claim:
    """A job that this process holds for as long as its lease is renewed.

    Args:
        fence: what the row's fence must still be when something is written.
        version: the one that is active now for the image's profile; none where none is
            registered.
        classes: that occur in the image's profile now; none where every class may.
    """

    job_id: UUID
    fence: int
    attempt: int
    image: SmearImage
    laboratory: Laboratory
    version: ModelVersion | None
    classes: tuple[str, ...] | None = None

    @property
    def is_small(self) -> bool:
        """Whether its image is read together with others."""
        image = self.image
        pixels = image.width_px * image.height_px
        return image.size_bytes <= SMALL_BYTES and pixels <= SMALL_PIXELS


def queue_job(image: SmearImage) -> ClassificationJob:
    """Ask for the classification of an image, inside the caller's transaction."""
    job = ClassificationJob.objects.create(image=image, **leases.just_sent())
    if image.newest_job_id is None:
        summaries.image_added(image, job)
    else:
        summaries.job_queued_again(image, job)
    enqueue_on_commit("predictions.classify_image", job_id=str(job.pk))
    return job


def request_rerun(*, actor: User, image_id: UUID, confirmed: bool = False) -> ClassificationJob:
    """Ask for a new classification of an image with the version that is active now.

    Args:
        confirmed: that what people said of its cells is to be carried to the new result.

    Raises:
        ImageNotFound: there is no such image in the actor's laboratory.
        JobStateRefused: the last one asked for is not finished.
        SampleClosed: the state of its sample does not let this person run it again.
        RerunAsksFirst: people reviewed or added cells, and nothing was confirmed.
    """
    require(actor, Action.RERUN_IMAGES)
    with transaction.atomic():
        image = image_under_lock(actor, image_id)
        policy.refuse_unfinished(image)
        sample = Sample.objects.select_for_update(of=("self",), no_key=True).get(pk=image.sample_id)
        policy.refuse_rerun(actor, sample)
        if image.dismissed_at is not None:
            summaries.image_taken_back(image)
            begin_review([image.sample_id])
        if not confirmed:
            _ask_first(image)
        job = queue_job(image)
        record_event(
            action=AuditAction.IMAGE_RERUN, actor=actor, laboratory=actor.laboratory, obj=image
        )
    return job


def _ask_first(image: SmearImage) -> None:
    """Refuse where people spoke of the image's cells."""
    said = Cell.objects.filter(job=image.newest_result_id).aggregate(
        reviews=Sum("last_review_number"), added=Count("pk", filter=Q(origin=Cell.Origin.PERSON))
    )
    if said["reviews"] or said["added"]:
        raise RerunAsksFirst(reviews=said["reviews"] or 0, added=said["added"])


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
        summaries.jobs_moved([job.image_id], _Status.RUNNING)
    classes = classes_of(job.image.imaging_profile)
    return Claim(job.pk, taken.fence, taken.attempts, job.image, laboratory, version, classes)


def claim_more(like: Claim, at_most: int) -> list[Claim]:
    """Take jobs that wait beside a claimed one: small images of its laboratory and profile.

    Half of those that wait, so that another process finds work, too. A job that was tried before
    is left to its own message, by which it is read alone.

    Args:
        like: the claimed one; the version that is active and the classes of the profile are looked
            up anew.
        at_most: so many.
    """
    profile = like.image.imaging_profile
    if profile is not None:
        profile.refresh_from_db(fields=["classes"])
    classes = classes_of(profile)
    waiting = ClassificationJob.objects.filter(
        leases.unheld(),
        status=_Status.QUEUED,
        attempts=0,
        image__laboratory=like.laboratory,
        image__imaging_profile=profile,
        image__size_bytes__lte=SMALL_BYTES,
        image__width_px__lte=SMALL_PIXELS / F("image__height_px"),
    )
    version = active_version(like.laboratory, profile)
    with transaction.atomic():
        # Rows that another process is taking are passed over, not waited for.
        rows = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("queued_at", "id")
        found = list(rows.values_list("pk", flat=True)[: 2 * at_most])
        if not found:
            return []
        taken = leases.claim_all(
            unfinished().select_related("image"),
            found[: -(-len(found) // 2)],
            status=_Status.RUNNING,
            stage=_Stage.READING,
            model_version=version,
            started_at=timezone.now(),
        )
        summaries.jobs_moved([job.image_id for job in taken], _Status.RUNNING)
    return [
        Claim(job.pk, job.fence, job.attempts, job.image, like.laboratory, version, classes)
        for job in taken
    ]


def renew(*held: Claim) -> bool:
    """Prolong the leases; false when none of the jobs is this process's any longer."""
    return leases.renew(_held(*held))


def enter_stage(held: Claim, stage: ClassificationJob.Stage) -> bool:
    """Say what the work has come to, and prolong the lease; false when the job is lost."""
    return leases.renew(_held(held), stage=stage)


@dataclass(frozen=True)
class Result:
    """What was found in the image of a claimed job.

    Args:
        cells: unsaved rows, the principal cell first.
        features: of each cell, in the same order; none where they are not kept.
        timings_ms: of each step of the engine.
        field_note: why the picture may be no stained blood film; else empty.
        photograph_again: of `ClassificationJob`; empty where it is good enough.
    """

    held: Claim
    cells: Sequence[Cell]
    features: Sequence[bytes] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    field_note: str = ""
    photograph_again: str = ""


def record(results: Sequence[Result]) -> list[Claim]:
    """Store what was found, once; nothing of a job whose fence is old.

    Args:
        results: of one laboratory.

    Returns:
        The claims whose results were stored.
    """
    if not results:
        return []
    with transaction.atomic():
        results = _end_succeeded(results)
        if not results:
            return []
        carried = carry(
            [
                summaries.Recorded(r.held.image, r.held.job_id, r.held.version, r.cells)
                for r in results
            ]
        )
        # Only this transaction ever stores cells of these jobs: no other attempt left any.
        Cell.objects.bulk_create(
            (cell for result in carried.recorded for cell in result.cells), batch_size=200
        )
        CellFeatures.objects.bulk_create(
            [*carried.features, *_features_of(results)], batch_size=200
        )
        CellReview.objects.bulk_create(carried.reviews, batch_size=200)
        summaries.results_recorded(carried.recorded)
        begin_review([result.held.image.sample_id for result in results if result.cells])
        _ask_the_shadow([result.held for result in results])
        record_events(
            laboratory=results[0].held.laboratory,
            events=[
                Event(
                    AuditAction.IMAGE_CLASSIFIED,
                    obj=result.held.image,
                    changes={
                        "job": [None, str(result.held.job_id)],
                        "cells": [None, len(result.cells)],
                        "model_version": [None, str(result.held.version)],
                        **_classes_told(result.held),
                    },
                )
                for result in results
            ]
            + carried.events,
        )
    return [result.held for result in results]


def _classes_told(held: Claim) -> dict[str, Any]:
    """What the profile left to choose from, where it left anything out."""
    return {} if held.classes is None else {"classes": [None, list(held.classes)]}


def _features_of(results: Sequence[Result]) -> Iterator[CellFeatures]:
    """What the network saw of the cells, where it is kept."""
    for result in results:
        if result.held.version is not None:
            for cell, values in zip(result.cells, result.features, strict=False):
                yield CellFeatures(cell=cell, model_version=result.held.version, values=values)


def _end_succeeded(results: Sequence[Result]) -> list[Result]:
    """End the jobs that are still held; the others' results are of no use."""
    rows = _held(*(result.held for result in results)).select_for_update(of=("self",))
    mine = {row.pk: row for row in rows}
    kept = [result for result in results if result.held.job_id in mine]
    for result in kept:
        row = mine[result.held.job_id]
        row.timings_ms, row.field_note = dict(result.timings_ms), result.field_note
        row.photograph_again = result.photograph_again or None
    told = ["timings_ms", "field_note", "photograph_again"]
    ClassificationJob.objects.bulk_update(mine.values(), told)
    ended = ClassificationJob.objects.filter(pk__in=mine)
    _end(ended, _Status.SUCCEEDED, error="", error_code="")
    return kept


def _ask_the_shadow(recorded: Sequence[Claim]) -> None:
    """Let a version in shadow read images as well; a message that is lost is not made up for."""
    shadow = shadow_of(recorded[0].laboratory)
    if shadow is None:
        return
    for held in recorded:
        if shadow.version != held.version:
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
    """Give a job back for another attempt, after what may pass; false when it is lost.

    Also false when the database is away: then its lease ends by itself.
    """
    if not connection.in_atomic_block:
        # It is often given back because the database went away.
        connection.close_if_unusable_or_obsolete()
    waits = {"status": _Status.QUEUED, "stage": "", **leases.just_sent()}
    try:
        with transaction.atomic():
            if not leases.release(_held(held), **waits):
                return False
            summaries.jobs_moved([held.image.pk], _Status.QUEUED)
    except DatabaseError:
        logger.warning("Job %s could not be given back; its lease will end.", held.job_id)
        return False
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


def _held(*held: Claim) -> QuerySet[ClassificationJob]:
    return leases.held(unfinished(), {each.job_id: each.fence for each in held})


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
