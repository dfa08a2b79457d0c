"""Who looked at a sample, and what left the laboratory of it: what its history does not tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from accounts.models import AuditAction, AuditEvent, User
from predictions import policy
from predictions.models import Sample

# The newest; admins find all in the trail.
MOST = 300
TOLD = (
    AuditAction.RESULT_VIEWED,
    AuditAction.ORIGINAL_DOWNLOADED,
    AuditAction.TABLE_EXPORTED,
    AuditAction.REPORT_MADE,
    AuditAction.REPORT_DOWNLOADED,
    AuditAction.REPORT_VERIFIED,
    AuditAction.REPORT_EXPORTED,
    AuditAction.REPORT_DELIVERED,
    AuditAction.REPORT_REFUSED,
    AuditAction.DELIVERY_ASKED_FOR,
    AuditAction.IMAGE_REFUSED,
    AuditAction.IMAGE_RERUN,
    AuditAction.IMAGE_FAILED,
)


@dataclass(frozen=True)
class Read:
    """What one person did, the same several times without anything between being one.

    Args:
        by: a name; "HematoVision" for what the program did by itself.
        did: in words, to be read after the name.
        times: how often.
        first, last: when.
    """

    by: str
    did: str
    times: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Reads:
    """The newest first.

    Args:
        has_more: whether older ones are left out.
    """

    lines: list[Read]
    has_more: bool


def reads_of_sample(viewer: User, sample: Sample) -> Reads:
    """What the trail holds of a sample, its images and its reports beside its history.

    Args:
        sample: one that the viewer sees.
    """
    found = list(
        AuditEvent.objects.filter(
            laboratory_id=sample.laboratory_id,
            object_type__in=("sample", "smearimage", "report"),
            object_id__in=[str(key) for key in _objects(viewer, sample)],
            action__in=TOLD,
        )
        .select_related("actor")
        .order_by("-position")[: MOST + 1]
    )
    alike = groupby(found[:MOST], key=lambda event: (event.actor_id, event.action))
    return Reads([_read(list(events)) for _, events in alike], len(found) > MOST)


def _objects(viewer: User, sample: Sample) -> Iterable[UUID]:
    images = policy.visible_images(viewer).filter(sample=sample).order_by()
    reports = policy.visible_reports(viewer).filter(sample=sample).order_by()
    return sample.pk, *images.values_list("pk", flat=True).union(
        reports.values_list("pk", flat=True)
    )


def _read(events: list[AuditEvent]) -> Read:
    newest = events[0]
    return Read(
        by=newest.actor.display_name if newest.actor else "HematoVision",
        did=newest.get_action_display(),
        times=len(events),
        first=events[-1].at,
        last=newest.at,
    )
