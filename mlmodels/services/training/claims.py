"""The life of a training run: claimed, renewed, told of, and ended.

How a claim holds is the business of `hematovision.leases`; here is what it means for a training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from accounts.models import AuditAction
from accounts.services.audit import record_event
from hematovision import leases
from mlmodels.models import ModelVersion, TrainingEpoch, TrainingRun

_Status = TrainingRun.Status


@dataclass(frozen=True)
class Claim:
    """A run that this process holds for as long as its lease is renewed.

    Args:
        run: as it was when it was claimed.
        fence: what the row's fence must still be when something is written.
    """

    run: TrainingRun
    fence: int


def claim(run_id: UUID) -> Claim | None:
    """Take a run that is queued, or whose holder's lease has ended; none if it is not to be had.

    The holder is this very process, by host and process id.
    """
    run = leases.claim(
        to_be_done().select_related("laboratory", "dataset", "profile"),
        run_id,
        status=_Status.RUNNING,
        progress={},
        started_at=Coalesce("started_at", Now()),
    )
    return None if run is None else Claim(run, run.fence)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the run is no longer this process's."""
    return leases.renew(_held(held))


def is_to_be_cancelled(held: Claim) -> bool | None:
    """Whether somebody asked for its end; none when the run is no longer this process's."""
    row = _held(held).values_list("cancel_requested_at", flat=True)
    found = list(row)
    return found[0] is not None if found else None


def tell(held: Claim, **values: Any) -> bool:
    """Write how far the run is (`progress`, `provenance`), and prolong the lease."""
    return leases.renew(_held(held), **values)


def add_epochs(held: Claim, epochs: list[dict[str, Any]]) -> bool:
    """Keep the epochs that are done; those that are known stay as they are."""
    with transaction.atomic():
        if not _held(held).select_for_update().exists():
            return False
        rows = [TrainingEpoch(run_id=held.run.pk, **values) for values in epochs]
        TrainingEpoch.objects.bulk_create(rows, ignore_conflicts=True)
    return True


def succeed(held: Claim, candidate: ModelVersion) -> bool:
    """End a run with its candidate; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.SUCCEEDED, candidate=candidate, error="", error_code=""):
            return False
        _record_end(held.run, _Status.SUCCEEDED, {"candidate": [None, str(candidate)]})
    return True


def fail(held: Claim, *, code: str, sentence: str) -> bool:
    """End a run without a version; false, and nothing written, when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.FAILED, error=sentence, error_code=code):
            return False
        _record_end(held.run, _Status.FAILED, {"code": [None, code]}, reason=sentence)
    return True


def end_cancelled(held: Claim) -> bool:
    """End a run that somebody cancelled; false when the fence is old."""
    with transaction.atomic():
        if not _end(_held(held), _Status.CANCELLED):
            return False
        _record_end(held.run, _Status.CANCELLED, {})
    return True


def cancel_unheld(run: TrainingRun) -> bool:
    """End a run that nobody holds, inside the caller's transaction; false when somebody does."""
    if not _end(leases.left(unfinished(), run), _Status.CANCELLED):
        return False
    _record_end(run, _Status.CANCELLED, {})
    return True


def release(held: Claim, *, counts: bool) -> bool:
    """Give a run back, to go on after its last epoch; false when it is lost.

    Args:
        counts: as an attempt; not where the worker itself is told to end.
    """
    return leases.release(_held(held), counts=counts, status=_Status.QUEUED)


def give_up(run: TrainingRun) -> bool:
    """Fail a run that no attempt is left for; false when somebody holds it after all."""
    sentence = (
        f"The training was interrupted {settings.JOB_MAX_ATTEMPTS} times. Resume it to go on after "
        "its last epoch; if it is interrupted again, tell the operator."
    )
    code = "too_many_attempts"
    with transaction.atomic():
        left = leases.left(leases.exhausted(to_be_done()), run)
        if not _end(left, _Status.FAILED, error=sentence, error_code=code):
            return False
        _record_end(run, _Status.FAILED, {"code": [None, code]}, reason=sentence)
    return True


def unfinished() -> QuerySet[TrainingRun]:
    """Runs that wait for a worker or that one works on."""
    return TrainingRun.objects.filter(status__in=(_Status.QUEUED, _Status.RUNNING))


def to_be_done() -> QuerySet[TrainingRun]:
    """Unfinished runs that nobody has asked to end."""
    return unfinished().filter(cancel_requested_at__isnull=True)


def _held(held: Claim) -> QuerySet[TrainingRun]:
    return leases.held(unfinished(), {held.run.pk: held.fence})


def _end(rows: QuerySet[TrainingRun], status: str, **values: Any) -> bool:
    return leases.finish(rows, status=status, finished_at=timezone.now(), **values)


def _record_end(
    run: TrainingRun, status: str, changes: Mapping[str, Any], *, reason: str = ""
) -> None:
    record_event(
        action=AuditAction.TRAINING_ENDED,
        actor=None,
        laboratory=run.laboratory,
        obj=run,
        changes={"status": [_Status.RUNNING, status], **changes},
        reason=reason,
    )
