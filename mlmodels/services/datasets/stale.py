"""Datasets that wait for a message that was lost, and archives that nothing names."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from hematovision.queue import send
from mlmodels import storage
from mlmodels.models import Dataset
from mlmodels.selectors.datasets.datasets import open_pairs
from mlmodels.services.datasets import claims

_State = Dataset.State


def send_left_behind() -> int:
    """Send again what waits for its import or comparison and nobody has claimed in time.

    Says how many messages went out; ends what no attempt is left for.
    """
    sent, before = 0, timezone.now() - timedelta(seconds=settings.JOB_RESEND_AFTER_S)
    waiting = Dataset.objects.filter(
        claims.IMPORTING | claims.CHECKING, claims.unheld()
    ).select_related("laboratory")
    for dataset in waiting.exclude(last_sent_at__gt=before)[: settings.JOB_RESEND_AT_MOST]:
        if dataset.attempts >= settings.JOB_MAX_ATTEMPTS:
            claims.give_up(dataset)
        elif dataset.state == _State.IMPORTING or not open_pairs(dataset).exists():
            sent += _send_again(dataset)
    return sent


def _send_again(dataset: Dataset) -> bool:
    """Send one message; false when another sweeper was faster or the broker refused it."""
    seen = Dataset.objects.filter(pk=dataset.pk, last_sent_at=dataset.last_sent_at)
    if not seen.filter(claims.unheld()).update(last_sent_at=timezone.now()):
        return False
    if dataset.state == _State.IMPORTING:
        return send("mlmodels.import_dataset", dataset_id=str(dataset.pk))
    return send("mlmodels.check_duplicates", dataset_id=str(dataset.pk))


def remove_unnamed_archives() -> int:
    """Delete archives that lie for a day and that no waiting row names; says how many.

    What an upload left whose process was killed goes after a day, too.
    """
    storage.remove_unfinished_uploads(older_than_s=24 * 3600)
    names = storage.names_incoming(older_than_s=24 * 3600)
    waiting = Dataset.objects.filter(claims.IMPORTING, folder__in=names)
    unnamed = names - set(waiting.values_list("folder", flat=True))
    for name in unnamed:
        storage.remove_incoming(name)
    return len(unnamed)
