"""How far the reading of a sample's images is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from predictions import policy
from predictions.errors import SampleNotFound
from predictions.models import JobStatus, SmearImage

# So many of the failed ones are listed; the count says how many there are.
LISTED = 100


@dataclass(frozen=True)
class SampleProgress:
    """The counts of a sample's images, those that could not be read, and the doubtful pictures.

    Args:
        images: all of them.
        unfinished: queued or running.
        failed_count: could not be read, and nobody has set them aside.
        failed: those, with their newest job; at most `LISTED`.
        doubtful: read, but their newest job says what is wrong with the picture; at most `LISTED`.
    """

    images: int
    unfinished: int
    failed_count: int
    failed: list[SmearImage]
    doubtful: list[SmearImage]


def sample_progress(viewer: User, sample_id: UUID) -> SampleProgress:
    """How far the reading of one sample is.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    sample = policy.visible_samples(viewer).filter(pk=sample_id).first()
    if sample is None:
        raise SampleNotFound()
    images = policy.visible_images(viewer).filter(sample=sample)
    standing = images.filter(dismissed_at__isnull=True).select_related("newest_job")
    standing = standing.order_by("uploaded_at", "id")
    failed = standing.filter(status=JobStatus.FAILED)
    doubtful = standing.filter(status=JobStatus.SUCCEEDED).exclude(newest_job__field_note="")
    return SampleProgress(
        images=sample.images_count,
        unfinished=sample.images_unfinished,
        failed_count=sample.images_failed,
        failed=list(failed[:LISTED]) if sample.images_failed else [],
        doubtful=list(doubtful[:LISTED]),
    )
