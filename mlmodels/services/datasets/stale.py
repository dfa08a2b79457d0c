"""Datasets that wait for a message that was lost, and orphaned archives."""

from __future__ import annotations

from django.db.models import Q

from hematovision import leases
from hematovision.queue import send
from mlmodels import storage
from mlmodels.models import Dataset
from mlmodels.selectors.datasets.near_duplicates import has_open_pairs
from mlmodels.services.datasets import claims


def send_stale() -> int:
    """Send again what waits for its import or comparison and nobody has claimed in time.

    Says how many messages went out; ends what no attempt is left for.
    """
    for dataset in leases.exhausted(claims.waiting()).select_related("laboratory"):
        claims.give_up(dataset)
    # A comparison waits for a person, not for a message, while a pair of it is unresolved.
    return leases.send_due(claims.waiting().exclude(has_open_pairs()), _send)


def _send(dataset: Dataset) -> bool:
    if dataset.state == Dataset.State.IMPORTING:
        return send("mlmodels.import_dataset", dataset_id=str(dataset.pk))
    return send("mlmodels.check_duplicates", dataset_id=str(dataset.pk))


def remove_orphaned_archives() -> int:
    """Delete archives that lie for a day and that no row names that waits for them; says how many.

    What an upload left whose process was killed goes after a day, too.
    """
    storage.remove_unfinished_uploads(older_than_s=24 * 3600)
    names = storage.names_incoming(older_than_s=24 * 3600)
    wanted = claims.IMPORTING | Q(state=Dataset.State.MAPPING)
    waiting = Dataset.objects.filter(wanted, folder__in=names)
    orphaned = names - set(waiting.values_list("folder", flat=True))
    for name in orphaned:
        storage.remove_incoming(name)
    return len(orphaned)
