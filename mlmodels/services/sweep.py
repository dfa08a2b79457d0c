"""Looks after work that was left behind, so that nothing depends on the broker's memory.

Each part looks after one kind of row and says how many messages it sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from hematovision import queue
from mlmodels.models import TrainingRun
from mlmodels.services.datasets import stale
from mlmodels.services.training import claims
from mlmodels.services.versions import gates

# A message may wait as long as the run before it trains: the delay doubles up to this.
_LONGEST_DELAY = timedelta(minutes=16)


def sweep() -> int:
    """Send what nobody has claimed in time, and end what no attempt is left for.

    Archives that an upload left behind go, too.
    """
    stale.remove_unnamed_archives()
    return sum(part() for part in _PARTS)


def training_runs() -> int:
    """Runs that are queued, or whose holder is gone."""
    now, sent = timezone.now(), 0
    for run in TrainingRun.objects.filter(claims.unheld()).select_related("laboratory"):
        if run.cancel_requested_at is not None:
            with transaction.atomic():
                claims.cancel_unheld(run)
        elif run.attempts >= settings.JOB_MAX_ATTEMPTS:
            claims.give_up(run)
        elif _is_due(run, now) and _send_again(run, now):
            sent += 1
    return sent


def _is_due(run: TrainingRun, now: datetime) -> bool:
    if run.last_sent_at is None:
        return True
    shortest = timedelta(seconds=settings.JOB_RESEND_AFTER_S)
    delay = min(max(shortest, run.last_sent_at - run.created_at), _LONGEST_DELAY)
    return now - run.last_sent_at >= delay


def _send_again(run: TrainingRun, now: datetime) -> bool:
    """Send one message; false when another sweeper was faster or the broker refused it."""
    seen = TrainingRun.objects.filter(pk=run.pk, last_sent_at=run.last_sent_at)
    if not seen.filter(claims.unheld()).update(last_sent_at=now):
        return False
    if queue.send("mlmodels.run_training", run_id=str(run.pk)):
        return True
    TrainingRun.objects.filter(pk=run.pk, last_sent_at=now).update(last_sent_at=run.last_sent_at)
    return False


_PARTS = (training_runs, gates.send_left_behind, stale.send_left_behind)
