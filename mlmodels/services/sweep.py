"""Looks after stale work, so that nothing depends on the broker's memory.

Each part looks after one kind of row and says how many messages it sent.
"""

from __future__ import annotations

from django.db import transaction

from hematovision import leases, queue
from mlmodels.models import TrainingRun
from mlmodels.services.datasets import stale
from mlmodels.services.training import claims
from mlmodels.services.versions import gates


def sweep() -> int:
    """Send what nobody has claimed in time, and end what no attempt is left for.

    Orphaned archives go, too.
    """
    stale.remove_orphaned_archives()
    return sum(part() for part in _PARTS)


def training_runs() -> int:
    """Runs that are queued, or whose holder is gone."""
    unheld = claims.unfinished().filter(leases.unheld()).select_related("laboratory")
    for run in unheld.filter(cancel_requested_at__isnull=False):
        with transaction.atomic():
            claims.cancel_unheld(run)
    for run in leases.exhausted(claims.to_be_done()).select_related("laboratory"):
        claims.give_up(run)
    return leases.send_due(claims.to_be_done(), _send)


def _send(run: TrainingRun) -> bool:
    return queue.send("mlmodels.run_training", run_id=str(run.pk))


_PARTS = (training_runs, gates.send_stale, stale.send_stale)
