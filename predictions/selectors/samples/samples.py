"""Samples, as lists and details show them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from predictions import policy
from predictions.errors import SampleNotFound
from predictions.models import Sample, SmearImage


def samples_newest_first(viewer: User) -> QuerySet[Sample]:
    """The samples that the viewer may see."""
    return policy.visible_samples(viewer).select_related("created_by")


def sample_with_images(viewer: User, sample_id: UUID) -> Sample:
    """One sample with its images in the order they came.

    Raises:
        SampleNotFound: there is no such sample in the viewer's laboratory.
    """
    images = SmearImage.objects.order_by("uploaded_at", "id")
    sample = (
        samples_newest_first(viewer)
        .prefetch_related(Prefetch("images", queryset=images))
        .filter(pk=sample_id)
        .first()
    )
    if sample is None:
        raise SampleNotFound()
    return sample
