"""The life of a training run: claimed, renewed, told of, and ended.

The row is the truth. A claim is one conditional update; each claim raises the fence, and who
holds an older fence writes nothing. Messages only say "look at this row".
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from accounts.models import AuditAction
from accounts.services.audit import record_event
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
    with transaction.atomic():
        taken = (
            TrainingRun.objects.filter(unheld(), pk=run_id, cancel_requested_at__isnull=True)
            .filter(attempts__lt=settings.JOB_MAX_ATTEMPTS)
            .update(
                status=_Status.RUNNING,
                attempts=F("attempts") + 1,
                fence=F("fence") + 1,
                lease_until=_lease_end(),
                progress={},
                worker=f"{socket.gethostname()}:{os.getpid()}",
                # Nothing is sent while somebody holds it; once the lease ends, it is due at once.
                last_sent_at=None,
                started_at=Coalesce("started_at", Now()),
            )
        )
        if not taken:
            return None
        run = TrainingRun.objects.select_related("laboratory", "dataset", "profile").get(pk=run_id)
    return Claim(run, run.fence)


def renew(held: Claim) -> bool:
    """Prolong the lease; false when the run is no longer this process's."""
    return bool(_held(held).update(lease_until=_lease_end()))


def is_to_be_cancelled(held: Claim) -> bool | None:
    """Whether somebody asked for its end; none when the run is no longer this process's."""
    row = _held(held).values_list("cancel_requested_at", flat=True)
    found = list(row)
    return found[0] is not None if found else None


def tell(held: Claim, **values: Any) -> bool:
    """Write how far the run is (`progress`, `provenance`), and prolong the lease."""
    return bool(_held(held).update(lease_until=_lease_end(), **values))


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
    rows = TrainingRun.objects.filter(unheld(), pk=run.pk, fence=run.fence)
    if not _end(rows, _Status.CANCELLED):
        return False
    _record_end(run, _Status.CANCELLED, {})
    return True


def release(held: Claim, *, counts: bool) -> bool:
    """Give a run back, to go on after its last epoch; false when it is lost.

    Args:
        counts: as an attempt; not where the worker itself is told to end.
    """
    return bool(
        _held(held).update(
            status=_Status.QUEUED,
            lease_until=None,
            last_sent_at=None,
            attempts=F("attempts") - (0 if counts else 1),
        )
    )


def give_up(run: TrainingRun) -> bool:
    """Fail a run that no attempt is left for; false when somebody holds it after all."""
    sentence = (
        f"The training was interrupted {settings.JOB_MAX_ATTEMPTS} times. Resume it to go on after "
        "its last epoch; if it is interrupted again, tell the operator."
    )
    code = "too_many_attempts"
    with transaction.atomic():
        rows = TrainingRun.objects.filter(
            unheld(), pk=run.pk, fence=run.fence, attempts__gte=settings.JOB_MAX_ATTEMPTS
        )
        if not _end(rows, _Status.FAILED, error=sentence, error_code=code):
            return False
        _record_end(run, _Status.FAILED, {"code": [None, code]}, reason=sentence)
    return True


def unheld() -> Q:
    """Nobody's: queued, or running under a lease that has ended."""
    return Q(status=_Status.QUEUED) | Q(status=_Status.RUNNING, lease_until__lt=timezone.now())


def _held(held: Claim) -> QuerySet[TrainingRun]:
    return TrainingRun.objects.filter(pk=held.run.pk, fence=held.fence, status=_Status.RUNNING)


def _end(rows: QuerySet[TrainingRun], status: str, **values: Any) -> bool:
    return bool(rows.update(status=status, lease_until=None, finished_at=timezone.now(), **values))


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


def _lease_end() -> Any:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_S)
