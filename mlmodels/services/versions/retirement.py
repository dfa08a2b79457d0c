"""Retires versions that came with the program and do not any more.

Their rows and cards stay for what they classified. What a laboratory decided by their name falls
back to what is shipped now, in the ledger and on its audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from accounts.models import Laboratory
from mlmodels.models import ModelVersion, Promotion, Shadow
from mlmodels.services.versions.promotions import return_to_shipped
from mlmodels.services.versions.shadows import end_running


@transaction.atomic
def retire_all_but(shipped: Iterable[ModelVersion]) -> None:
    """Retire the shipped versions whose folder is gone; run again, it changes nothing.

    Args:
        shipped: those that come with the program now.
    """
    # Nobody promotes or rolls back beside this: who read "shipped" before is waited for.
    list(Laboratory.objects.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    rows = ModelVersion.objects.filter(
        laboratory__isnull=True, status=ModelVersion.Status.SHIPPED
    ).exclude(pk__in=[version.pk for version in shipped])
    rows.update(status=ModelVersion.Status.RETIRED)
    # All that are retired, not only those of this time: a ledger may have come to name one since.
    retired = ModelVersion.objects.filter(status=ModelVersion.Status.RETIRED)
    names = list(retired.values_list("pk", flat=True))
    for row in _in_force(names):
        return_to_shipped(
            actor=None,
            profile_id=row.profile_id,
            reason=f"{row.version} does not come with the program any more, so what is shipped "
            "classifies.",
            laboratory=row.laboratory,
        )
    for shadow in Shadow.objects.filter(version__in=names, ended_at__isnull=True).select_related(
        "version", "laboratory"
    ):
        end_running(shadow, actor=None)


def _in_force(versions: Iterable[UUID]) -> list[Promotion]:
    """The rows that decide for a laboratory and scope and name one of the versions."""
    newest: dict[tuple[UUID, UUID | None], Promotion] = {}
    rows = Promotion.objects.select_related("version", "laboratory").defer("version__card")
    for row in rows.order_by("laboratory", "number"):
        newest[row.laboratory_id, row.profile_id] = row
    wanted = set(versions)
    return [row for row in newest.values() if row.version_id in wanted]
